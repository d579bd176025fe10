"""A `lab up` that is killed, wherever it was, leaves nothing that `lab down` does not find."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.cluster.background import Background, background
from tests.cluster.labs import STATE_HOME, Lab
from tests.cluster.size import RELEASES, WHOLE_ENCLOSURE
from tests.cluster.waiting import until

Point = Callable[[Lab], bool]
NAME = "test-crash"


@pytest.fixture(params=RELEASES)
def own(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A plan of three blades without a lab yet."""
    made = Lab(NAME, 3, 1, request.param, tmp_path_factory.mktemp("plan"))
    made.lab("down")
    try:
        yield made
    finally:
        made.lab("down")


def _answer(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _containers(lab: Lab, *more: str) -> list[str]:
    label = f"label=provision-lab.cluster={lab.name}"
    return _answer("podman", "ps", "--all", "--filter", label, *more, "--format", "{{.Names}}").split()


def _networks(lab: Lab) -> list[str]:
    names = _answer("podman", "network", "ls", "--format", "{{.Name}}").split()
    return [name for name in names if lab.name in name]


def _loops() -> list[str]:
    """Loop devices of this lab, also those whose file is gone."""
    listed = _answer("losetup", "--json", "--list", "--output", "NAME,BACK-FILE")
    entries = json.loads(listed)["loopdevices"] if listed.strip() else []
    return [each["name"] for each in entries if str(each["back-file"]).startswith(f"{STATE_HOME}/provision/{NAME}/")]


# What `lab up` makes, in its order; each is reached when the thing is there.
POINTS: dict[str, Point] = {
    "network": lambda lab: bool(_networks(lab)),
    "record": lambda lab: (lab.state_folder / "lab" / "lab.json").exists(),
    "first disk": lambda lab: len(_loops()) >= 1,
    "last disk": lambda lab: len(_loops()) >= 2,
    "first container": lambda lab: bool(_containers(lab)),
    "first blade on": lambda lab: bool(_containers(lab, "--filter", "status=running")),
    "all blades on": lambda lab: len(_containers(lab, "--filter", "status=running")) == 3,
}
# With the whole session, the podman that was at work dies too; with the command alone it goes on.
FIXED = [(point, group) for point in POINTS for group in (False, True)]
if not WHOLE_ENCLOSURE:
    FIXED = [("record", True), ("last disk", False), ("first container", False), ("first blade on", True)]
# Seconds after the start, another choice each time; the whole takes about five.
# The processes of one run of these tests draw the same.
_DRAWN = random.Random(os.environ.get("PYTEST_XDIST_TESTRUNUID"))
RANDOM = [round(_DRAWN.uniform(0.2, 5), 2) for _ in range(20 if WHOLE_ENCLOSURE else 1)]


def _left(lab: Lab) -> dict[str, list[str]]:
    """All that is left of a lab: nothing, when every list is empty."""
    keys = [line for known in lab.state_folder.rglob("known_hosts") for line in known.read_text().splitlines()]
    routes = _answer("ip", "-4", "route", "show").splitlines()
    return {
        "containers": _containers(lab),
        "networks": _networks(lab),
        "loop devices": _loops(),
        "files": [str(path) for path in lab.state_folder.glob("lab/**/*")],
        "folder": [str(path) for path in lab.state_folder.glob("lab")],
        "host keys": [line for line in keys if f"10.62.{lab.subnet}." in line],
        "routes": [line for line in routes if f"10.62.{lab.subnet}." in line],
    }


def _nothing_is_left(lab: Lab) -> None:
    left = {what: found for what, found in _left(lab).items() if found}
    assert left == {}


def _kill(run: Background, group: bool) -> None:
    """SIGKILL: to the command alone, as from the kernel's want of memory, or to all of its session."""
    if group:
        run.stop(signal.SIGKILL)
    else:
        run.process.kill()
        run.process.wait(timeout=60)


def _up(lab: Lab) -> tuple[str, ...]:
    return ("lab", "up", f"--os={lab.release}")


@pytest.mark.parametrize(("point", "group"), FIXED)
def test_down_removes_what_a_killed_up_made(own: Lab, point: str, group: bool) -> None:
    with background(own, *_up(own)) as run:
        run.reaches(lambda: POINTS[point](own))
        _kill(run, group)
    own.lab("down")
    _nothing_is_left(own)


@pytest.mark.parametrize("seconds", RANDOM)
def test_down_removes_what_is_there_at_any_time(own: Lab, seconds: float) -> None:
    with background(own, *_up(own)) as run:
        end = time.monotonic() + seconds
        until(lambda: time.monotonic() > end or run.process.poll() is not None, seconds + 1)
        _kill(run, group=True)
    own.lab("down")
    _nothing_is_left(own)


@pytest.mark.parametrize("point", ["first disk", "first blade on"] if WHOLE_ENCLOSURE else ["first blade on"])
def test_up_after_a_killed_up_makes_the_whole_lab(own: Lab, point: str) -> None:
    with background(own, *_up(own)) as run:
        run.reaches(lambda: POINTS[point](own))
        _kill(run, group=False)
    own.lab("up", f"--os={own.release}")
    for blade in (own.controller, *own.compute, own.spare):
        said = own.provision("lab", "ssh", blade, "hostname")
        assert (said.code, said.out.strip()) == (0, blade.lower()), said.text
    assert len(_loops()) == 2
    assert all(_left(own).values()), "what a whole lab has is not found, so nothing that is left would be"
    own.lab("down")
    _nothing_is_left(own)
