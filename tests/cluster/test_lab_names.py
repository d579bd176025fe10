"""What only looks like a part of a lab is never touched, and a lab leaves no secret outside of its folder."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.labs import Lab


def podman(*words: str) -> str:
    done = subprocess.run(["podman", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def image_of(lab: Lab) -> str:
    name = f"provision-lab-{lab.name}-{lab.controller.lower()}"
    return podman("container", "inspect", "--format", "{{.ImageName}}", name)


@pytest.fixture
def strangers(cluster: Lab) -> Iterator[list[str]]:
    """Containers, a network and an image of somebody else, with names that begin like ours."""
    image, spare = image_of(cluster), cluster.spare.lower()
    names = [
        f"provision-lab-{cluster.name}-zzz",
        f"provision-lab-{cluster.name}2-{spare}",
        f"provision-labr-{cluster.name}",
    ]
    foreign = f"localhost/provision-labrador-{cluster.name}:1"
    network = f"provision-lab-{cluster.name}-net"
    try:
        for name in names:
            podman("create", "--network", "none", "--name", name, image, "true")
        podman("tag", image, foreign)
        podman("network", "create", network)
        yield [*names, foreign, network]
    finally:
        subprocess.run(["podman", "rm", "--force", *names], capture_output=True, check=False)
        subprocess.run(["podman", "network", "rm", "--force", network], capture_output=True, check=False)
        subprocess.run(["podman", "untag", image, foreign], capture_output=True, check=False)


def seen() -> set[str]:
    """All containers, networks and images of this host by name."""
    return {
        *podman("ps", "--all", "--format", "{{.Names}}").split(),
        *podman("network", "ls", "--format", "{{.Name}}").split(),
        *podman("images", "--format", "{{.Repository}}:{{.Tag}}").split(),
    }


def test_a_lab_goes_and_comes_back_and_strangers_stay(cluster: Lab, strangers: list[str]) -> None:
    blades = [f"provision-lab-{cluster.name}-{name.lower()}" for name in (cluster.controller, cluster.spare)]
    listed = [each["container"] for each in json.loads(cluster.provision("lab", "status", "--json").out)]
    assert set(blades) <= set(listed)
    assert not set(strangers) & set(listed)
    cluster.lab("reimage", cluster.spare)
    assert set(strangers) <= seen()


def test_a_stranger_with_a_blades_very_name_is_left_alone(cluster: Lab) -> None:
    name = f"provision-lab-{cluster.name}-{cluster.spare.lower()}"
    image = image_of(cluster)
    podman("rm", "--force", "--time", "0", name)
    podman("create", "--network", "none", "--name", name, image, "true")
    before = podman("container", "inspect", "--format", "{{.Id}}", name)
    try:
        said = cluster.provision("lab", "up", f"--nodes={cluster.spare}")
        assert said.code == 1, said.text
        assert "none of this lab" in said.text
        assert podman("container", "inspect", "--format", "{{.Id}}", name) == before
        assert cluster.provision("lab", "reimage", cluster.spare).code != 0
        assert podman("container", "inspect", "--format", "{{.Id}}", name) == before
    finally:
        podman("rm", "--force", name)
        cluster.lab("up", f"--nodes={cluster.spare}")


def test_no_key_of_a_blade_lies_around(cluster: Lab) -> None:
    """Watched while a blade is made: every new file in the folders for temporary files, and what it holds."""
    places = [Path("/var/tmp"), Path("/tmp")]
    command = cluster.command("lab", "reimage", cluster.spare)
    before = {file for place in places for file in place.iterdir()}
    found: dict[str, bytes] = {}
    with subprocess.Popen(
        command, env=cluster.variables(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as made:
        while made.poll() is None:
            for file in {file for place in places for file in place.iterdir()} - before:
                found |= private_keys(file)
    assert made.returncode == 0
    # Other programs of this machine make keys as well: it has to be this blade's.
    key = cluster.inside(cluster.spare, "cat /etc/ssh/ssh_host_ed25519_key").splitlines()[2].encode()
    assert [name for name, content in found.items() if key in content] == []


def private_keys(path: Path) -> dict[str, bytes]:
    """The files at or below a path that hold a private key."""
    held = {}
    with contextlib.suppress(OSError):  # it went while we looked
        for file in [path] if path.is_file() else path.rglob("*"):
            if file.is_file() and b"OPENSSH PRIVATE KEY" in (content := file.read_bytes()[:1_000_000]):
                held[str(file)] = content
    return held
