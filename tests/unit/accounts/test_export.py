"""What Slurm has becomes a file that changes nothing."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.accounts.declared import declared_policy
from provisioner.accounts.export import exported
from provisioner.accounts.live import parse_live
from provisioner.accounts.load import parse_accounts
from provisioner.accounts.policy import Policy
from provisioner.accounts.reconcile import reconcile
from provisioner.accounts.removals import removals
from tests.unit.accounts.drawn import policies, slurm_with
from tests.unit.accounts.slurm_model import CLUSTER
from tests.unit.accounts.test_reconcile import MANY

PATH = Path("accounts.yml")


@given(policies(), st.booleans())
@settings(max_examples=MANY)
def test_an_export_changes_nothing(there: Policy, implied: bool) -> None:
    live = parse_live(slurm_with(there, implied).answers())
    people = {name: {"uid": 2000 + n, "gid": 2000 + n, "group": name} for n, name in enumerate(sorted(there.users))}
    wanted = declared_policy(parse_accounts(exported(live, people), PATH))
    assert [*reconcile(wanted, live.policy, CLUSTER), *removals(wanted, live.policy, CLUSTER)] == []


def answers(associations: str, users: str = "", qos: str = "") -> dict[str, str]:
    return {"associations": associations, "users": users, "qos": qos}


def row(account: str, user: str = "", parent: str = "", qos: str = "") -> str:
    return "|".join([account, user, "", parent, "1", *[""] * 14, qos, ""])


def test_what_no_file_can_say_is_named_in_it() -> None:
    rows = [row("a", parent="root"), row("b", parent="We$ird"), row("b", "ada"), row("a", "munge"), row("a", "eve")]
    text = exported(parse_live(answers("\n".join(rows), "ada|None|b|\nmunge|None|a|\neve|None|a|a")), {})
    accounts = parse_accounts(text, PATH)
    assert (list(accounts.accounts), list(accounts.users)) == (["a"], ["eve"])
    assert accounts.users["eve"].unix is False
    assert text.count("# Left out") == 3


def test_unix_accounts_come_along_where_they_are_a_persons() -> None:
    rows = "\n".join([row("a", parent="root"), *(row("a", name) for name in ("ada", "bob", "cyd", "dan"))])
    people = {
        "ada": {"uid": 2001, "gid": 3001, "group": "astro"},
        "bob": {"uid": 2001, "gid": 2001, "group": "bob"},
        "cyd": {"uid": 110, "gid": 110, "group": "cyd"},
    }
    accounts = parse_accounts(exported(parse_live(answers(rows)), people), PATH)
    assert (accounts.users["ada"].uid, accounts.users["ada"].gid) == (2001, 3001)
    assert accounts.groups["astro"].gid == 3001
    assert [accounts.users[name].unix for name in ("bob", "cyd", "dan")] == [False, False, False]


def test_a_list_of_qos_that_is_relative_stays() -> None:
    live = parse_live(answers("\n".join([row("a", parent="root"), row("a", "ada", qos="+high")]), "ada|None|a|"))
    wanted = declared_policy(parse_accounts(exported(live, {}), PATH))
    assert reconcile(wanted, live.policy, CLUSTER) == []


def test_nothing_is_an_empty_file() -> None:
    assert parse_accounts(exported(parse_live({}), {}), PATH) == parse_accounts("", PATH)
