"""A cluster with accounting and a shared directory, and a user on it with the programs of docs/programs.md."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.labs import STATE_HOME, Lab
from tests.cluster.size import RELEASES
from tests.programs.user import User

NAME = "test-programs"
# A fixed place below what CI empties, so that the next run removes what a killed one left.
SHARED = STATE_HOME / NAME


@pytest.fixture(scope="session", params=RELEASES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A controller, which users log in to, and two compute blades: a cluster as a run with our defaults makes it."""
    made = Lab(NAME, 32, 1, request.param, tmp_path_factory.mktemp("plan"), accounting=True, shared=SHARED)
    try:
        made.lab("down")
        shutil.rmtree(SHARED, ignore_errors=True)
        SHARED.mkdir(parents=True)
        made.up()
        said = made.slurm([*made.compute, made.spare])
        assert said.code == 0, said.text
        yield made
    finally:
        made.lab("down")
        shutil.rmtree(SHARED, ignore_errors=True)


@pytest.fixture(scope="session")
def user(lab: Lab) -> User:
    """Somebody with a home on all blades and the programs in it."""
    made = User(lab, "ada")
    made.create()
    made.install(Path(__file__).with_name("requirements.txt"))
    return made


@pytest.fixture(autouse=True)
def _nothing_is_left(user: User) -> Iterator[None]:
    """A program that leaves a job or a drained node behind fails by itself, and none after it does."""
    yield
    if not user.has_no_jobs():
        left = user.lab.ask("squeue --all")
        user.lab.ask(f"scancel --user={user.name}")
        pytest.fail(left)
    for blade in (*user.lab.compute, user.lab.spare):
        assert user.lab.state(blade, "idle") == "idle", user.lab.ask("sinfo --list-reasons")
