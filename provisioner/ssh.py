"""How ssh speaks to a blade, whatever a person's ~/.ssh/config says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from provisioner.host_trust import trust_file

# A blade that somebody else controls gets nothing beside the commands that are sent to it: no agent to sign with, no
# way back through a forwarded port or display, no second source of trusted host keys. Where the plan names
# no jump host, ProxyJump and ProxyCommand stay the person's: many sites reach their blades through another host.
CLOSED = (
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "Tunnel=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "KnownHostsCommand=none",
    "VerifyHostKeyDNS=no",
    "UpdateHostKeys=no",
)

CONNECT_SECONDS = 10


def ssh_options(known_hosts: Path | None, unknown: str = "accept-new", jump: str | None = None) -> list[str]:
    """ssh options of every connection: the site's own known_hosts, unknown hosts once, changed ones never.

    A blade with a pinned key is never unknown (`unknown="yes"`): its key is on record before it is asked for anything.

    Without HashKnownHosts=no a person could not find a blade's line; GSSAPI costs a DNS look-up per login. The key
    exchange that OpenSSH 9.0 to 9.8 prefers (sntrup761) takes 68 ms of CPU time here per connection, this one 12 ms;
    it is offered first, and the others still are for a blade that wants them.
    """
    options = [f"-o StrictHostKeyChecking={unknown}", "-o GSSAPIAuthentication=no", "-o BatchMode=yes"]
    options.append("-o KexAlgorithms=^curve25519-sha256")
    options += [f"-o {option}" for option in CLOSED]
    if known_hosts:
        own = shlex.quote(f'UserKnownHostsFile="{known_hosts}"')
        # Written as a whole by every run; the first file is the one that ssh itself adds to.
        signed = shlex.quote(f'GlobalKnownHostsFile="{trust_file(known_hosts)}"')
        options += [f"-o {own}", f"-o {signed}"]
        options.append("-o HashKnownHosts=no")
    if jump:
        options.append(f"-o {shlex.quote(through(jump, known_hosts))}")
    return options


def through(jump: str, known_hosts: Path | None) -> str:
    """The ssh option that goes through a jump host, `admin@gate.example.org:22`.

    ssh's own ProxyJump would ask at the terminal of a run whether a key is right. The jump host's key is checked
    against the site's known_hosts and the person's: an unknown one is taken once, into the site's, a changed one never.
    With which key to log in there is ssh's own choice, as ~/.ssh/config says. All that goes through it is encrypted for
    the blade, whose own key is checked as always.
    """
    user, _, where = jump.rpartition("@")
    host, port = re.fullmatch(r"(.*?)(?::([0-9]+))?", where).groups()  # type: ignore[union-attr]
    options = ["BatchMode=yes", "StrictHostKeyChecking=accept-new", f"ConnectTimeout={CONNECT_SECONDS}"]
    options += ["ControlMaster=no", "ControlPath=none", *CLOSED]
    if known_hosts:
        options += [f'UserKnownHostsFile="{known_hosts}" ~/.ssh/known_hosts', "HashKnownHosts=no"]
    words = ["ssh", *(word for option in options for word in ("-o", option))]
    words += [*(["-l", user] if user else []), *(["-p", port] if port else []), "-W", "[%h]:%p", host.strip("[]")]
    return f"ProxyCommand={shlex.join(words)}"
