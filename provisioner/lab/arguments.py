"""Argument lists for podman; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from provisioner.lab import settings
from provisioner.lab.gpus import MAJOR, minors
from provisioner.lab.host import Host
from provisioner.lab.settings import Release
from provisioner.lab.shared import Shared
from provisioner.names import host_name

# On top of podman's defaults: mounts and cgroups (SYS_ADMIN), interfaces (NET_ADMIN), job steps
# (SYS_PTRACE, SYS_NICE), loop disks (MKNOD); sshd dies at login where the kernel audits and it
# may not write (AUDIT_WRITE); a reboot ends the container in a way of its own (SYS_BOOT). Never --privileged: it
# would put the host's disks into the blade.
CAPABILITIES = ("SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_NICE", "MKNOD", "AUDIT_WRITE", "SYS_BOOT")


@dataclass(frozen=True)
class BladeSpec:
    """What the container of one blade is made from; `devices` are loop devices such as /dev/loop3,
    and `gpus` is how many stand-ins of GPUs it has."""

    cluster: str
    blade: str
    address: IPv4Address
    release: Release
    image: str
    devices: tuple[str, ...]
    state: str
    shared: Shared | None = None
    gpus: int = 0


def gateway(network: IPv4Network) -> IPv4Address:
    """The host's address in the blades' network: the first one."""
    return network.network_address + 1


def network_create(cluster: str, network: IPv4Network) -> list[str]:
    """The bridge of a lab. Without DNS: a fresh blade cannot resolve its neighbours either."""
    return [
        "network", "create", "--disable-dns",
        "--subnet", str(network), "--gateway", str(gateway(network)),
        "--label", f"{settings.CLUSTER_LABEL}={cluster}",
        settings.network_name(cluster),
    ]  # fmt: skip


def create(spec: BladeSpec, host: Host) -> list[str]:
    """`podman create` for one blade."""
    labels = {
        settings.CLUSTER_LABEL: spec.cluster,
        settings.BLADE_LABEL: spec.blade,
        settings.RELEASE_LABEL: spec.release.value,
        settings.STATE_LABEL: spec.state,
        **({settings.GPUS_LABEL: str(spec.gpus)} if spec.gpus else {}),
    }
    return [
        "create",
        "--name", settings.container_name(spec.cluster, spec.blade),
        *(f"--label={key}={value}" for key, value in labels.items()),
        "--systemd", "always",
        # A blade that reboots comes back; one that was switched off stays off.
        "--restart", "on-failure",
        "--network", settings.network_name(spec.cluster),
        "--ip", str(spec.address),
        # a changing one would leave the neighbours with a stale ARP entry after a power cycle
        "--mac-address", mac_address(spec.address),
        "--hostname", host_name(spec.blade),
        # the blade's /etc/hosts is its own file, as on a real one; a mount could not be replaced
        "--no-hosts",
        *(f"--ulimit={limit}" for limit in host.ulimits),
        "--pids-limit", "-1",
        "--cap-add", ",".join(CAPABILITIES),
        *_security(host),
        # the same node name inside: libblkid looks for LABEL= among the names in /proc/partitions
        *(f"--device={device}:{device}:rwm" for device in spec.devices),
        # One by one: of a rule for all, cgroup v1 takes none away for a job.
        *(f"--device-cgroup-rule=c {MAJOR}:{minor} rwm" for minor in minors(spec.gpus)),
        *([f"--volume={spec.shared.volume}"] if spec.shared else []),
        spec.image,
        *host.init(spec.release),
    ]  # fmt: skip


def mac_address(address: IPv4Address) -> str:
    """A locally administered MAC address that belongs to the blade's address."""
    return ":".join(f"{byte:02x}" for byte in (0x02, 0x1B, *address.packed))


def _security(host: Host) -> Sequence[str]:
    options = ["seccomp=unconfined", "unmask=ALL"]
    if host.apparmor:
        options.append("apparmor=unconfined")
    if host.selinux:
        options.append("label=disable")
    return [f"--security-opt={option}" for option in options]
