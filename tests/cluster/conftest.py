"""The lab that the tests of this folder share: up before the first one, gone after the last one."""

from __future__ import annotations

import re
import signal
from collections.abc import Generator, Iterator

import pytest

from tests.cluster.as_found import evidence, left_over, settle
from tests.cluster.labs import FirstRun, Lab, VirginCheck
from tests.cluster.size import LAB_NAME, LAB_SUBNET, NODES, RELEASES, is_left_out


def pytest_configure() -> None:
    """People press Ctrl-C: a shell that starts the tests in the background has all that they start ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is too much for the chosen size; pytest counts it as deselected."""
    releases = "|".join(RELEASES)
    names = {
        item: re.sub(rf"\[({releases})-?", "[", item.nodeid.rpartition("/")[2]).replace("[]", "") for item in items
    }
    config.hook.pytest_deselected(items=[item for item in items if is_left_out(names[item])])
    items[:] = [item for item in items if not is_left_out(names[item])]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test of the cluster that fails says what Slurm has to say."""
    report = yield
    lab: Lab | None = getattr(item, "funcargs", {}).get("cluster")
    if report.when == "call" and report.failed and lab is not None:
        report.sections.append(("what Slurm says", evidence(lab)))
    return report


@pytest.fixture(scope="session", params=RELEASES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Virgin blades; each run of the tests has its own."""
    made = Lab(LAB_NAME, LAB_SUBNET, NODES, request.param, tmp_path_factory.mktemp("plan"))
    try:
        made.up()
        yield made
    finally:
        made.lab("down")


@pytest.fixture(scope="session")
def virgin_check(lab: Lab) -> VirginCheck:
    """The first run of all, in check mode, and a verification of what is not there yet."""
    watched = [lab.controller, lab.compute[0]]
    # a login leaves its own traces, so one comes before the comparison
    assert lab.provision("lab", "ssh", lab.compute[0], "true").code == 0
    verified = lab.provision("verify", "--json")
    before = {name: lab.fingerprint(name) for name in watched}
    said = lab.slurm(lab.compute, "--check")
    return VirginCheck(said, verified, before, {name: lab.fingerprint(name) for name in watched})


@pytest.fixture(scope="session")
def first_run(lab: Lab, virgin_check: VirginCheck) -> FirstRun:
    """The run that makes virgin blades a cluster; its states are asked for before any other test adds a node."""
    said = lab.slurm(lab.compute)
    return FirstRun(said, lab.states() if said.code == 0 else {})


@pytest.fixture(scope="session")
def cluster(lab: Lab, first_run: FirstRun) -> Lab:
    """A lab whose compute blades are members; the spare one is where a test made it one."""
    assert first_run.said.code == 0, first_run.said.text
    return lab


@pytest.fixture(autouse=True)
def _as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that leaves a member drained or a setting behind fails itself, and none after it does."""
    lab: Lab | None = request.getfixturevalue("cluster") if "cluster" in request.fixturenames else None
    yield
    if lab is not None and (left := left_over(lab)):
        seen = evidence(lab)
        settle(lab)
        pytest.fail(f"{left}\n{seen}")


@pytest.fixture(scope="module")
def stranger(cluster: Lab) -> str:
    """The spare blade, fresh from its image, and no node of the cluster."""
    cluster.lab("reimage", cluster.spare)
    # Where other tests had it as a compute node.
    assert cluster.slurm(cluster.compute, f"--forget={cluster.spare}").code == 0
    return cluster.spare


@pytest.fixture
def virgin(cluster: Lab) -> str:
    """The spare blade, fresh from its image."""
    cluster.lab("reimage", cluster.spare)
    return cluster.spare
