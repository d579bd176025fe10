"""What happens to a run in the middle: signals, power cuts, networks, daemons.

A new fault is one line in FAULTS: what strikes, and what puts the world right again. What the next run has to mend by
itself is not put right.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address

import yaml

from provisioner.lab.arguments import mac_address
from tests.campaign.cluster import Cluster, podman
from tests.campaign.disturbances import Act, lab, script
from tests.campaign.terminal import Terminal
from tests.cluster.waiting import until

Strike = Callable[[Cluster, str, Terminal], None]
# Between two presses of Ctrl-C by somebody who is impatient.
_IMPATIENCE = 0.5


@dataclass(frozen=True)
class Fault:
    """`strike` in the middle of a run, `mend` after its end; both get the blade."""

    strike: Strike
    mend: Act | None = None
    on_controller: bool = False


def _quietly(kill: Callable[[int, int], None], process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it was faster than the signal
        kill(process, number)


def alone(number: signal.Signals) -> Strike:
    """A signal to `provision` itself, as a person kills it by its number."""
    return lambda cluster, blade, run: _quietly(os.kill, run.process.pid, number)


def group(number: signal.Signals, times: int = 1) -> Strike:
    """A signal to the whole process group, as the terminal sends it."""

    def strike(cluster: Cluster, blade: str, run: Terminal) -> None:
        for turn in range(times):
            if turn:
                until(lambda: run.process.poll() is not None, _IMPATIENCE)
            _quietly(os.killpg, run.process.pid, number)

    return strike


def each(word: str, number: signal.Signals) -> Strike:
    """A signal to the processes of the run that have this word in their command line."""

    def strike(cluster: Cluster, blade: str, run: Terminal) -> None:
        for process in run.processes(word):
            _quietly(os.kill, process, number)

    return strike


def on_blade(act: Act) -> Strike:
    """Something that happens to the blade; the run goes on."""
    return lambda cluster, blade, run: act(cluster, blade)


def container(verb: str) -> Act:
    """A verb of podman for the blade's container."""
    return lambda cluster, blade: podman(verb, cluster.container(blade))


def unplug(cluster: Cluster, blade: str) -> None:
    """The blade's cable is out."""
    podman("network", "disconnect", "--force", cluster.network, cluster.container(blade))


def plug(cluster: Cluster, blade: str) -> None:
    """The cable is in again, with the same addresses: a new one would leave the neighbours with a stale ARP entry."""
    address = str(yaml.safe_load(cluster.lab.plan.read_text())["blades"][blade]["address"])
    same = ("--ip", address, "--mac-address", mac_address(IPv4Address(address)))
    podman("network", "connect", *same, cluster.network, cluster.container(blade))


FAULTS: dict[str, Fault] = {
    "kill -9 of provision": Fault(alone(signal.SIGKILL)),
    "kill -9 of the group": Fault(group(signal.SIGKILL)),
    "kill -9 of ansible-playbook": Fault(each("ansible-playbook", signal.SIGKILL)),
    "kill -9 of ssh": Fault(each("ssh", signal.SIGKILL)),
    "TERM": Fault(alone(signal.SIGTERM)),
    "TERM to the group": Fault(group(signal.SIGTERM)),
    "Ctrl-C": Fault(group(signal.SIGINT)),
    "Ctrl-C twice": Fault(group(signal.SIGINT, times=2)),
    "Ctrl-C five times": Fault(group(signal.SIGINT, times=5)),
    "hang up": Fault(group(signal.SIGHUP)),
    "Ctrl-\\": Fault(group(signal.SIGQUIT)),
    "power cut of a blade": Fault(on_blade(lab("off")), lab("on")),
    "power cycle of a blade": Fault(on_blade(lab("reboot"))),
    "power cut of the controller": Fault(on_blade(lab("off")), lab("on"), on_controller=True),
    "power cycle of the controller": Fault(on_blade(lab("reboot")), on_controller=True),
    "frozen blade": Fault(on_blade(container("pause")), container("unpause")),
    "frozen controller": Fault(on_blade(container("pause")), container("unpause"), on_controller=True),
    "unplugged blade": Fault(on_blade(unplug), plug),
    "unplugged controller": Fault(on_blade(unplug), plug, on_controller=True),
    "munge killed": Fault(on_blade(script("systemctl kill --signal=KILL munge || true"))),
    "munge of the controller killed": Fault(
        on_blade(script("systemctl kill --signal=KILL munge || true")), on_controller=True
    ),
    "slurmctld killed": Fault(on_blade(script("systemctl kill --signal=KILL slurmctld || true")), on_controller=True),
    "MariaDB killed": Fault(on_blade(script("systemctl kill --signal=KILL mariadb || true")), on_controller=True),
    "slurmdbd killed": Fault(on_blade(script("systemctl kill --signal=KILL slurmdbd || true")), on_controller=True),
    "apt killed": Fault(on_blade(script("pkill -KILL -x 'apt-get|dpkg' || true"))),
    "disk full": Fault(
        on_blade(script("mount -t tmpfs -o size=64k tmpfs /tmp; mount -t tmpfs -o size=64k tmpfs /var/cache/apt")),
        script("umount --lazy /tmp; umount --lazy /var/cache/apt; true"),
    ),
}
