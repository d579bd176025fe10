"""Where a lab gets Debian from: the mirror and the settings that the host's own apt uses."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from provisioner.errors import UsageError
from provisioner.lab.command import run
from provisioner.lab.settings import Release

MIRROR_VARIABLE = "PROVISION_LAB_MIRROR"
_FORMAT = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)"
# how apt reaches a mirror and how it judges its age; nothing else of the host is a blade's business
_SETTINGS = re.compile(r"^Acquire::(https?(::|\s)|ftp::|Check-Valid-Until|Check-Date|Retries|ForceIPv)", re.IGNORECASE)
_LOOPBACK = re.compile(r"//(localhost|127\.\d+\.\d+\.\d+|\[::1\])(?=[:/\"])")


@dataclass(frozen=True)
class Source:
    """One repository the host's apt knows; `origin` is empty until its lists were fetched."""

    uri: str
    release: str
    component: str
    origin: str


def parse_targets(text: str) -> list[Source]:
    """What `apt-get indextargets` printed in our format, one repository per line."""
    rows = [line.split("|") for line in text.splitlines() if line.count("|") == 3]
    return [Source(uri.rstrip("/"), *rest) for uri, *rest in rows]


def mirror_lines(sources: Iterable[Source], release: Release) -> list[str]:
    """sources.list lines for the release, from the mirrors the host has for any Debian release.

    Raises:
        UsageError: the host's apt knows no Debian mirror.
    """
    debian = [source for source in sources if source.component == "main" and _is_debian(source)]
    plain = [source for source in debian if re.fullmatch(r"[a-z]+", source.release)]
    if not plain:
        raise UsageError(
            "this machine's apt knows no Debian mirror to build the lab's image from",
            f"name one: {MIRROR_VARIABLE}=http://MIRROR/debian provision lab up",
        )
    lines = [f"deb {plain[0].uri} {release.value} main"]
    for suffix in ("-updates", "-security"):
        match = [source for source in debian if source.release.endswith(suffix)]
        if match:
            lines.append(f"deb {match[0].uri} {release.value}{suffix} main")
    return lines


def _is_debian(source: Source) -> bool:
    """By origin, or by the path as long as the lists were never fetched."""
    if source.origin and not source.origin.startswith("$("):
        return source.origin == "Debian"
    return bool(re.search(r"/debian(-security)?$", source.uri))


def settings_of(dump: str, environment: Mapping[str, str]) -> list[str]:
    """Lines for apt.conf: the host's proxy, TLS and date settings, and proxies of its environment."""
    lines = [line for line in dump.splitlines() if _SETTINGS.match(line) and not line.rstrip().endswith('"";')]
    for scheme in ("http", "https"):
        proxy = environment.get(f"{scheme}_proxy") or environment.get(f"{scheme.upper()}_PROXY")
        if proxy and not any(f"acquire::{scheme}::proxy " in line.lower() for line in lines):
            lines.append(f'Acquire::{scheme}::Proxy "{proxy}";')
    return lines


def seen_from_blade(lines: Iterable[str], gateway: IPv4Address) -> list[str]:
    """The same settings inside a blade, where this host is the gateway and not localhost."""
    return [_LOOPBACK.sub(f"//{gateway}", line) for line in lines]


def read_mirror_lines(release: Release) -> list[str]:
    """The mirror lines from this host's apt, or from the variable that overrides it."""
    if mirror := os.environ.get(MIRROR_VARIABLE):
        return [f"deb {mirror.rstrip('/')} {release.value} main"]
    listed = run(
        ["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"],
        "reading this machine's apt sources",
    )
    return mirror_lines(parse_targets(listed), release)


def read_settings() -> list[str]:
    """The apt settings of this host that a blade needs too."""
    return settings_of(run(["apt-config", "dump"], "reading apt's settings"), os.environ)
