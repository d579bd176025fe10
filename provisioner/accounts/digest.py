"""Whether a node has the people of the file, by one digest on both sides: a node in sync costs a run nothing more.

The node's side is a program of its shell, since that is what a look at a node can ask. It prints what the module
unix_users compares; when that compares more, so must this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

NAME = "people of the accounts file"
_ROWS = r"""
BEGIN { split(users, u, " "); for (i in u) user[u[i]]; split(groups, g, " "); for (i in g) group[g[i]] }
FILENAME == "/etc/passwd" && $1 in user { print "user:" $1 ":" $3 ":" $4 ":" $5 ":" $6 ":" $7 }
FILENAME == "/etc/shadow" && $1 in user && $8 == "1" { print "locked:" $1 }
FILENAME == "/etc/group" && $1 in group {
  print "group:" $1 ":" $3
  count = split($4, member, ",")
  for (i = 1; i <= count; i++) if (member[i] in user) print "member:" $1 ":" member[i]
}
"""
# The words after it: names of users, of groups, and of users whose homes are made; whether sshd is to read keys of
# ours; the program for awk. A locked account expired on the first day (see unix_accounts).
_PROGRAM = r"""
export LC_ALL=C
{
  awk -F: -v users="$1" -v groups="$2" "$5" /etc/passwd /etc/shadow /etc/group
  for name in $1; do
    [ ! -s "/etc/ssh/authorized_keys.d/$name" ] || (cd /etc/ssh/authorized_keys.d && sha256sum "./$name")
  done
  for name in $3; do [ ! -e "/home/$name" ] && [ ! -L "/home/$name" ] || echo "home:$name"; done
  [ -z "$4" ] || ! grep -q authorized_keys.d/%u /etc/ssh/sshd_config.d/50-provision-users.conf || echo sshd
} 2> /dev/null | sort | sha256sum | cut -c 1-64
"""


def people_asked(file: str) -> dict[str, dict[str, Any]]:
    """What the role users asks a node, as `asks` of a state; nothing without a file.

    Raises:
        AccountsError: the file cannot be read or used.
    """
    if not file:
        return {}
    path = Path(file)
    return _asked(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _asked(path: Path, _written: int) -> dict[str, dict[str, Any]]:
    """Once for all nodes: a thousand users take a second to read."""
    # With pydantic and the models they take 0.15 s of each run, and few runs have a file.
    from provisioner.accounts.load import load_accounts
    from provisioner.accounts.people import people

    wanted = people(load_accounts(path))
    users = [str(user["name"]) for user in wanted["users"]]
    groups = [str(group["name"]) for group in wanted["groups"]]
    homes = [str(user["name"]) for user in wanted["users"] if user["make_home"]]
    words = [" ".join(users), " ".join(groups), " ".join(homes), "keys" if _has_keys(wanted) else "", _ROWS]
    return {NAME: {"argv": ["sh", "-c", _PROGRAM, "people", *words], "wanted": people_digest(wanted), "own": True}}


def people_digest(wanted: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The answer of a node that has these people; for the argument see `people`."""
    text = "".join(f"{line}\n" for line in sorted(_lines(wanted), key=str.encode))
    return hashlib.sha256(text.encode()).hexdigest()


def _lines(wanted: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    for group in wanted["groups"]:
        yield f"group:{group['name']}:{group['gid']}"
    for user in wanted["users"]:
        name = str(user["name"])
        yield f"user:{name}:{user['uid']}:{user['gid']}:{user['comment']}:{user['home']}:{user['shell']}"
        yield from (f"member:{group}:{name}" for group in user["groups"])
        if user["locked"]:
            yield f"locked:{name}"
        if user["make_home"]:
            yield f"home:{name}"
        if user["keys"]:
            yield f"{hashlib.sha256(user['keys'].encode()).hexdigest()}  ./{name}"
    if _has_keys(wanted):
        yield "sshd"


def _has_keys(wanted: Mapping[str, Sequence[Mapping[str, Any]]]) -> bool:
    return any(user["keys"] for user in wanted["users"])
