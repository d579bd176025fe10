"""What growth costs: a cluster of a thousand nodes on one machine, changed by the project's own runs.

    python -m bench.scale --nodes 1000 --os bookworm

One lab container is the controller, provisioned by playbooks/slurm.yml; a thousand configless slurmds run in it.
A job has to live through a node that joins and a node that leaves. The times go into section `scale` of
bench/results.json; a step that does not do what it should ends the scenario with exit code 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.report import publish
from bench.results import read_results, write_section
from bench.scale_job import run_over, submit
from bench.scale_metrics import look, scrape, with_metrics
from bench.scale_nodes import prepare, records, start, states, until_idle
from bench.scale_run import Ran, controller_run, good_run
from bench.scale_site import CONTROLLER, Site, Wrong, expect, running
from bench.scale_verbs import verbs
from provisioner.errors import ExitCode, ProvisionError
from provisioner.names import host_name
from provisioner.plan.select import select_forgotten

# A slurmd of 24.11 has 12 threads and, while it reconfigures, a successor with as many: with a thousand of them
# that is near the 32,768 process ids of a usual host.
NODES = {"bookworm": 1000, "trixie": 300}
JOB_WIDTH = 3
SRUN_WIDTH = 100


@dataclass
class Table:
    """The measured times of one release."""

    release: str
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, what: str, seconds: float, note: str = "") -> None:
        """One row, printed at once; the load says how much of the machine was taken when it was measured."""
        load = f"load {os.getloadavg()[0]:.0f}"
        row = {"what": f"{self.release}: {what}", "seconds": round(seconds, 1), "note": f"{note}, {load}".strip(", ")}
        self.rows.append(row)
        print(f"{row['seconds']:>8} s  {row['what']} ({row['note']})", flush=True)

    def add_run(self, what: str, ran: Ran) -> None:
        """A run, with its tasks on the controller and the seconds of the phase Controller."""
        self.add(what, ran.seconds, f"{ran.tasks} tasks, phase Controller {ran.outcome.phases['Controller']:.1f} s")

    def write(self) -> None:
        """Puts the rows in place of this release's older ones."""
        measured = read_results().get("scale", [])
        others = [row for row in measured if not row["what"].startswith(f"{self.release}: ")]
        write_section("scale", [*others, *self.rows])


