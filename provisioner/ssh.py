"""What ssh to a blade never does, whatever a person's ~/.ssh/config says."""

from __future__ import annotations

# A blade that somebody else controls gets nothing beside the commands that are sent to it: no agent to sign with, no
# way back through a forwarded port or display, no second source of trusted host keys. ProxyJump and ProxyCommand stay
# the person's: many sites reach their blades through another host.
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
