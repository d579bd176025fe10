"""A thousand slurmds in one container, each with a host name, an address and folders of its own.

Nothing about them is special to Slurm: each is a configless slurmd that asks slurmctld who it is, by the name of
its UTS namespace, and binds to the address of that name (`NoInAddrAny`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from bench.scale_site import CONTROLLER_ADDRESS, NODE_NETWORK, Site, expect
from provisioner.names import host_name
from provisioner.slurm.record import node_record

Records = dict[str, dict[str, Any]]
POLL_SECONDS = 0.5

# Debian would start the package's own slurmd, which belongs to no node here.
INSTALL = """
systemctl mask --quiet slurmd
DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends slurmd >/dev/null
"""
# The source address is the one that srun listens on: jobs answer to where they were started from.
ROUTE = f"ip route replace local {NODE_NETWORK} dev lo src {CONTROLLER_ADDRESS}"
# Reads names. /run is private because slurmd keeps its configuration's link and pid file there. Most of a start is
# waiting for slurmctld, so several go at once.
START = f"""
mkdir -p /srv/scale
cat >/srv/scale/start <<'END'
name=$1 home=/srv/scale/$1
mkdir -p $home/spool $home/log $home/run/munge
hostname $name
mount --bind /run/munge $home/run/munge
mount --rbind $home/run /run
mount --bind $home/spool /var/lib/slurm/slurmd
mount --bind $home/log /var/log/slurm
exec slurmd --conf-server {CONTROLLER_ADDRESS}:6817
END
xargs --max-args=1 --max-procs=8 unshare --mount --uts sh /srv/scale/start
"""
# One munged answers for all nodes, as it never would outside of this emulation.
MUNGE = """
echo 'OPTIONS="--num-threads=8"' >/etc/default/munge
systemctl restart munge
"""


def prepare(site: Site) -> None:
    """Brings slurmd and the nodes' addresses to the container."""
    for script in (INSTALL, ROUTE, MUNGE):
        site.ask(script)


def records(site: Site, names: Iterable[str]) -> Records:
    """The registry's records of the nodes, from what the container's own slurmd measures."""
    cpu = site.ask("grep -m1 '^model name' /proc/cpuinfo | cut -d: -f2")
    blade = {"slurmd_c": site.ask("slurmd -C"), "cpu": {"model": cpu}}
    seen = {"run": "bench", "at": datetime.now(UTC).isoformat(timespec="seconds")}
    return {host_name(name): _record(site, name, blade, seen) for name in names}


def _record(site: Site, name: str, blade: dict[str, Any], seen: dict[str, str]) -> dict[str, Any]:
    planned = site.plan.blades[name]
    machine_id = f"{planned.bay:032x}"
    place = {
        "blade": name,
        "address": str(planned.address),
        "bay": planned.bay,
        "tier": planned.tier,
        "scratch_mib": 0,
    }
    return node_record({**blade, "machine_id": machine_id}, place, seen)


def start(site: Site, names: Sequence[str]) -> None:
    """Starts the nodes' slurmds; each returns once it has its configuration."""
    text = "".join(f"{host_name(name)}\n" for name in names)
    done = site.try_(START, text)
    expect(done.returncode == 0, f"starting slurmds: {done.stderr[-2000:]}")


def states(site: Site) -> dict[str, str]:
    """Node -> state, of all nodes that slurmctld knows; {} while it does not answer."""
    listed = site.try_("sinfo --noheader --Node --partition=all --format='%N %t'")
    return dict(line.split() for line in listed.stdout.splitlines()) if listed.returncode == 0 else {}


def until_idle(site: Site, names: Sequence[str], seconds: float = 300) -> float:
    """Seconds until all these nodes are idle."""
    begin = time.monotonic()
    wanted = {host_name(name) for name in names}
    while True:
        found = states(site)
        late = [name for name in wanted if found.get(name) != "idle"]
        waited = time.monotonic() - begin
        if not late:
            return waited
        shown = ", ".join(f"{name} {found.get(name, 'unknown')}" for name in sorted(late)[:5])
        expect(waited < seconds, f"{len(late)} nodes are not idle after {seconds:.0f} s: {shown}")
        time.sleep(POLL_SECONDS)
