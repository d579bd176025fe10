"""Slurm's REST interface: what listens in front of slurmrestd. Pure.

slurmrestd hands a token on to slurmctld. One that is over is refused there, and slurmrestd then answers as if the fault
were its own (500 in 22.05, 511 in 24.11), whereupon programs try again instead of asking for a new token. So HAProxy
answers first, with 401. It looks at nothing but the time that the token names: whether the token is genuine is still
for slurmctld to say.
"""

from __future__ import annotations

SOCKET = "/run/slurmrestd/slurmrestd.socket"
"""Where slurmrestd itself listens."""
_REFUSAL = "The token has expired, or is none; `scontrol token` prints a new one."


def proxy_settings(address: str, port: int) -> str:
    """haproxy.cfg of the proxy that listens at an IP address and port. Times are seconds."""
    host = f"[{address}]" if ":" in address else address
    return f"""\
# Written by provision (role slurmrestd): the plan's `rest`.
global
    maxconn 256
    log stdout format raw local0 notice

defaults
    mode http
    log global
    option dontlognull
    option httpclose
    timeout connect 5s
    timeout http-request 30s
    timeout client 120s
    timeout server 120s

frontend rest
    bind {host}:{port}
    # slurmrestd says 500 or 511 of a token that is over.
    http-request set-var(txn.token) http_auth_bearer
    http-request set-var(txn.token) req.hdr(x-slurm-user-token) if {{ req.hdr(x-slurm-user-token) -m found }}
    http-request set-var(txn.until) var(txn.token),jwt_payload_query('$.exp','int')
    http-request set-var(txn.left) date(),neg,add(txn.until)
    acl shown var(txn.token) -m found
    acl counts var(txn.left) -m int ge 0
    http-request return status 401 content-type text/plain string "{_REFUSAL}" if shown !counts
    default_backend slurmrestd

backend slurmrestd
    server here unix@{SOCKET}
"""
