"""The image that every blade of a lab starts from: what a freshly imaged Debian has, no more."""

from __future__ import annotations

import hashlib
import shutil
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from provisioner.lab.aptsource import read_mirror_lines, read_settings
from provisioner.lab.command import run
from provisioner.lab.podman import Podman
from provisioner.lab.settings import PREFIX, Release

PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "openssh-server", "python3", "ca-certificates",
    "iproute2", "procps", "sudo",
    # what Ansible's apt module works with; part of Debian's standard system utilities
    "python3-apt",
)  # fmt: skip
# Its mounts and processes are nowhere but in namespaces of their own, which end with this process,
# however it ends: a killed build leaves files, and those lie in the lab's folder.
IN_A_BOX = (
    "setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child",
)  # fmt: skip
PARTS = Path(__file__).parent / "image"
NAMESPACES = Path(__file__).with_name("namespaces.py")
CERTIFICATES = Path("/usr/local/share/ca-certificates")


@dataclass(frozen=True)
class Recipe:
    """All that decides the content of an image; two equal recipes give one image."""

    release: Release
    user: str
    sources: tuple[str, ...]
    apt_settings: tuple[str, ...]
    parts: Mapping[str, bytes]
    certificates: Mapping[str, bytes]

    @property
    def base_name(self) -> str:
        """The bare system: release, packages and where they come from."""
        words = [*PACKAGES, *self.sources]
        return f"localhost/{PREFIX}-base:{self.release.value}-{_digest(words)}"

    @property
    def name(self) -> str:
        """The image of the blades, named by its content."""
        words: list[str | bytes] = [self.base_name, self.user, *self.apt_settings]
        for group in (self.parts, self.certificates):
            for name in sorted(group):
                words += [name, group[name]]
        return f"localhost/{PREFIX}:{self.release.value}-{_digest(words)}"


def _digest(words: Sequence[str | bytes]) -> str:
    digest = hashlib.sha256()
    for word in words:
        data = word.encode() if isinstance(word, str) else word
        # with its length, so that moving a byte from one word to the next is another content
        digest.update(f"{len(data)}:".encode() + data)
    return digest.hexdigest()[:12]


def read_recipe(release: Release, user: str) -> Recipe:
    """The recipe with this host's mirrors, apt settings and own certificates."""
    return Recipe(
        release=release,
        user=user,
        sources=tuple(read_mirror_lines(release)),
        apt_settings=tuple(read_settings()),
        parts={file.name: file.read_bytes() for file in (*PARTS.iterdir(), NAMESPACES) if file.is_file()},
        certificates={file.name: file.read_bytes() for file in CERTIFICATES.glob("*.crt")},
    )


def ensure_image(podman: Podman, recipe: Recipe, scratch: Path, say: Callable[[str], None]) -> str:
    """Builds what is not in podman's storage yet; returns the image's name.

    `scratch` is the folder for the build, which `lab down` removes should this process be killed.

    Raises:
        ProvisionError: a package cannot be fetched, or podman fails.
    """
    if podman.has_image(recipe.name):
        return recipe.name
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        if not podman.has_image(recipe.base_name):
            say(f"making a bare Debian {recipe.release.value} (once, about half a minute)")
            _make_base(podman, recipe, Path(folder))
        say(f"building the image {recipe.name}")
        _build(podman, recipe, Path(folder) / "context")
    return recipe.name


def _make_base(podman: Podman, recipe: Recipe, folder: Path) -> None:
    tar = folder / "base.tar"
    options = [f"--aptopt={line}" for line in recipe.apt_settings]
    run(
        [*IN_A_BOX, "mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", *options,
         recipe.release.value, str(tar), *recipe.sources],
        f"making a bare Debian {recipe.release.value}",
        "check that apt-get update works on this machine",
        environment={"TMPDIR": str(folder)},
        stop=signal.SIGKILL,
    )  # fmt: skip
    podman.call(["import", str(tar), recipe.base_name], "importing the bare system")
    tar.unlink()


def _build(podman: Podman, recipe: Recipe, context: Path) -> None:
    certificates = context / "certificates"
    certificates.mkdir(parents=True)
    for name, content in recipe.parts.items():
        (context / name).write_bytes(content)
    for name, content in recipe.certificates.items():
        (certificates / name).write_bytes(content)
    (context / "sources.list").write_text("".join(f"{line}\n" for line in recipe.sources))
    (context / "apt.conf").write_text("".join(f"{line}\n" for line in recipe.apt_settings))
    podman.build(recipe.name, context, {"BASE": recipe.base_name, "LOGIN": recipe.user})
    shutil.rmtree(context)
