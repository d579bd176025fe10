from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from provisioner.lab.arguments import create
from provisioner.lab.gpus import MAJOR, lab_gpus
from provisioner.lab.host import Host
from provisioner.plan.model import Plan
from provisioner.slurm.gpu_names import gpu_type
from tests.unit.lab.test_lab_arguments import SPEC
from tests.unit.lab.test_lab_identity import IDENTITY, unpack


def with_gpus(plan: Plan, gpus: Any) -> Plan:
    """The plan with GPUs in BLD-002."""
    data = plan.model_dump(mode="json", exclude_none=True)
    data["blades"]["BLD-002"]["gpus"] = gpus
    return Plan.model_validate(data)


@pytest.mark.parametrize("gpus", [None, 0])
def test_a_blade_without_is_as_before(plan: Plan, v1_host: Host, gpus: Any) -> None:
    assert lab_gpus(with_gpus(plan, gpus), "BLD-002") == []
    assert not [word for word in create(SPEC, v1_host) if "cgroup" in word or "gpus" in word]
    assert "etc/lab/gpus" not in unpack(IDENTITY)
    # Slurm closes devices on all blades of a cluster.
    assert unpack(replace(IDENTITY, gpus=[]))["etc/lab/gpus"][1] == ""


def test_as_many_as_the_plan_says_each_with_its_own_place(plan: Plan) -> None:
    gpus = lab_gpus(with_gpus(plan, 3), "BLD-002")
    assert [gpu.minor for gpu in gpus] == [0, 1, 2]
    assert len({gpu.slot for gpu in gpus}) == 3
    assert {gpu.vendor for gpu in gpus} == {"nvidia"}
    assert gpus[1].line == "nvidia 1 0000:41:00.0 NVIDIA T4\n"


@pytest.mark.parametrize(("kind", "vendor"), [("a100", "nvidia"), ("rtx_3090", "nvidia"), ("mi210", "amd")])
def test_the_model_is_one_of_the_type(plan: Plan, kind: str, vendor: str) -> None:
    [gpu] = lab_gpus(with_gpus(plan, {"type": kind, "count": 1}), "BLD-002")
    assert (gpu.vendor, gpu_type(gpu.model, vendor, "20b0")) == (vendor, kind)


def test_the_blade_may_open_stand_ins_and_no_other_device(v1_host: Host) -> None:
    argv = create(replace(SPEC, gpus=2), v1_host)
    rules = [f"--device-cgroup-rule=c {MAJOR}:{minor} rwm" for minor in (0, 1, 255)]
    assert [word for word in argv if "cgroup" in word] == rules
    assert "--label=provision-lab.gpus=2" in argv
