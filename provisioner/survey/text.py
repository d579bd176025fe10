"""The text of a first plan, with comments that say what was guessed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import yaml

from provisioner.console_text import counted, one_line
from provisioner.survey.kinds import Kind
from provisioner.survey.machine import UNKNOWN, Drive
from provisioner.survey.proposal import CONTROLLER_TIER, Node, Proposal, plain
from provisioner.survey.sorting import LeftOut

_WIDTH = 116
_PLAIN = re.compile(r"[A-Za-z0-9/~][A-Za-z0-9 ._/@()+~-]*(?<! )")
# No text of a plan may have these: templates and shells would take them for more than text.
_NO_TEXT = re.compile(r"[{}`$\x00-\x1f\x7f-\x9f]")
_PURPOSES = {"boot": "boot", "scratch": "scratch", "used": "spare"}


def plan_text(proposal: Proposal, left_out: Sequence[LeftOut]) -> str:
    """The plan file; every machine that is left out is a comment at its end."""
    return "\n".join([*_head(proposal), *_tiers(proposal), *_nodes(proposal), *_left_out(left_out)]) + "\n"


def _head(proposal: Proposal) -> Iterator[str]:
    shared = proposal.shared
    yield "#!/usr/bin/env -S provision inventory --plan"
    yield f"# The first plan of the cluster {proposal.cluster}, as `provision init` proposes it: read it, correct what"
    yield "# was guessed, then go on with `provision plan`. The first line makes this file an Ansible inventory."
    yield ""
    yield "cluster:"
    yield _commented(f"  name: {proposal.cluster}", "Slurm keeps this name: change it now or never")
    yield _commented(f"  network: {_scalar(str(shared.network))}", shared.why)
    yield _commented(f"  controller: {_scalar(proposal.controller)}", proposal.controller_why)
    if shared.gbit is not None:
        # Never as 1e+06, which YAML reads as text.
        speed = f"{shared.gbit:.3f}".rstrip("0").rstrip(".")
        yield _commented(f"  link_gbit: {speed}", "the slowest of the machines' ports")
    yield ""
    yield "ssh:"
    yield _commented(f"  user: {_scalar(proposal.user)}", "an account with your key and password-less sudo, or root")
    if proposal.ssh_port != 22:
        yield f"  port: {proposal.ssh_port}"
    if proposal.key:
        yield f"  key: {_scalar(proposal.key)}"
    yield ""


def _tiers(proposal: Proposal) -> Iterator[str]:
    yield "# Equal machines are one tier, and a tier that computes is a partition of Slurm."
    yield "tiers:"
    yield f"  {CONTROLLER_TIER}:"
    yield _commented("    slurm: [controller]", "runs slurmctld and no jobs")
    for kind in proposal.kinds:
        count = sum(node.tier == kind.tier for node in proposal.nodes)
        yield _commented(f"  {kind.tier}:", f"{counted(count, 'machine')}: {kind.what}")
        yield "    slurm: [compute]"
        yield from _scratch(kind)
    yield ""


def _scratch(kind: Kind) -> Iterator[str]:
    """A person has to name a disk before anything formats it: the line is a comment until one takes the # away."""
    if not kind.free_disks:
        return
    yield "    # Nothing is formatted unless you take the # before one `scratch` away: then the free disks of this size"
    yield "    # become scratch on these machines, if dense reading finds them empty."
    for size, count in sorted(kind.free_disks.items()):
        yield f"    # scratch: {{size_gb: {size}}}  # {counted(count, 'free disk')} of {size} GB on each"


def _nodes(proposal: Proposal) -> Iterator[str]:
    yield "# RAM in GiB; addresses are those in the cluster's network. Disks by their stable ids: boot has the system,"
    yield "# spare holds something and is never touched, one without a purpose is free."
    yield "nodes:"
    for node in proposal.nodes:
        yield from _node(proposal, node)


def _node(proposal: Proposal, node: Node) -> Iterator[str]:
    machine = node.seen.machine
    own = machine.host_name
    yield _commented(
        f"  {_scalar(node.name)}:", f"it calls itself {own}; a run renames it" if _differs(own, node) else ""
    )
    yield f"    address: {_scalar(str(node.port.address))}"
    yield f"    tier: {node.tier}"
    seen = f"the kernel sees {machine.memory_mib} MiB" if machine is not UNKNOWN else "not looked at: correct it"
    yield _commented(f"    ram: {min(machine.ram, 1_000_000)}", seen)
    if cpu := _NO_TEXT.sub("", machine.cpu_model).strip()[:200]:
        yield f"    cpu: {_scalar(cpu)}"
    if machine.gpus:
        yield from _gpus(machine.gpus)
    mac = node.port.interface.mac if node.port.interface else ""
    for key, value in (("mac", mac), ("serial", machine.serial)):
        if value and plain(value) not in proposal.shared_ids:
            yield f"    {key}: {_scalar(value)}"
    if way := _way(proposal, node):
        yield f"    ssh: {{{', '.join(f'{key}: {value}' for key, value in way.items())}}}"
    if machine.drives:
        yield "    disks:"
    for drive in machine.drives:
        yield _disk(drive, proposal.shared_ids)


def _differs(own: str, node: Node) -> bool:
    return bool(own) and own.lower() != node.name.lower()


def _gpus(gpus: Sequence[str]) -> Iterator[str]:
    yield _commented(f"    gpus: {len(gpus)}", f"by PCI: {', '.join(dict.fromkeys(gpus))}")


def _way(proposal: Proposal, node: Node) -> dict[str, str]:
    """What of ssh is not as the plan's own says it."""
    reach = node.seen.reach
    own = {
        "user": (reach.user, proposal.user),
        "port": (str(reach.port), str(proposal.ssh_port)),
        "key": (reach.target.key or proposal.key or "", proposal.key or ""),
        "jump": (reach.jump, ""),
        "address": (reach.address, str(node.port.address)),
    }
    return {key: _scalar(value) if key != "port" else value for key, (value, other) in own.items() if value != other}


def _disk(drive: Drive, shared_ids: frozenset[str]) -> str:
    disk = drive.disk
    keys = {"size_gb": str(min(max(1, disk.size_gb), 1_000_000))}
    if drive.kind:
        keys["type"] = drive.kind
    named = drive.id and drive.id not in shared_ids
    if named:
        keys["id"] = drive.id
    if purpose := _PURPOSES.get(disk.verdict):
        keys["purpose"] = purpose
    notes = [disk.model] if disk.model else []
    if not named:
        notes.append(f"{disk.path} has no id of its own" if drive.id else f"{disk.path} has no stable id")
    if disk.verdict == "used":
        notes.append("; ".join(disk.evidence))
    return _commented(f"      - {{{', '.join(f'{key}: {value}' for key, value in keys.items())}}}", ", ".join(notes))


def _left_out(left_out: Sequence[LeftOut]) -> Iterator[str]:
    if left_out:
        yield "# Not in this plan, for you to add once it is mended:"
    for each in left_out:
        yield _commented("", f"{each.label}: {each.why}; {each.next_step}").strip()


def _commented(line: str, words: str) -> str:
    """The line with a comment of visible characters behind it; a long one is cut."""
    comment = one_line(words, max(40, _WIDTH - len(line))) if words else ""
    return f"{line}  # {comment}" if comment else line


def _scalar(text: str) -> str:
    """The text as a value of YAML that is read as this text and nothing else."""
    if _PLAIN.fullmatch(text):
        try:
            if yaml.safe_load(text) == text:
                return text
        except (yaml.YAMLError, ValueError):
            pass
    return str(yaml.safe_dump(text, default_style='"', width=10**6)).strip()
