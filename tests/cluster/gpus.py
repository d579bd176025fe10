"""A cluster with stand-ins of GPUs, and what its jobs can open of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.cluster.job_tmp import ended, submit
from tests.cluster.labs import Lab, Said

# Nothing is behind the one that a job has, and others it may not open.
HAS, HAS_NOT = "No such device or address", "Operation not permitted"


@dataclass(frozen=True)
class Maker:
    """Whose the two GPUs are: their type, their device files, the variable that tells a job its own.

    `told` is what the driver has of the second one, whose device file is `files[1]`, with the minor number 1.
    """

    type: str
    files: tuple[str, str]
    variable: str
    told: str

    @property
    def opens(self) -> str:
        """A script that prints which of them it can open, and which it was told."""
        tried = f'for gpu in {" ".join(self.files)}; do echo "$gpu $(head -c1 $gpu 2>&1)"; done'
        return f'{tried}; echo "told: ${self.variable}"'


NVIDIA = Maker("a100", ("/dev/nvidia0", "/dev/nvidia1"), "CUDA_VISIBLE_DEVICES", "/proc/driver/nvidia/gpus/*41:00.0")
AMD = Maker(
    "mi210", ("/dev/dri/renderD128", "/dev/dri/renderD129"), "ROCR_VISIBLE_DEVICES", "/sys/bus/pci/devices/*41:00.0"
)


class Accelerated(Lab):
    """A controller, a node with two GPUs and one without."""

    gpu, plain = "BLD-002", "BLD-003"
    maker = NVIDIA

    def _plan(self) -> dict[str, Any]:
        plan = super()._plan()
        tiers: dict[str, Any] = {
            "fat": {"slurm": ["controller"]},
            "gpu": {"slurm": ["compute"], "gpus": {"type": self.maker.type, "count": 2}},
            "thin": {"slurm": ["compute"]},
        }
        for blade, tier in zip(plan["blades"].values(), tiers, strict=True):
            blade |= {"tier": tier, "disks": []}
        return {**plan, "tiers": tiers}

    def run(self, *words: str) -> Said:
        """A run over both nodes."""
        return self.slurm([self.gpu, self.plain], *words)

    def node(self, blade: str) -> str:
        """What slurmctld says of a node."""
        return self.ask(f"scontrol --oneliner show node {blade.lower()}")

    @property
    def gres(self) -> str:
        """Gres of the node with GPUs, without the sockets that Slurm adds."""
        found = re.search(r" Gres=(\S+)", self.node(self.gpu))
        return re.sub(r"\([^)]*\)", "", found[1]) if found else ""

    def job(self, script: str, *words: str) -> str:
        """What a job of nobody prints on the node with GPUs."""
        out = "/var/tmp/gpus.out"
        self.inside(self.gpu, f"rm -f {out}")
        job = submit(self, self.gpu, script, *words, output=out)
        assert ended(self, job) == "COMPLETED", self.inside(self.gpu, "tail -n 20 /var/log/slurm/slurmd.log")
        return self.inside(self.gpu, f"cat {out}")

    def lose_one(self) -> None:
        """The second GPU is away, and slurmd does not know it yet."""
        self.inside(self.gpu, f"mkdir -p /run/gone; rm {self.maker.files[1]}; mv {self.maker.told} /run/gone/")

    def bring_it_back(self) -> None:
        """It is there again. What was put in the place of its device file has another number."""
        file, place = self.maker.files[1], self.maker.told.rpartition("/")[0]
        self.inside(self.gpu, f"mv /run/gone/* {place}/; rm -f {file}; mknod --mode=0666 {file} c 60 1")


@contextmanager
def at_work(lab: Accelerated) -> Iterator[Accelerated]:
    """The cluster, up and made by a run; it is gone afterwards."""
    try:
        lab.up()
        said = lab.run()
        assert said.code == 0, said.text
        yield lab
    finally:
        lab.lab("down")


def changed(said: Said) -> dict[str, list[str]]:
    """What changed, or would, by blade."""
    return {name: blade["changed"] for name, blade in said.json["blades"].items() if blade["changed"]}


def opened(words: str) -> dict[str, bool]:
    """Whether a job could open each device file."""
    found = {line.split()[0]: line for line in words.splitlines() if line.startswith("/dev/")}
    assert all((HAS in line) != (HAS_NOT in line) for line in found.values()), words
    return {file: HAS in line for file, line in found.items()}
