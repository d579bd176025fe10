"""The directory that a lab shares stands in for NFS: all blades have it, it outlives each of them, and the lab too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest

from tests.cluster.labs import STATE_HOME, Lab
from tests.cluster.size import RELEASES

NAME = "test-shared"
SHARED = STATE_HOME / NAME
AWAY = STATE_HOME / f"{NAME}-away"
BLADES = ("BLD-001", "BLD-002")


@pytest.fixture(params=RELEASES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Two blades that share a directory at another place than the usual one."""
    made = Lab(NAME, 31, 1, request.param, tmp_path_factory.mktemp("plan"))
    made.lab("down")
    for left in (SHARED, AWAY):
        shutil.rmtree(left, ignore_errors=True)
    SHARED.mkdir(parents=True)
    try:
        made.lab("up", f"--os={made.release}", f"--nodes={','.join(BLADES)}", f"--shared={SHARED}:/srv/all")
        yield made
    finally:
        made.lab("down")
        shutil.rmtree(SHARED, ignore_errors=True)


def test_what_one_blade_writes_all_read_and_it_outlives_them(lab: Lab) -> None:
    first, second = BLADES
    lab.inside(first, "install -d -o 2000 -g 2000 /srv/all/home && setpriv --reuid=2000 --regid=2000 --clear-groups"
               " sh -c 'echo written > /srv/all/home/file'")  # fmt: skip
    assert (SHARED / "home" / "file").read_text() == "written\n"

    def reads(blade: str) -> str:
        return lab.inside(blade, "stat --format=%u /srv/all/home/file; cat /srv/all/home/file")

    assert reads(second) == "2000\nwritten"
    lab.lab("reboot", second)
    assert reads(second) == "2000\nwritten"
    lab.lab("reimage", second)
    assert reads(second) == "2000\nwritten"
    states = json.loads(lab.provision("lab", "status", "--json").out)
    assert [blade["shared"] for blade in states] == [{"directory": str(SHARED), "path": "/srv/all"}] * 2

    # The lab goes on as it was made, and refuses to be another one.
    lab.lab("up", f"--nodes={first}")
    said = lab.provision("lab", "up", f"--nodes={first}", f"--shared={SHARED}")
    assert said.code == 2
    assert f"shares {SHARED} at /srv/all, not {SHARED} at /shared" in said.err

    # Gone: one sentence and nothing touched; back: the blade starts.
    lab.lab("off", second)
    SHARED.rename(AWAY)
    try:
        said = lab.provision("lab", "on", second)
        assert said.code == 2
        assert f"the shared directory {SHARED} does not exist" in said.err
    finally:
        AWAY.rename(SHARED)
    lab.lab("on", second)
    assert reads(second) == "2000\nwritten"

    lab.lab("down")
    assert (SHARED / "home" / "file").read_text() == "written\n"
