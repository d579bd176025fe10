from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.hosts_file import INSTALLER_ADDRESS, hosts_file, hosts_notes

BLADES = [
    {"name": "bld-006", "id": "BLD-006", "address": "10.20.0.106"},
    {"name": "bld-008", "id": "BLD-008", "address": "10.20.0.108"},
]
BEGIN, END = "# BEGIN provision: blades of demo", "# END provision: blades of demo"
BLOCK = f"{BEGIN}\n10.20.0.106 bld-006 BLD-006\n10.20.0.108 bld-008 BLD-008\n{END}\n"

foreign_lines = st.one_of(
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(["10.0.0.9 storage nas", "# by hand", "127.0.0.1 localhost"]),
).filter(lambda line: line.strip() and line.split()[0] != INSTALLER_ADDRESS)
clusters = st.sampled_from(["demo", "other", "d"])
ours = st.builds(
    lambda inside, name: "\n".join([BEGIN, *inside, END]).replace("demo", name),
    st.lists(foreign_lines.filter(lambda line: "demo" not in line), max_size=2),
    clusters,
)
not_kept = st.one_of(ours, st.sampled_from(["127.0.1.1 bld-008", "127.0.1.1\tx.example.org x", ""]))
# Pieces of a file: (text, whether it has to stay).
pieces = st.lists(
    st.one_of(foreign_lines.map(lambda line: (line, True)), not_kept.map(lambda text: (text, False))), max_size=8
)
torn_files = st.lists(st.one_of(foreign_lines, st.sampled_from([BEGIN, END, BEGIN + "2", END + "2"])), max_size=8).map(
    "\n".join
)


def joined(parts: list[tuple[str, bool]]) -> str:
    return "".join(f"{text}\n" for text, _ in parts)


@given(st.one_of(pieces.map(joined), torn_files))
def test_writing_twice_is_writing_once(current: str) -> None:
    once = hosts_file(current, "demo", BLADES)
    assert hosts_file(once, "demo", BLADES) == once
    assert once.endswith(BLOCK)
    assert once.count(BEGIN) == once.count(END) == 1


@given(pieces)
def test_foreign_lines_stay_in_their_order(parts: list[tuple[str, bool]]) -> None:
    written = hosts_file(joined(parts), "demo", BLADES).removesuffix(BLOCK)
    stay = [text for text, stays in parts if stays]
    if stay:
        assert [line for line in written.split("\n") if line.strip()] == stay


@given(pieces)
def test_a_growing_cluster_keeps_foreign_lines(parts: list[tuple[str, bool]]) -> None:
    before = hosts_file(joined(parts), "demo", BLADES[:1])
    assert hosts_file(before, "demo", BLADES) == hosts_file(joined(parts), "demo", BLADES)


def test_a_fresh_debian_loses_only_the_installers_line() -> None:
    fresh = "127.0.0.1\tlocalhost\n127.0.1.1\tbld-008\n\n::1 localhost ip6-localhost\n"
    assert hosts_file(fresh, "demo", BLADES) == f"127.0.0.1\tlocalhost\n\n::1 localhost ip6-localhost\n{BLOCK}"


@pytest.mark.parametrize("empty", ["", "\n\n", "127.0.1.1 bld-008\n"])
def test_a_file_without_a_line_gets_localhost(empty: str) -> None:
    assert hosts_file(empty, "demo", BLADES).startswith("127.0.0.1 localhost\n::1 localhost")


def test_a_domain_makes_the_full_name_the_first() -> None:
    written = hosts_file("", "demo", BLADES[:1], "example.org")
    assert "10.20.0.106 bld-006.example.org bld-006 BLD-006\n" in written


def test_a_name_that_is_already_the_host_name_stands_once() -> None:
    written = hosts_file("", "demo", [{"name": "node1", "id": "node1", "address": "10.20.0.1"}])
    assert "10.20.0.1 node1\n" in written


def test_a_renamed_cluster_leaves_no_block_behind() -> None:
    """Else the addresses of the old name would stand first, and win."""
    other = hosts_file("127.0.0.1 localhost\n", "other", BLADES[:1])
    assert hosts_file(other, "demo", BLADES) == f"127.0.0.1 localhost\n{BLOCK}"


