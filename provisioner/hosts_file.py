"""The /etc/hosts of a blade: an admin's lines stay, the cluster's block is ours. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from provisioner.console_text import their_words

# Debian's installer maps the host name to this address; MPI libraries would then listen on loopback.
_BEGIN, _END = "# BEGIN provision: blades of ", "# END provision: blades of "
INSTALLER_ADDRESS = "127.0.1.1"
_MOST_NOTES = 5


def hosts_file(current: str, cluster: str, hosts: Collection[Mapping[str, str]], domain: str = "") -> str:
    """The text of /etc/hosts with all blades of the cluster in a marked block.

    It stands at the end, or at the beginning where a foreign line gives one of the blades another address: the first
    line that has a name wins.

    Args:
        current: the text as it is; lines outside our block are kept but for Debian's 127.0.1.1 line.
        hosts: `{"name", "id", "address"}` of every blade, and with some `"ipv6"` and `"domain"`.
        domain: DNS domain for the first name of each line that has none of its own, '' for none.
    """
    begin, end = f"{_BEGIN}{cluster}", f"{_END}{cluster}"
    kept = [line for line in _outside(current) if line.split()[:1] != [INSTALLER_ADDRESS]]
    block = [begin, *(" ".join(_names(host, its, domain)) for host in hosts for its in _addresses(host)), end]
    foreign = _without_trailing_blanks(kept)
    ours_first = any(_contradicts(line, _addresses_of_names(hosts, domain)) for line in foreign)
    return "\n".join([*block, *foreign] if ours_first else [*foreign, *block]) + "\n"


def hosts_notes(current: str, cluster: str, hosts: Collection[Mapping[str, str]], domain: str = "") -> list[str]:
    """Lines of somebody else that give a blade another address, as `what is there; next: what to do`.

    They are numbered as a run leaves the file. Ours win, but a program that asks for all addresses of a name gets both.
    """
    addresses = _addresses_of_names(hosts, domain)
    written = hosts_file(current, cluster, hosts, domain).split("\n")
    found = []
    for number, line in enumerate(written, 1):
        for name in _contradicts(line, addresses):
            found.append(
                f"/etc/hosts, line {number}, gives {name} the address {their_words(line.split()[0], 50)}, the plan "
                f"{' and '.join(addresses[name])}, which comes first; next: delete that line, or correct the plan"
            )
    return found[:_MOST_NOTES] + ([f"{len(found) - _MOST_NOTES} more such lines"] if len(found) > _MOST_NOTES else [])


def _addresses_of_names(hosts: Iterable[Mapping[str, str]], domain: str) -> dict[str, list[str]]:
    """The addresses of each blade by each of its names; case does not count in names."""
    return {name.lower(): _addresses(host) for host in hosts for name in _names(host, "", domain)[1:]}


def _contradicts(line: str, addresses: Mapping[str, list[str]]) -> list[str]:
    """The names to which a line gives another address than ours."""
    address, *names = line.split("#", 1)[0].split() or [""]
    return list(dict.fromkeys(name.lower() for name in names if address not in addresses.get(name.lower(), [address])))


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
