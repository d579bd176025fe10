from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.scheduled.every import parse_every
from provisioner.scheduled.units import MARK, Timer, plan_id, unit_files, unit_name

PLAN = Path("/root/a site/plan.yml")


def timer(plan: Path = PLAN, system: bool = True, program: str = "/opt/p/bin/provision", home: str = "/root") -> Timer:
    return Timer(
        plan, (program,), parse_every("15min"), system, {"HOME": home}, Path("/root/state"), Path("/srv/backups")
    )


def text(suffix: str, made: Timer) -> str:
    return unit_files(made)[f"{made.name}{suffix}"]


def test_each_plan_has_units_of_its_own() -> None:
    names = {unit_name(Path(path)) for path in ("/a/b/plan.yml", "/a/c/plan.yml", "/x/b/plan.yml", "/a/b/other.yml")}
    assert len(names) == 4
    assert unit_name(PLAN).startswith("provision-a-site-")


@given(st.text(min_size=1).filter(lambda word: "/" not in word and "\0" not in word))
def test_a_name_means_nothing_to_systemd(folder: str) -> None:
    try:
        name = plan_id(Path("/") / folder / "plan.yml")
    except UnicodeEncodeError:
        return
    assert re.fullmatch(r"([a-z0-9-]{1,24}-)?[0-9a-f]{8}", name)


def test_no_unit_is_without_the_mark_and_all_belong_together() -> None:
    made = timer()
    files = unit_files(made)
    assert all(each.startswith(MARK) for each in files.values())
    run = text(".service", made)
    assert f"OnFailure={made.name}-failed.service" in run
    assert f"OnSuccess={made.name}-notify.service" in run
    assert "SuccessExitStatus=4 130\n" in run
    assert 'ExecStart=/opt/p/bin/provision slurm --scheduled "--plan=/root/a site/plan.yml"\n' in run
    assert "Persistent=yes\n" in text(".timer", made)
    assert "OnCalendar=*-*-* *:00/15:00\n" in text(".timer", made)


def test_what_means_something_to_systemd_is_only_a_name() -> None:
    made = timer(Path('/root/100%n $HOME "x" \\ /plan.yml'))
    assert r'"--plan=/root/100%%n $$HOME \"x\" \\ /plan.yml"' in text(".service", made)
    assert "\nDescription=A scheduled run over /root/100%%n " in text(".service", made)


def test_root_is_kept_to_its_state() -> None:
    run = text(".service", timer())
    assert "ProtectSystem=strict\n" in run
    assert "ReadWritePaths=-/root/state\nReadWritePaths=-/srv/backups\n" in run
    assert "PrivateTmp=yes\n" in run
    # A mail program is in no sandbox, nor is what a manager of a person cannot do.
    assert "Protect" not in text("-notify.service", timer())
    assert "Protect" not in text(".service", timer(system=False))


def test_a_plan_below_tmp_stays_to_be_seen() -> None:
    run = text(".service", timer(Path("/tmp/site/plan.yml")))
    assert "PrivateTmp" not in run
    assert "ReadWritePaths=/tmp /var/tmp\n" in run


@pytest.mark.parametrize("path", ["/root/a\nExecStart=b/plan.yml", "/root/\x1b[2J/plan.yml", "/root/\udcff/plan.yml"])
def test_a_path_that_no_unit_can_hold_is_refused(path: str) -> None:
    with pytest.raises(UsageError):
        unit_files(timer(Path(path)))
    with pytest.raises(UsageError):
        unit_files(timer(home=path))
