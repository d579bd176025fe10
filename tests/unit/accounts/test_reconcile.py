"""From any live state the commands lead to what is declared, each in an order in which sacctmgr takes it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from provisioner.accounts.commands import Command
from provisioner.accounts.live import parse_live
from provisioner.accounts.policy import Association, Key, Policy, User
from provisioner.accounts.reconcile import reconcile
from provisioner.accounts.removals import removals, stuck
from tests.unit.accounts.drawn import policies, slurm_with
from tests.unit.accounts.slurm_model import CLUSTER, Slurm

MANY = int(os.environ.get("PROVISION_EXAMPLES", "60"))


def live(slurm: Slurm) -> Policy:
    found = parse_live(slurm.answers())
    assert found.strange == ()
    return found.policy


def apply(slurm: Slurm, commands: Sequence[Command]) -> None:
    for command in commands:
        slurm.run(command.argv)


def without_held_defaults(wanted: Policy, there: Policy) -> Policy:
    """A live state in which no stranger's QOS keeps an account from what it shall have: Slurm refuses it then."""
    kept = {
        key: found
        if key in wanted.associations
        else replace(found, settings={name: value for name, value in found.settings.items() if "QOS" not in name})
        for key, found in there.associations.items()
    }
    return replace(there, associations=kept)


@given(policies(), st.booleans())
@settings(max_examples=MANY)
def test_what_sacctmgr_lists_is_what_it_has(policy: Policy, implied: bool) -> None:
    found = live(slurm_with(policy, implied))
    assert (found.qos, found.associations, found.users) == (policy.qos, policy.associations, policy.users)


@given(policies(), policies(), st.booleans())
@settings(max_examples=MANY)
def test_a_second_run_has_nothing_to_do(wanted: Policy, there: Policy, implied: bool) -> None:
    slurm = slurm_with(without_held_defaults(wanted, there), implied)
    assume(slurm.is_possible())
    before = live(slurm)
    apply(slurm, reconcile(wanted, before, CLUSTER))
    after = live(slurm)
    assert reconcile(wanted, after, CLUSTER) == []
    for key, association in wanted.associations.items():
        assert after.associations[key] == association
    assert all(after.users[name] == user for name, user in wanted.users.items())
    assert all(after.qos[name] == found for name, found in wanted.qos.items())


@given(policies(), policies(), st.booleans(), st.data())
@settings(max_examples=MANY)
def test_a_run_that_was_killed_at_any_command_is_gone_on_with(
    wanted: Policy, there: Policy, implied: bool, data: st.DataObject
) -> None:
    slurm = slurm_with(without_held_defaults(wanted, there), implied)
    assume(slurm.is_possible())
    commands = reconcile(wanted, live(slurm), CLUSTER)
    apply(slurm, commands[: data.draw(st.integers(0, len(commands)))])
    apply(slurm, reconcile(wanted, live(slurm), CLUSTER))
    after = live(slurm)
    assert reconcile(wanted, after, CLUSTER) == []
    assert all(after.associations[key] == association for key, association in wanted.associations.items())
    assert all(after.users[name] == user for name, user in wanted.users.items())


@given(policies(), policies(), st.booleans())
@settings(max_examples=MANY)
def test_who_is_not_declared_is_left_alone(wanted: Policy, there: Policy, implied: bool) -> None:
    slurm = slurm_with(without_held_defaults(wanted, there), implied)
    assume(slurm.is_possible())
    before = live(slurm)
    apply(slurm, reconcile(wanted, before, CLUSTER))
    after = live(slurm)
    for key, association in before.associations.items():
        assert key in wanted.associations or after.associations[key] == association
    assert all(name in wanted.users or after.users[name] == user for name, user in before.users.items())
    assert all(name in wanted.qos or after.qos[name] == found for name, found in before.qos.items())


@given(policies(), policies(), st.booleans())
@settings(max_examples=MANY)
def test_after_a_prune_there_is_nothing_else(wanted: Policy, there: Policy, implied: bool) -> None:
    fixed = stuck(wanted, there)
    there = replace(there, associations={key: found for key, found in there.associations.items() if key not in fixed})
    lost = {name for name in there.users if not any(key.user == name for key in there.associations)}
    users = {name: user for name, user in there.users.items() if name not in lost}
    coordinators = {account: names & users.keys() for account, names in there.coordinators.items()}
    slurm = slurm_with(replace(there, users=users, coordinators=coordinators), implied)
    before = live(slurm)
    apply(slurm, [*reconcile(wanted, before, CLUSTER, prune=True), *removals(wanted, before, CLUSTER)])
    after = live(slurm)
    assert (after.qos, after.associations, after.users) == (wanted.qos, wanted.associations, wanted.users)
    assert [*reconcile(wanted, after, CLUSTER), *removals(wanted, after, CLUSTER)] == []


def test_a_thousand_users_alike_are_two_commands() -> None:
    names = [f"u{number:04}" for number in range(1000)]
    wanted = Policy(
        associations={Key("a"): Association("root"), **{Key("a", name): Association() for name in names}},
        users={name: User("none", "a") for name in names},
    )
    commands = reconcile(wanted, Policy(), CLUSTER)
    assert [len(command.names) for command in commands] == [1, 500, 500]
