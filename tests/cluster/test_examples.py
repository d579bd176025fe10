"""One of the example plans becomes a cluster, on blades of the lab at other addresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.labs import Lab
from tests.cluster.size import EXAMPLES_SUBNET, LAB_NAME, RELEASES
from tests.cluster.waiting import until

EXAMPLE = Path(__file__).parents[2] / "examples" / "login-database" / "plan.yml"


class Harbour(Lab):
    """The example with a login node and a database node."""

    controller, database = "ctl", "vault"

    def _plan(self) -> dict[str, Any]:
        # Ranges count up from wherever they begin.
        plan = yaml.safe_load(EXAMPLE.read_text().replace("10.64.8.", f"10.62.{self.subnet}."))
        plan["cluster"]["name"] = self.name
        plan["mpi"] = self.mpi
        return dict(plan)

    @property
    def compute(self) -> list[str]:
        return ["c01", "c02"]


@pytest.fixture(scope="module", params=RELEASES)
def harbour(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    made = Harbour(f"{LAB_NAME}-ex", EXAMPLES_SUBNET, 2, request.param, tmp_path_factory.mktemp("plan"))
    try:
        made.lab("down")
        made.lab("up", f"--os={request.param}", f"--nodes={','.join([made.controller, made.database, *made.compute])}")
        yield made
    finally:
        made.lab("down")


def test_an_example_becomes_a_cluster(harbour: Harbour) -> None:
    wanted = [*harbour.compute, harbour.database]
    said = harbour.slurm(wanted)
    assert said.code == 0, said.text
    assert sorted(harbour.ask("srun --nodes=2 hostname").split()) == ["c01", "c02"]
    known = harbour.inside("c01", "getent hosts login vault")
    assert [line.split()[0] for line in known.splitlines()] == [f"10.62.{harbour.subnet}.{end}" for end in (11, 12)]
    assert "vault" not in harbour.ask("scontrol show nodes")
    asked = "sacct --allusers --noheader --parsable2 --allocations --format=state"
    assert until(lambda: "COMPLETED" in harbour.inside("c01", asked))
    again = harbour.slurm(wanted)
    assert (again.code, again.json["changed"]) == (0, 0), again.text
    # The two that did not join are no failure of those that did.
    proved = harbour.provision("verify", "--json")
    assert (proved.code, sorted(proved.json["blades"])) == (0, ["c01", "c02", "c03", "c04", "ctl"]), proved.text
    shown = harbour.provision("status", "--json").json["nodes"]
    assert [node["blade"] for node in shown] == ["c01", "c02", "c03", "c04"]
