"""GPUs of AMD, as a lab's stand-ins: found, handed out one for one, closed to others, and missed when one is gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.gpus import AMD, Accelerated, at_work, changed, opened
from tests.cluster.size import RELEASES
from tests.cluster.waiting import until


class WithAmd(Accelerated):
    """A controller, a node with two GPUs of AMD and one without."""

    maker = AMD


@pytest.fixture(scope="module", params=RELEASES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accelerated]:
    """The cluster."""
    with at_work(WithAmd("test-gpus-amd", 22, 1, request.param, tmp_path_factory.mktemp("plan"))) as made:
        yield made


def test_they_are_found_and_stay_so(lab: WithAmd) -> None:
    assert lab.gres == "gpu:mi210:2"
    assert "State=IDLE " in lab.node(lab.gpu)
    again = lab.run()
    assert (again.code, changed(again)) == (0, {})


def test_a_job_has_what_it_asks_for_and_can_open_no_other(lab: WithAmd) -> None:
    one = lab.job(AMD.opens, "--gpus=1")
    assert sorted(opened(one).values()) == [False, True]
    assert one.splitlines()[-1] in {"told: 0", "told: 1"}
    assert set(opened(lab.job(AMD.opens, "--gpus=mi210:2")).values()) == {True}
    none = lab.job(AMD.opens)
    assert set(opened(none).values()) == {False}
    assert none.splitlines()[-1].strip() == "told:"


def test_a_node_that_lost_one_works_on_with_the_other(lab: WithAmd) -> None:
    lab.lose_one()
    lab.inside(lab.gpu, "systemctl restart slurmd")
    assert until(lambda: lab.gres == "gpu:0", 60), lab.node(lab.gpu)
    said = lab.run()
    assert said.code == 3, said.text
    assert "1 of its 2 GPUs is missing" in said.failure(lab.gpu)
    assert (lab.gres, lab.state(lab.gpu, "idle")) == ("gpu:mi210:1", "idle"), lab.node(lab.gpu)
    assert opened(lab.job(AMD.opens, "--gpus=1"))[AMD.files[0]]
    lab.bring_it_back()
    lab.inside(lab.gpu, "systemctl restart slurmd")
    assert (lab.run().code, lab.gres) == (0, "gpu:mi210:2")
    assert lab.state(lab.gpu, "idle") == "idle", lab.node(lab.gpu)
