from __future__ import annotations

from typing import Any

import pytest

from provisioner.preflight import MUNGE_TOLERANCE, NEEDED_MIB, SLURM_OF_DEBIAN, blade_problems
from provisioner.run.diagnose import diagnose

NOW = 1_763_874_000.0
WANTED = {"now": str(int(NOW)), "users": {"slurm": 64030, "munge": 64032}}


def blade(**changes: Any) -> dict[str, Any]:
    """The facts of a good blade, with some of them changed."""
    good = {
        "os": {"id": "debian", "version_id": "12", "pretty_name": "Debian GNU/Linux 12 (bookworm)"},
        "init": "systemd",
        "machine_id": "a" * 32,
        "read_only": False,
        "free_mib": {"/": 4000, "/var": 4000},
        "epoch": NOW,
        "users": {"slurm": {"uid": 64030, "gid": 64030}, "munge": None},
    }
    return {**good, **changes}


def system(**changes: str) -> dict[str, str]:
    return {"id": "debian", "version_id": "12", "pretty_name": "Debian 12", **changes}


CONTROLLER = blade()


@pytest.mark.parametrize("release", SLURM_OF_DEBIAN)
@pytest.mark.parametrize("controller", [None, "same"])
def test_a_good_blade_has_no_problem(release: str, controller: str | None) -> None:
    good = blade(os=system(version_id=release))
    assert blade_problems(good, WANTED, good if controller else None) == []


BAD = {
    "other system": (blade(os=system(id="rocky", pretty_name="Rocky Linux 9")), "it runs Rocky Linux 9"),
    "old Debian": (blade(os=system(version_id="11", pretty_name="Debian 11")), "it runs Debian 11"),
    "nameless": (blade(os={"id": "", "version_id": "", "pretty_name": ""}), "it runs an unknown system"),
    "other release": (
        blade(os=system(version_id="13")),
        "it runs Debian 13 (Slurm 24.11) and the controller Debian 12 (Slurm 22.05)",
    ),
    "init": (blade(init="sh"), "its init is sh, not systemd"),
    "machine-id": (blade(machine_id=""), "it has no machine-id"),
    "read-only": (blade(read_only=True), "its root filesystem is read-only"),
    "full root": (blade(free_mib={"/": 12, "/var": 4000}), "only 12 MiB are free on /,"),
    "full var": (blade(free_mib={"/": 4000, "/var": 12}), "only 12 MiB are free on /var,"),
    "clock ahead": (blade(epoch=NOW + 3600), "its clock is 3600 s ahead"),
    "clock behind": (blade(epoch=NOW - 400), "its clock is 400 s behind"),
    "uid": (
        blade(users={"slurm": {"uid": 999, "gid": 64030}}),
        "user slurm has uid 999 and gid 64030 here, 64030 everywhere else",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_problem_says_what_is_wrong_and_what_to_do(case: str) -> None:
    facts, start = BAD[case]
    problems = blade_problems(facts, WANTED, CONTROLLER)
    assert len(problems) == 1
    assert problems[0].startswith(start)


@pytest.mark.parametrize("case", BAD)
def test_a_person_reads_the_next_step(case: str) -> None:
    """As the playbook hands it on; nothing in it may pass for another known failure."""
    problem = blade_problems(BAD[case][0], WANTED, CONTROLLER)[0]
    shown = diagnose({"msg": problem, "changed": False}, "Refuse blades that cannot become members")
    assert shown.message == problem.split("; next: ")[0]
    assert shown.next_step == problem.split("; next: ")[1]


def test_all_problems_come_at_once() -> None:
    wreck = blade(init="sh", machine_id="", read_only=True, epoch=0, free_mib={"/": 0, "/var": 0})
    assert len(blade_problems(wreck, WANTED, CONTROLLER)) == 6


def test_munge_never_breaks_unnoticed() -> None:
    """Two blades that both pass never differ by more than munge tolerates."""
    passed = [skew for skew in range(-400, 401) if not blade_problems(blade(epoch=NOW + skew), WANTED, None)]
    assert max(passed) - min(passed) < MUNGE_TOLERANCE
    assert {-60, 0, 60} <= set(passed)


def test_just_enough_room_is_enough() -> None:
    assert blade_problems(blade(free_mib=dict(NEEDED_MIB)), WANTED, CONTROLLER) == []


def test_an_unsupported_controller_does_not_blame_the_others() -> None:
    controller = blade(os=system(version_id="11"))
    assert blade_problems(blade(), WANTED, controller) == []