def scenario(site: Site, table: Table, everywhere: bool) -> None:
    """All steps in their order; the last of the plan's blades is the one that joins later."""
    *members, late = site.nodes
    table.add_run("controller from a bare Debian, no nodes yet", good_run(site, {}))
    prepare(site)
    # The package of slurmd has given a folder back to slurm.
    good_run(site, {})
    known = records(site, site.nodes)
    first = {host_name(name): known[host_name(name)] for name in members}
    one = {host_name(late): known[host_name(late)]}

    begun = good_run(site, first)
    table.add_run(f"first run with {len(members)} new records", begun)
    expect_nodes(site, members)
    begin = time.monotonic()
    start(site, members)
    until_idle(site, members)
    table.add(f"{len(members)} slurmds started and idle", time.monotonic() - begin)

    job = submit(site, members[:JOB_WIDTH])
    again = no_change(site, first, table, f"no-change run, {len(members)} nodes named")
    single = no_change(
        site, {host_name(members[0]): known[host_name(members[0])]}, table, "no-change run, 1 node named"
    )
    expect(again.tasks == single.tasks, f"{again.tasks} tasks for all nodes, {single.tasks} for one")
    refuse(site, members[0], job.number)
    job.must_live(site)

    begin = time.monotonic()
    joined = good_run(site, one)
    start(site, [late])
    until_idle(site, [late])
    table.add(f"1 node joins {len(members)}: run and idle", time.monotonic() - begin, f"run {joined.seconds:.1f} s")
    expect(joined.tasks == begun.tasks, f"{begun.tasks} tasks to add all nodes, {joined.tasks} to add one")
    # Not why: the first nodes of a cluster also replace what stands for none, and settings go by how many there are.
    kinds = [[line.split(": ")[:2] for line in run.changed] for run in (begun, joined)]
    expect(kinds[0] == kinds[1], f"changed for all nodes: {begun.changed}; for one: {joined.changed}")
    job.must_live(site)

    gone = members[len(members) // 2]
    table.add_run(f"1 node leaves {len(members) + 1} (--forget)", forget(site, gone))
    left = [name for name in site.nodes if name != gone]
    expect_nodes(site, left)
    expect(forget(site, gone).changed == [], "a node that is gone was taken out once more")
    job.must_live(site)

    begin = time.monotonic()
    site.ask("scontrol reconfigure")
    table.add("scontrol reconfigure", time.monotonic() - begin)
    idle = [name for name in left if name not in members[:JOB_WIDTH]]
    table.add("all idle after it", until_idle(site, idle))
    table.add(f"srun over {SRUN_WIDTH} nodes", run_over(site, SRUN_WIDTH))
    until_idle(site, idle)
    for verb, seconds in verbs(site, idle).items():
        table.add(f"provision {verb}, {len(idle)} nodes", seconds)
    measure(site, table)
    job.must_live(site)
    if everywhere:
        until_idle(site, idle)
        table.add(f"srun over {len(idle)} nodes", run_over(site, len(idle)))
        job.must_live(site)


def measure(site: Site, table: Table) -> None:
    """What Prometheus' figures cost."""
    measured, ran = with_metrics(site)
    table.add_run("metrics come to the controller", ran)
    looked, scraped = look(measured), scrape(measured)
    table.add("metrics: a look at Slurm", looked["seconds"], f"{looked['cpu']:.1f} s of CPU, {looked['mib']:.0f} MiB")
    said = f"{scraped['rows']} figures of Slurm's, {scraped['kib']} KiB, exporter {scraped['mib']:.0f} MiB"
    table.add("metrics: a scrape", scraped["seconds"], said)


def expect_nodes(site: Site, names: list[str]) -> None:
    """slurmctld has to know these nodes and no others."""
    found, wanted = states(site).keys(), {host_name(name) for name in names}
    odd = sorted(found ^ wanted)
    expect(not odd, f"slurmctld knows {len(found)} nodes instead of {len(wanted)}; not alike: {', '.join(odd[:5])}")


def no_change(site: Site, named: dict[str, dict[str, object]], table: Table, what: str) -> Ran:
    """A run that has nothing to do."""
    ran = good_run(site, named)
    expect(ran.changed == [], f"{what} changed something: {ran.changed}")
    table.add_run(what, ran)
    return ran


def forget(site: Site, blade: str) -> Ran:
    """What `provision slurm --forget` does, over the controller."""
    chosen = select_forgotten(site.plan, blade)
    return good_run(site, {}, slurmctld_forget=[host_name(name) for name in chosen])


def refuse(site: Site, blade: str, job: int) -> None:
    """Taking out a node with a job on it has to fail, name the job and change nothing."""
    ran = controller_run(site, {}, slurmctld_forget=[host_name(blade)])
    expect(ran.outcome.code is ExitCode.FAILED, f"{blade} was taken out under a running job")
    expect(f"jobs {job} " in ran.why, f"the refusal does not name job {job}: {ran.why}")
    expect(ran.changed == [], f"the refused run changed something: {ran.changed}")
    expect(host_name(blade) in states(site), f"{blade} is gone although its removal was refused")


def main() -> None:
    """Runs the scenario and writes its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--nodes", type=int, help="slurmds besides the one that joins later; default: 1000, 300 on trixie"
    )
    parser.add_argument("--os", choices=["bookworm", "trixie"], default="bookworm")
    parser.add_argument("--srun-everywhere", action="store_true", help="also one srun over all idle nodes")
    wanted = parser.parse_args()
    nodes = wanted.nodes or NODES[wanted.os]
    if nodes < SRUN_WIDTH + 2 * JOB_WIDTH:
        parser.error(f"--nodes has to be {SRUN_WIDTH + 2 * JOB_WIDTH} or more")
    table = Table(wanted.os)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="provision-scale-") as folder,
            running(Path(folder), nodes + 1, wanted.os) as site,
        ):
            scenario(site, table, wanted.srun_everywhere)
    except (Wrong, ProvisionError) as error:
        sys.exit(f"{CONTROLLER} of the scale scenario: {error}")
    table.write()
    publish()


if __name__ == "__main__":
    main()