def test_blocks_of_several_names_all_go_and_the_lines_between_stay() -> None:
    other = BLOCK.replace("demo", "other")
    written = hosts_file(f"{other}10.0.0.9 nas\n{BLOCK}10.0.0.7 printer\n{other}", "demo", BLADES)
    assert written == f"10.0.0.9 nas\n10.0.0.7 printer\n{BLOCK}"


def test_an_open_block_of_another_name_takes_no_foreign_line_with_it() -> None:
    torn = f"{BEGIN.replace('demo', 'other')}\n10.0.0.9 nas\n{BLOCK}"
    assert hosts_file(torn, "demo", BLADES) == f"10.0.0.9 nas\n{BLOCK}"


def test_an_open_block_takes_no_foreign_line_with_it() -> None:
    """A person deleted our END line and wrote below."""
    torn = f"127.0.0.1 localhost\n{BEGIN}\n10.0.0.9 nas\n"
    once = hosts_file(torn, "demo", BLADES)
    assert once == f"127.0.0.1 localhost\n10.0.0.9 nas\n{BLOCK}"


CONTRADICTS = {
    "another address": ("10.9.9.9 bld-008\n", "line 5, gives bld-008 the address 10.9.9.9"),
    "the id of the plan": ("10.9.9.9 BLD-008\n", "line 5, gives bld-008 the address 10.9.9.9"),
    "another case, among others": (
        "10.0.0.9 nas\n10.9.9.9 x Bld-006 # y\n",
        "line 6, gives bld-006 the address 10.9.9.9",
    ),
    "loopback": ("127.0.0.1 localhost bld-008\n", "line 5, gives bld-008 the address 127.0.0.1"),
    "IPv6": ("fd00::8 bld-008\n", "line 5, gives bld-008 the address fd00::8"),
}


@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize("case", CONTRADICTS)
def test_ours_come_before_a_line_that_contradicts_and_the_line_is_named(case: str, below: bool) -> None:
    """Whether somebody wrote it above our block or below it."""
    line, words = CONTRADICTS[case]
    current = f"{BLOCK}{line}" if below else f"{line}{BLOCK}"
    written = hosts_file(current, "demo", BLADES)
    assert written == f"{BLOCK}{line}"
    assert hosts_file(written, "demo", BLADES) == written
    (note,) = hosts_notes(current, "demo", BLADES)
    assert f"/etc/hosts, {words}, " in note
    assert "; next: delete that line" in note
    assert hosts_notes(written, "demo", BLADES) == [note]


def test_the_full_name_is_one_of_its_names() -> None:
    current = "10.9.9.9 bld-008.example.org\n"
    assert hosts_file(current, "demo", BLADES, "example.org").endswith(current)
    assert len(hosts_notes(current, "demo", BLADES, "example.org")) == 1
    assert hosts_notes(current, "demo", BLADES) == []


@pytest.mark.parametrize("line", ["10.20.0.108 bld-008 other", "# 10.9.9.9 bld-008", "10.9.9.9 bld-0088", "10.9.9.9"])
def test_what_contradicts_nothing_stays_where_it_is(line: str) -> None:
    written = hosts_file(f"{line}\n", "demo", BLADES)
    assert written == f"{line}\n{BLOCK}"
    assert hosts_notes(written, "demo", BLADES) == []


def test_a_line_that_is_gone_lets_our_block_go_back_to_the_end() -> None:
    written = hosts_file(f"127.0.0.1 localhost\n10.9.9.9 bld-008\n{BLOCK}", "demo", BLADES)
    assert written.startswith(BLOCK)
    assert hosts_file(written.replace("10.9.9.9 bld-008\n", ""), "demo", BLADES) == f"127.0.0.1 localhost\n{BLOCK}"


def test_of_many_lines_that_contradict_some_are_told() -> None:
    notes = hosts_notes("10.9.9.9 bld-008\n" * 900, "demo", BLADES)
    assert notes[-1] == "895 more such lines"
    assert len(notes) == 6
