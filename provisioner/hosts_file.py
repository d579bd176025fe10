"""The /etc/hosts of a blade: an admin's lines stay, the cluster's block is ours. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Debian's installer maps the host name to this address; MPI libraries would then listen on loopback.
_BEGIN, _END = "# BEGIN provision: blades of ", "# END provision: blades of "
INSTALLER_ADDRESS = "127.0.1.1"


def hosts_file(current: str, cluster: str, hosts: Iterable[Mapping[str, str]], domain: str = "") -> str:
    """The text of /etc/hosts with all blades of the cluster in a marked block at its end.

    Args:
        current: the text as it is; lines outside our block are kept but for Debian's 127.0.1.1 line.
        hosts: `{"name", "id", "address"}` of every blade, and with some `"ipv6"` and `"domain"`.
        domain: DNS domain for the first name of each line that has none of its own, '' for none.
    """
    begin, end = f"{_BEGIN}{cluster}", f"{_END}{cluster}"
    kept = [line for line in _outside(current) if line.split()[:1] != [INSTALLER_ADDRESS]]
    block = [" ".join(_names(host, address, domain)) for host in hosts for address in _addresses(host)]
    return "\n".join([*_without_trailing_blanks(kept), begin, *block, end]) + "\n"


def _outside(text: str) -> list[str]:
    """The lines that are not ours, whatever the cluster was called when they were written.

    A marker without its counterpart takes no foreign line with it.
    """
    kept: list[str] = []
    ours: list[str] | None = None
    for line in text.split("\n"):
        if line.startswith(_BEGIN):
            kept += ours or []
            ours = []
        elif line.startswith(_END):
            ours = None
        elif ours is None:
            kept.append(line)
        else:
            ours.append(line)
    return kept + (ours or [])


def _addresses(host: Mapping[str, str]) -> list[str]:
    return [address for address in (host["address"], host.get("ipv6")) if address]


def _names(host: Mapping[str, str], address: str, domain: str) -> list[str]:
    its = host.get("domain") or domain
    full = [f"{host['name']}.{its}"] if its else []
    alias = [host["id"]] if host["id"] != host["name"] else []
    return [address, *full, host["name"], *alias]


def _without_trailing_blanks(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines or ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
