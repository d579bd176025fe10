"""What becomes of each part of a backup, from what lives on the controller and beside its database. Pure.

What is missing is put in place; what is there and the same stays. What is there and differs lives: it stays or is set
aside only when a person names it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.backup.manifest import DUMP, STATE, Manifest, Member
from provisioner.console_text import their_words
from provisioner.slurm.accounting import ANSWERS, identity_problem

PARTS = ("munge", "tokens", "config", "state", "database")
WORDS = {
    "munge": "munge's key",
    "tokens": "the key of tokens",
    "config": "the configuration with the registry",
    "state": "slurmctld's state",
    "database": "the accounting database",
}
PLACE, SAME, STAYS, NONE = "is put in place", "is there already", "stays as it is", "is not in the backup"
_MUNGE, _TOKENS = "cluster/etc/munge/munge.key", "cluster/etc/slurm/jwt/"
_ROOM = 256 * 2**20


@dataclass(frozen=True)
class Verdict:
    """What a restore would do.

    Args:
        parts: what becomes of each part, one of PLACE, SAME, STAYS and NONE.
        files: the small files that are put in place.
        problems: why nothing is done, each as `what is wrong; next: what to do`.
        notes: what a person should know of it all the same.
    """

    parts: Mapping[str, str]
    files: list[Member] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def unsettled(self) -> list[str]:
        """The parts that a person has to decide on."""
        return [part for part, what in self.parts.items() if what not in (PLACE, SAME, STAYS, NONE)]

    @property
    def is_due(self) -> bool:
        """Whether anything is put in place."""
        return PLACE in self.parts.values()


def path_of(member: Member) -> str:
    """Where a small file stands on the controller."""
    return member.name.removeprefix("cluster")


def part_of(member: Member) -> str:
    """The part that a small file of the cluster belongs to; '' for what stays on this machine."""
    if not member.name.startswith("cluster/"):
        return ""
    return "munge" if member.name == _MUNGE else "tokens" if member.name.startswith(_TOKENS) else "config"


def judge(
    manifest: Manifest,
    cluster: str,
    controller: Mapping[str, Any],
    database: Mapping[str, Any] | None,
    keep: Collection[str] = (),
    overwrite: Collection[str] = (),
) -> Verdict:
    """What becomes of each part.

    Args:
        cluster: the name in the plan.
        controller: what the module says of the controller.
        database: the same of the node of the database; None for a plan without accounting.
        keep, overwrite: parts that a person named.
    """
    problems = _foreign(manifest, cluster, controller)
    lives = _living(manifest, controller, database)
    parts = {}
    for part in PARTS:
        found = lives[part]
        if found == "differs" and part in overwrite:
            found = PLACE
        elif found == "differs" and part == "config" and lives["state"] == SAME:
            # The run that followed has written some of it anew, by the plan.
            found = STAYS
        elif found == "differs" and part in keep:
            found = STAYS
        elif found == "differs":
            where = "its blade" if part == "database" else "the controller"
            problems.append(
                f"{WORDS[part]} on {where} is another one than in the backup, and lives; next: say "
                f"`--keep {part}`, or `--overwrite {part}`, which sets what is there aside"
            )
        parts[part] = found
    if lives["database"] == "silent":
        problems.append(
            "a database is there and does not answer, so nobody knows what is in it; next: look at `journalctl -u "
            "mariadb` on its blade"
        )
    files = [each for each in manifest.members if parts.get(part_of(each)) == PLACE]
    if not problems:
        problems = _identities(manifest, cluster, controller, database, parts) + _room(manifest, controller, database)
    return Verdict(parts, files, problems, _notes(manifest, parts) + _owners(files, controller))


def _foreign(manifest: Manifest, cluster: str, controller: Mapping[str, Any]) -> list[str]:
    problems = []
    if manifest.cluster != cluster:
        problems.append(
            f"the backup is of cluster {manifest.cluster}, and the plan says {cluster}; next: take a backup of this "
            "cluster, or the plan of that one (`--plan`, `--extract`)"
        )
    runs = str(controller.get("debian") or "")
    if manifest.debian != runs:
        problems.append(
            f"the backup is of Debian {manifest.debian} (Slurm {manifest.slurm}), and the controller runs Debian "
            f"{their_words(runs, 20) or 'of an unknown release'}, whose Slurm does not read it; next: image the "
            f"controller with Debian {manifest.debian}"
        )
    return problems


def _living(manifest: Manifest, controller: Mapping[str, Any], database: Mapping[str, Any] | None) -> dict[str, str]:
    digests = controller.get("files") or {}
    found = {}
    for part in ("munge", "tokens", "config"):
        its = [each for each in manifest.members if part_of(each) == part]
        there = [(digests.get(path_of(each), ""), each.sha256) for each in its]
        differ = [has for has, wanted in there if has and has != wanted]
        missing = [has for has, _ in there if not has]
        found[part] = NONE if not its else "differs" if differ else PLACE if missing else SAME
    state = controller.get("state") or {}
    found["state"] = SAME if state.get("placed") else "differs" if state.get("there") else PLACE
    if manifest.member(DUMP) is None or database is None:
        found["database"] = NONE
    elif database.get("placed"):
        found["database"] = SAME
    else:
        found["database"] = {True: "differs", False: PLACE}.get(database.get("there"), "silent")  # type: ignore[arg-type]
    return found


def _identities(
    manifest: Manifest,
    cluster: str,
    controller: Mapping[str, Any],
    database: Mapping[str, Any] | None,
    parts: Mapping[str, str],
) -> list[str]:
    """Whether slurmctld would start with the state and the database that there are afterwards."""
    if database is None or (parts["database"] == NONE and not database.get("there")):
        return []
    old_state = parts["state"] in (PLACE, SAME)
    old_database = parts["database"] in (PLACE, SAME)
    state = manifest.identity if old_state else str((controller.get("state") or {}).get("identity") or "")
    clusters = manifest.database if old_database else str(database.get("clusters") or "")
    problem = identity_problem(cluster, state, f"{ANSWERS}\n{clusters}", accounted=True)
    if not problem or old_state == old_database:
        return [problem] if problem else []
    words = problem.partition("; next: ")[0]
    if old_state:
        return [
            f"the state of the backup does not belong to the database that lives: {words}; next: "
            "`--overwrite database` takes that of the backup, too, and sets the other one aside"
        ]
    return [
        f"the database of the backup does not belong to the state that lives: {words}; next: `--overwrite state` takes "
        "that of the backup, too, and sets the other one aside"
    ]


def _room(manifest: Manifest, controller: Mapping[str, Any], database: Mapping[str, Any] | None) -> list[str]:
    dump = manifest.member(DUMP)
    state = manifest.member(STATE)
    places = [("the controller", controller, manifest.unpacked + (state.size if state else 0))]
    if dump and database:
        # The dump itself, and tables that are some ten times as large.
        places.append(("the blade of the database", database, 12 * dump.size))
    free = [(name, int(has.get("free") or 0), needed + _ROOM) for name, has, needed in places]
    return [
        f"only {has // 2**20} MiB are free in /var/lib on {name}, {needed // 2**20} are needed; next: make room there"
        for name, has, needed in free
        if has < needed
    ]


def _notes(manifest: Manifest, parts: Mapping[str, str]) -> list[str]:
    notes = []
    old = {part: parts[part] in (PLACE, SAME) for part in ("state", "database")}
    if old["state"] and parts["database"] == STAYS:
        notes.append(
            f"the database is newer than the state of {manifest.moment}: jobs that began later seem to run for ever; "
            "afterwards look at `sacctmgr show runawayjobs` on the controller"
        )
    if parts["state"] == STAYS and old["database"]:
        notes.append(f"what jobs did between {manifest.moment} and now is not in the history")
    if parts["state"] == PLACE:
        notes.append(f"jobs that were submitted after {manifest.moment} are unknown to slurmctld, which ends them")
    return notes


def _owners(files: Collection[Member], controller: Mapping[str, Any]) -> list[str]:
    """Which files become root's, since the controller does not know whose they were."""
    unknown = controller.get("unknown") or {}
    notes = []
    for each in files:
        nobody = [f"account {each.owner}"] if each.owner in unknown.get("owners", ()) else []
        nobody += [f"group {each.group}"] if each.group in unknown.get("groups", ()) else []
        if nobody:
            notes.append(f"{path_of(each)} becomes root's: the controller has no {' and no '.join(nobody)}")
    return notes
