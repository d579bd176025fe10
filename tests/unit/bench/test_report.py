from __future__ import annotations

from typing import Any

import pytest

from bench.aims import aim_rows
from bench.figures import figures
from bench.report import BEGIN, END, PAGE, page_with, tables
from bench.tables import spread, table

MACHINE = {"cores": "2", "kernel": "6.1"}


def way(seconds: float, **more: Any) -> dict[str, Any]:
    """A way that took that long, and twice as long once."""
    values = figures([seconds, seconds, 2 * seconds])
    return {"seconds": values, "cpu_seconds": values, "blade_cpu_seconds": values, **more}


def on_blades(*ways: str) -> dict[str, Any]:
    sizes = {
        str(compute): {name: way(compute + 1) for name in ways}
        | {"provision": way(2 * (compute + 1), modules_per_blade=figures([2]), modules_controller=figures([5]))}
        for compute in (2, 7)
    }
    return {"measured": "2026-11-24", "machine": MACHINE, "release": "bookworm", "sizes": sizes}


RESULTS: dict[str, Any] = {
    "first": on_blades("apt"),
    "no-change": on_blades("ssh", "apt"),
    "accounting": {
        "measured": "2026-11-24",
        "machine": MACHINE,
        "release": "bookworm",
        "sizes": {"7": {"without": way(1), "with": way(2)}},
    },
    "services": {
        "measured": "2026-11-24",
        "machine": MACHINE,
        "release": "bookworm",
        "sizes": {"7": {"without": way(2), "with": way(3)}},
    },
    "more-roles": {
        "measured": "2026-11-24",
        "machine": MACHINE,
        "sizes": {"2": {"plain": way(1), "more": way(2)}},
    },
    "render": {
        "measured": "2026-11-25",
        "machine": MACHINE,
        "texts": {
            what: {
                nodes: {"seconds": figures([int(nodes) / 10_000]), "peak_mib": 80.0}
                for nodes in ("16", "1000", "10000")
            }
            for what in ("inventory", "slurm.conf")
        },
    },
    "commands": {
        "measured": "2026-11-25",
        "machine": {"cores": "64"},
        "commands": {"provision --help": {"seconds": figures([0.2]), "cpu_seconds": figures([0.1])}},
    },
    "peer": {
        "release": "bookworm",
        "role_version": "1.0.5",
        "tasks_changed": 0,
        "ours_first_seconds": figures([50.0]),
        "first_seconds": figures([100.0]),
        "ssh_floor_seconds": figures([0.5, 0.5]),
        "apt_floor_seconds": figures([2.0, 2.0]),
        "ours_no_change_seconds": figures([5.0, 8.0]),
        "no_change_seconds": figures([20.0, 40.0]),
    },
    "scale": [{"what": "no-change run over 100 blades", "seconds": 31.0, "note": "without verification"}],
}


def test_a_row_has_the_median_and_the_spread() -> None:
    assert spread(figures([3.0, 1.0, 2.0])) == "2.00 (1.00-3.00)"
    assert spread(figures([2, 2, 2]), 0) == "2"
    assert table(("a", "b"), [("c", "d")]) == "| a | b |\n| --- | ---: |\n| c | d |"


def test_every_section_has_a_table_and_every_part_its_machine() -> None:
    text = tables(RESULTS)
    assert "| no-change run over 100 blades | 31.00 | without verification |" in text
    assert "### Beside the role galaxyproject.slurm" in text
    assert "| `provision --help` | 0.20 | 0.10 |" in text
    assert "- first, no-change, accounting, services, more-roles: 2026-11-24: cores 2, kernel 6.1" in text
    assert "- render: 2026-11-25: cores 2, kernel 6.1" in text
    assert "- commands: 2026-11-25: cores 64" in text


def test_a_run_stands_beside_its_floors_and_what_it_cost() -> None:
    text = tables({"no-change": RESULTS["no-change"]})
    rows = [line for line in text.splitlines() if line.startswith("| 1+7 ")]
    assert rows == [
        "| 1+7 | 8.00 (8.00-16.00) | 8.00 (8.00-16.00) | 16.00 (16.00-32.00) | 2.00 | 2.00 |",
        "| 1+7 `ssh NODE true` | 8.00 (8.00-16.00) | 1.00 | - / - | - / - |",
        "| 1+7 `apt-get install` | 8.00 (8.00-16.00) | 1.00 | - / - | - / - |",
        "| 1+7 `provision slurm` | 16.00 (16.00-32.00) | 2.00 | 2 / 5 | - / - |",
    ]
    assert "0.00 s +2.00 s per blade" in text


def test_the_numbers_of_nodes_stand_with_their_growth() -> None:
    assert "inventory 1.00; slurm.conf 1.00" in tables({"render": RESULTS["render"]})


def test_aims_stand_beside_what_was_measured() -> None:
    rows = {what: (measured, aim) for what, measured, aim in aim_rows(RESULTS)}
    assert rows["no-change run 1+7, over the apt floor"] == ("2.00", "at most 2")
    assert rows["no-change run, part that does not grow with the blades"] == ("0.00 s", "below 1.5 s")
    assert rows["no-change run, CPU of this machine for each blade more"] == ("2.00 s", "below 0.2 s")
    assert rows["twelve more roles in sync, 1+2"] == ("1.00 (1.00-2.00) s", "at most 0.3 s")
    assert rows["module executions per unchanged blade"] == ("2", "at most 2")
    assert rows["no-change run, over that of the peer role"] == ("0.23 (0.20-0.25)", "below 0.25")
    assert rows["no-change run 1+7 with accounting, over one without"] == ("2.00", "at most 1.1")
    assert rows["no-change run 1+7 with all services, over one without"] == ("1.50", "at most 1.15")
    assert rows["first run 1+7 with accounting and verification, over the apt floor"] == ("2.00", "at most 2.2")
    assert rows["inventory and slurm.conf of 10,000 nodes"] == ("2.00 s", "at most 2 s")
    assert rows["their peak memory"] == ("80 MiB", "at most 500 MB")
    assert rows["`provision --help`"] == ("0.20 s", "at most 0.3 s")
    assert len(rows) == 12


@pytest.mark.parametrize("part", RESULTS)
def test_each_part_can_be_reported_alone(part: str) -> None:
    assert tables({part: RESULTS[part]})


def test_the_page_keeps_what_stands_around_the_results() -> None:
    once = page_with(f"before\n{BEGIN}\nold\n{END}\nafter\n", "new")
    assert once == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert page_with(once, "new") == once


def test_a_page_without_markers_is_left_alone() -> None:
    with pytest.raises(ValueError, match="lacks"):
        page_with("no markers", "new")


def test_the_page_of_the_project_has_the_markers() -> None:
    assert page_with(PAGE.read_text(), "new")


def test_the_peer_stands_beside_us_with_its_version_and_the_floors() -> None:
    shown = tables({"peer": RESULTS["peer"]})
    assert "| first run | 50.00 | 100.00 | 0.50 |" in shown
    assert "| run without changes | 6.50 (5.00-8.00) | 30.00 (20.00-40.00) | 0.23 (0.20-0.25) |" in shown
    assert "Version 1.0.5, 1+7 blades each, Debian bookworm." in shown
    assert "`ssh NODE true` 0.50 s, `apt-get install` 2.00 s." in shown
    assert "changed up to" not in shown


def test_changes_of_the_peer_without_work_are_named() -> None:
    assert "changed up to 3 tasks" in tables({"peer": {**RESULTS["peer"], "tasks_changed": 3}})
