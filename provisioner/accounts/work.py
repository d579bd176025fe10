"""What a run does about accounts, from the file and from what the controller answered. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from provisioner.accounts.commands import Command, count_removals
from provisioner.accounts.live import LiveError, parse_live
from provisioner.accounts.policy import Association, Key, Policy
from provisioner.accounts.reconcile import reconcile
from provisioner.accounts.removals import removals, stuck
from provisioner.console_text import counted, their_words
from provisioner.slurm.enforcement import Associations, obstacles

_NAMED = 10
_CORRECT = "correct accounts.yml, or run the command on the controller by hand to see more, then run again"
_STUCK = "Slurm lets nobody out of a default account; next: declare another account for them, then run again"
# slurmdbd 22.05 forgets that a list of preempted QOS became empty until it is started anew.
_RESTART = "run `systemctl restart slurmdbd` on the controller, then run again: it remembers an older list"


@dataclass(frozen=True)
class Work:
    """Commands in order; those of `removals` only after all others worked.

    `notes` say what is left alone, `jobs` whose jobs keep something from being removed, `refused` why nothing is done;
    `there` is what Slurm has before.
    """

    commands: tuple[Command, ...] = ()
    removals: tuple[Command, ...] = ()
    jobs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str = ""
    there: Policy = field(default_factory=Policy)

    def lines(self) -> list[str]:
        """The preview: the commands themselves."""
        return [str(command) for command in (*self.commands, *self.removals)]


def plan_work(
    wanted: Policy, answers: Mapping[str, str], jobs: Sequence[Sequence[str]] | None, cluster: str, prune: int | None
) -> Work:
    """The work for what is declared.

    Args:
        answers: what sacctmgr printed, see `live.reads`; {} for a database that is yet to be made.
        jobs: id, user, account, QOS and partition of each job; None when slurmctld did not tell.
        prune: how many things may be removed; None for none at all.
    """
    try:
        live = parse_live(answers)
    except LiveError as error:
        return Work(refused=f"{error}; next: look at `sacctmgr list association` on the controller, mend it there")
    there = live.policy
    notes = _strange(live.strange)
    commands = tuple(reconcile(wanted, there, cluster, prune=prune is not None))
    if prune is None:
        return Work(commands, notes=notes, there=there)
    if live.strange:
        # With an account goes all that is below it, also what nothing here can name.
        return Work(
            refused=f"nothing is removed while there is what cannot be named: {notes[0]}; next: remove that first"
        )
    if jobs is None:
        return Work(refused="slurmctld does not tell whose jobs run, so nothing is removed; next: provision status")
    kept, told = _without_busy(wanted, there, jobs)
    ending = tuple(removals(wanted, there, cluster, kept))
    if (count := count_removals(ending)) > prune:
        named = ", ".join(str(name) for command in ending if command.removes for name in command.names[:_NAMED])[:400]
        words = f"{counted(count, 'thing')} would be removed, more than {prune}: {named}"
        return Work(jobs=told, refused=f"{words}; next: look at --prune --check, then say --prune={count}")
    return Work(commands, ending, told, notes)


def why_not_enforced(
    wanted: Policy, work: Work, troubles: Sequence[str], jobs: Sequence[Sequence[str]] | None
) -> list[str]:
    """What keeps Slurm from refusing jobs without an account, once the work is done; for the jobs see `plan_work`."""
    keys = work.there.associations.keys() | wanted.associations.keys()
    users = {**work.there.users, **wanted.users}
    after = Associations(
        {(key.account, key.user, key.partition) for key in keys if key.user},
        {name: user.default_account for name, user in users.items()},
    )
    asked = None if jobs is None else [(row[0], row[1], row[2], row[4]) for row in jobs if len(row) == 5]
    return obstacles(troubles, asked, after)


def _without_busy(wanted: Policy, there: Policy, jobs: Sequence[Sequence[str]]) -> tuple[Policy, tuple[str, ...]]:
    """What may be removed, and sentences about what may not yet: jobs of it run or wait."""
    users: dict[str, list[str]] = {}
    associations: dict[Key, list[str]] = {}
    accounts: set[str] = set()
    qos: set[str] = set()
    for number, user, account, its_qos, _ in (row for row in jobs if len(row) == 5):
        if user not in wanted.users and user in there.users:
            users.setdefault(user, []).append(number)
        elif Key(account, user) not in wanted.associations:
            for key in (key for key in there.associations if (key.account, key.user) == (account, user)):
                if key not in wanted.associations:
                    associations.setdefault(key, []).append(number)
        accounts.add(account)
        qos.add(its_qos)
    # An account takes everything below it along.
    accounts |= {key.account for key in there.associations if key.user in users or key in associations}
    fixed = stuck(wanted, there) - associations.keys()
    staying = {each for account in accounts for each in there.line(account)}
    kept = {
        key: found
        for key, found in there.associations.items()
        if key not in associations
        and key not in fixed
        and key.user not in users
        and not (not key.user and key.account in staying)
    }
    qos |= {name for key in there.associations.keys() - kept.keys() for name in _qos_of(there.associations[key])}
    after = replace(
        there,
        users={name: user for name, user in there.users.items() if name not in users},
        associations=kept,
        qos={name: settings for name, settings in there.qos.items() if name not in qos},
    )
    told = [f"user {name} stays: {_jobs(numbers)}" for name, numbers in sorted(users.items())]
    told += [f"user {key.user} stays in {key.account}: {_jobs(found)}" for key, found in sorted(associations.items())]
    told += [
        f"user {key.user} stays in {key.account} for partition {key.partition or 'any'}: {_STUCK}"
        for key in sorted(fixed)
    ]
    names = sorted(name for name in staying if Key(name) in there.associations and Key(name) not in wanted.associations)
    told += [f"account {name} stays: jobs are in it or below it" for name in names]
    told += [f"QOS {name} stays: who stays uses it" for name in sorted(qos & (there.qos.keys() - wanted.qos.keys()))]
    return after, tuple(told)


def _qos_of(association: Association) -> list[str]:
    listed = association.settings.get("QOS", ())
    default = association.settings.get("DefaultQOS")
    return [
        *(str(name) for name in (listed if isinstance(listed, tuple) else ())),
        *([str(default)] if default else []),
    ]


def _jobs(numbers: Sequence[str]) -> str:
    shown = ", ".join(their_words(number, 20) for number in numbers[:_NAMED])
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    noun = "job" if len(numbers) == 1 else "jobs"
    verb = "runs or waits" if len(numbers) == 1 else "run or wait"
    return f"{noun} {shown}{more} {verb} there; next: scancel, or wait, then run again"


def _strange(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (f"left alone, since its name or a setting is no plain one: {'; '.join(names[:_NAMED])}{more}",)


def failures(work: Work, answer: Mapping[str, Any]) -> list[str]:
    """Sentences about commands that did not work, from the answer of the controller."""
    lines = work.lines()
    found = answer.get("failed_commands")
    told = []
    for row in found if isinstance(found, list) else []:
        if isinstance(row, list) and len(row) == 2 and isinstance(row[0], int) and 0 <= row[0] < len(lines):
            step = _RESTART if "Preemption loop" in str(row[1]) else _CORRECT
            told.append(f"`{lines[row[0]]}` did not work: {their_words(row[1], 300)}; next: {step}")
    if answer.get("skipped"):
        told.append(f"nothing was removed, since what comes before it did not work; next: {_CORRECT}")
    return told
