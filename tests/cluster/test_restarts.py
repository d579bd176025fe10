"""Short jobs while slurmctld stops and starts, as runs, backups and newer packages have it do: none hangs or fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cluster.background import Background, running
from tests.cluster.labs import Lab
from tests.cluster.waiting import until

# Their first step begins when they begin, and they end while others begin. Other tests take down the spare blade, which
# is in another partition.
STREAM = """
rm -f /run/stream-over
until [ -e /run/stream-over ]; do
  runuser -u nobody -- sbatch --partition=medium --job-name={} --chdir=/ --output=/dev/null --ntasks=1 --mem=8 \\
    --wrap='srun sleep 1'
  sleep 0.6
done
"""
OVER = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY"}


@dataclass(frozen=True)
class Stream:
    """Jobs of one name that come all the time."""

    lab: Lab
    name: str
    client: Background
    seen: dict[str, tuple[str, str]] = field(default_factory=dict)

    def jobs(self) -> dict[str, tuple[str, str]]:
        """State, and how often it began anew, of each; slurmctld forgets them after five minutes."""
        asked = f"squeue --noheader --states=all --name={self.name} --Format='JobID:20,State:20,RestartCnt:20'"
        self.seen.update({job: (state, anew) for job, state, anew in map(str.split, self.lab.ask(asked).splitlines())})
        return self.seen

    def over(self) -> int:
        return sum(state in OVER for state, _ in self.jobs().values())

    def flows(self) -> bool:
        """Whether jobs begin and end."""
        before = self.over()
        return until(lambda: self.over() > before + 3, 60)

    def end(self) -> int:
        """How many were submitted."""
        self.lab.ask("touch /run/stream-over")
        assert self.client.process.wait(timeout=60) == 0, self.client.text
        return self.client.text.count("Submitted batch job")


@contextmanager
def streaming(lab: Lab, name: str) -> Iterator[Stream]:
    client = ["podman", "exec", lab.container(lab.controller), "sh", "-c", STREAM.format(name)]
    with running(lab, client) as submits:
        try:
            yield Stream(lab, name, submits)
        finally:
            lab.ask(f"touch /run/stream-over; scancel --name={name}")


def restart(stream: Stream, folder: Path) -> None:
    """As roles do it, and the scripts of Debian's packages."""
    for _ in range(6):
        stream.lab.ask("systemctl restart slurmctld")
        assert until(lambda: "is UP" in stream.lab.tried(stream.lab.controller, "scontrol ping").out)
        assert stream.flows()


def change(stream: Stream, folder: Path) -> None:
    """A setting, and back: Slurm 22.05 is restarted for it, 24.11 reconfigured."""
    lab = stream.lab
    with lab.variables_of_the_site(slurmctld_config={"MaxArraySize": 2001}):
        said = lab.slurm(lab.compute)
    assert said.code == 0, said.text
    assert stream.flows()
    said = lab.slurm(lab.compute)
    assert said.code == 0, said.text


def backup(stream: Stream, folder: Path) -> None:
    for number in range(3):
        (folder / str(number)).mkdir()
        said = stream.lab.provision("backup", f"--to={folder / str(number)}", "--plain", "--json")
        assert said.code == 0, said.text
        assert stream.flows()


@pytest.mark.parametrize("stop", [restart, change, backup])
def test_no_short_job_hangs_or_fails_while_slurmctld_stops(
    cluster: Lab, tmp_path: Path, stop: Callable[[Stream, Path], None]
) -> None:
    with streaming(cluster, f"stream-{stop.__name__}") as stream:
        assert stream.flows()
        stop(stream, tmp_path)
        assert stream.flows()
        submitted = stream.end()
        until(lambda: {state for state, _ in stream.jobs().values()} <= OVER, 120)
        ended = stream.jobs()
    assert {job: how for job, how in ended.items() if how != ("COMPLETED", "0")} == {}
    assert len(ended) == submitted
    assert cluster.ask("scontrol --oneliner show reservations") == "No reservations in the system"
