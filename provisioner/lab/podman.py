"""The only module that calls podman."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioner.errors import ProvisionError
from provisioner.lab import settings
from provisioner.lab.command import run
from provisioner.lab.host import Host
from provisioner.lab.shared import Shared


@dataclass(frozen=True)
class Container:
    """A container of a lab as podman knows it; `state` is podman's word, `devices` are host paths."""

    name: str
    blade: str
    release: str
    state: str
    address: str
    devices: tuple[str, ...]
    state_folder: str
    shared: Shared | None = None
    gpus: int = 0

    @property
    def runs(self) -> bool:
        """Whether the blade is on."""
        return self.state == "running"

    @property
    def is_half_made(self) -> bool:
        """Whether it never booted: a killed `up` made it but had not filled it yet."""
        return self.state in ("created", "configured", "initialized", "unknown")


class Podman:
    """Podman's command line with the runtime that fits this host."""

    def __init__(self, host: Host) -> None:
        self._base = ["podman", "--runtime", host.runtime]
        self._ulimits = host.ulimits

    def call(self, argv: Sequence[str], purpose: str, stdin: bytes = b"") -> str:
        """The standard output of one podman command; raises ProvisionError with the reason it gave."""
        try:
            return run([*self._base, *argv], purpose, f"see: podman {argv[0]} --help", stdin)
        except ProvisionError as error:
            raise ProvisionError(error.message, _cure(error.message) or error.next_step) from error

    def start(self, name: str, blade: str) -> None:
        """Boots the container of a blade."""
        self.call(["start", name], f"starting {blade}")

    def containers(self, cluster: str) -> list[Container]:
        """All containers of a cluster's lab, also stopped and half-made ones."""
        label = f"label={settings.CLUSTER_LABEL}={cluster}"
        names = self.call(["ps", "--all", "--filter", label, "--format", "{{.Names}}"], "listing containers").split()
        if not names:
            return []
        found = json.loads(self.call(["container", "inspect", *names], "looking at containers"))
        return sorted((_container(each) for each in found), key=lambda each: each.name)

    def remove_containers(self, names: Sequence[str]) -> None:
        """Removes containers at once, running or not."""
        if names:
            self.call(["rm", "--force", "--time", "0", "--volumes", *names], "removing containers")

    def networks(self) -> list[dict[str, Any]]:
        """All networks of this host, as podman describes them."""
        # In one call: another lab that goes down takes its network away between two.
        found: list[dict[str, Any]] = json.loads(self.call(["network", "ls", "--format", "json"], "listing networks"))
        return found

    def build(self, name: str, context: Path, arguments: Mapping[str, str]) -> None:
        """Builds an image from a folder with a Containerfile."""
        self.call(
            # the host's network: there, a mirror or proxy on localhost is in reach
            ["build", "--quiet", "--layers=false", "--network", "host", "--tag", name,
             *(f"--build-arg={key}={value}" for key, value in arguments.items()),
             *(f"--ulimit={limit}" for limit in self._ulimits),
             str(context)],
            f"building {name}",
        )  # fmt: skip

    def has_image(self, name: str) -> bool:
        """Whether the image is in podman's storage."""
        return bool(self.call(["images", "--quiet", name], "listing images").strip())

    def images(self) -> list[str]:
        """Names of all images a lab has built on this host."""
        # Exactly: a pattern would take localhost/provision-labrador for one of ours.
        ours = {f"localhost/{settings.PREFIX}", f"localhost/{settings.PREFIX}-base"}
        listed = self.call(["images", "--format", "{{.Repository}}:{{.Tag}}"], "listing images").split()
        return [name for name in listed if name.rpartition(":")[0] in ours]


def _cure(message: str) -> str:
    """What a person does about troubles of podman whose own words do not help."""
    if "is already allocated" in message:
        return (
            "a podman that was killed left this address taken: restart the machine, or stop all"
            " containers, remove /run/containers/networks/ipam.db and start them again"
        )
    if "already in use" in message and "container" in message:
        return (
            "a container has this name that is none of this lab's: look at it (podman ps --all), and remove or rename"
            " it, or give this plan another cluster name"
        )
    if "no space left" in message:
        return "free some space below podman's storage (podman system df), then try again"
    return ""


def _container(found: dict[str, Any]) -> Container:
    labels = found["Config"].get("Labels") or {}
    command = found["Config"].get("CreateCommand") or []
    return Container(
        name=found["Name"],
        blade=labels.get(settings.BLADE_LABEL, ""),
        release=labels.get(settings.RELEASE_LABEL, ""),
        state=found["State"]["Status"],
        address=_value_after(command, "--ip"),
        # not HostConfig.Devices: podman looks names up by number there and takes loop0 for vcs,
        # the character device with the same one
        devices=tuple(word.removeprefix("--device=").split(":")[0] for word in command if word.startswith("--device=")),
        state_folder=labels.get(settings.STATE_LABEL, ""),
        shared=_shared(command),
        gpus=int(labels.get(settings.GPUS_LABEL, 0)),
    )


def _shared(command: list[str]) -> Shared | None:
    """The one volume of a blade."""
    volumes = [word.removeprefix("--volume=") for word in command if word.startswith("--volume=")]
    return Shared(*volumes[0].split(":")) if volumes else None


def _value_after(argv: list[str], option: str) -> str:
    return argv[argv.index(option) + 1] if option in argv[:-1] else ""
