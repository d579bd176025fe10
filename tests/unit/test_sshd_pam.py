from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.sshd_pam import STOCK, is_account, sshd_pam

SESSION = """\
session\t[default=1]\tpam_permit.so
session\trequisite\tpam_deny.so
session\trequired\tpam_unix.so
# a remark about pam_systemd.so
session\toptional\tpam_systemd.so
session\toptional\tpam_mkhomedir.so
"""
WITHOUT = SESSION.replace("session\toptional\tpam_systemd.so\n", "")
WHO = ("provision", "ops"), ("%sudo", "root2")

lines = st.one_of(
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(["@include common-session", "@include common-account", "account required pam_access.so", ""]),
).filter(lambda line: not line.startswith(("# BEGIN provision: ", "# END provision: ")))
texts = (
    st.lists(lines, min_size=1, max_size=8).map("\n".join).filter(str.strip).map(lambda text: text.rstrip("\n") + "\n")
)
MARKS = [
    f"# {word} provision: {what}"
    for word in ("BEGIN", "END")
    for what in ("who gets in", "session without pam_systemd")
]
torn = st.lists(st.one_of(lines, st.sampled_from(MARKS)), max_size=10).map("\n".join)


def written(current: str, rule: str = "jobs", session: str = SESSION) -> str:
    return sshd_pam(current, session, rule, *WHO)


def stack(text: str, kind: str) -> list[str]:
    """The modules of a kind with what they are told, as PAM reads the file."""
    found = [line.split("#")[0].strip() for line in text.split("\n")]
    return [line for line in found if re.match(rf"-?{kind}\b|@include common-{kind}", line)]


@given(texts)
def test_what_was_there_comes_back(current: str) -> None:
    assert written(written(current), "anybody") == current


@given(st.one_of(texts, torn))
def test_writing_twice_is_writing_once(current: str) -> None:
    once = written(current)
    assert written(once) == once
    left = written(once, "anybody")
    assert written(left, "anybody") == left


@given(st.one_of(texts, torn))
def test_slurm_has_the_last_word_of_who_gets_in(current: str) -> None:
    *_, rule = stack(written(current), "account")
    assert rule == "account required pam_slurm_adopt.so action_adopt_failure=deny action_generic_failure=deny"


@given(st.one_of(texts, torn))
def test_root_admins_and_runs_come_before_it(current: str) -> None:
    found = stack(written(current), "account")
    wanted = ["uid = 0", "user = provision", "user = ops", "user ingroup sudo", "user = root2"]
    assert found[-6:-1] == [f"account sufficient pam_succeed_if.so quiet {whom}" for whom in wanted]


@given(torn)
def test_a_torn_block_takes_no_line_of_others_with_it(current: str) -> None:
    theirs = [line for line in current.split("\n") if line.strip() and line not in MARKS]
    kept = written(current, "anybody").split("\n")
    whole = [line for line in theirs if line in kept]
    # Between two marks that belong together stood what we wrote.
    if not ({MARKS[0], MARKS[2]} <= set(current.split("\n")) or {MARKS[1], MARKS[3]} <= set(current.split("\n"))):
        assert whole == theirs


def test_a_session_stays_in_its_job() -> None:
    """As PAM reads it: all of common-session but pam_systemd."""
    text = written(STOCK)
    assert "@include common-session" not in text.splitlines()
    assert "pam_systemd.so" not in "".join(line for line in text.splitlines() if not line.startswith("#"))
    inlined = [line for line in WITHOUT.splitlines() if not line.startswith("#")]
    assert "\n".join(inlined) in text
    assert text.index("pam_keyinit") < text.index("pam_mkhomedir") < text.index("pam_motd")


def test_without_pam_systemd_the_include_stays() -> None:
    assert "@include common-session" in written(STOCK, session=WITHOUT).splitlines()
    # It has gone since.
    assert written(written(STOCK), session=WITHOUT) == written(STOCK, session=WITHOUT)


def test_a_node_that_lost_the_file_gets_the_one_of_debian() -> None:
    assert written("", "anybody") == STOCK
    assert written("", "jobs") == written(STOCK)


def test_other_includes_stay() -> None:
    current = "@include common-session-noninteractive\n#@include common-session\n"
    assert written(current).startswith(current)


@pytest.mark.parametrize("name", ["a b", "x\naccount sufficient pam_permit.so", "", "%", "%a:b", "=0", "9"])
def test_a_name_that_pam_would_read_otherwise_is_refused(name: str) -> None:
    assert not is_account(name)
    with pytest.raises(ValueError, match="is no account"):
        sshd_pam(STOCK, SESSION, "jobs", ["provision"], [name])
    assert sshd_pam(STOCK, SESSION, "anybody", ["provision"], [name]) == STOCK


@pytest.mark.parametrize("name", ["root", "%sudo", "_ops", "ada.l", "%HPC-admins"])
def test_names_of_accounts_and_groups(name: str) -> None:
    assert is_account(name)
