"""The /etc/pam.d/sshd of a compute node where only users with a job get in: an admin's lines stay. Pure.

pam_slurm_adopt is the last word of the account stack, and root, admins and whom the runs log in as come before it.
pam_systemd would take a session out of the job again, so it is left out of the session stack for sshd alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WHO, _SESSION = "who gets in", "session without pam_systemd"
_INCLUDE = "@include common-session"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
# Should a node have lost the file: as Debian 12 and 13 have it.
STOCK = """\
@include common-auth
account    required     pam_nologin.so
@include common-account
session [success=ok ignore=ignore module_unknown=ignore default=bad]        pam_selinux.so close
session    required     pam_loginuid.so
session    optional     pam_keyinit.so force revoke
@include common-session
session    optional     pam_motd.so  motd=/run/motd.dynamic
session    optional     pam_motd.so noupdate
session    optional     pam_mail.so standard noenv
session    required     pam_limits.so
session    required     pam_env.so
session    required     pam_env.so envfile=/etc/default/locale
session [success=ok ignore=ignore module_unknown=ignore default=bad]        pam_selinux.so open
@include common-password
"""


def sshd_pam(current: str, session: str, rule: str, users: Iterable[str], admins: Iterable[str]) -> str:
    """The text of /etc/pam.d/sshd.

    Args:
        current: as it is; '' for no file.
        session: the text of /etc/pam.d/common-session.
        rule: `jobs`, or anything else for the file without our lines.
        users: accounts that always get in, besides root.
        admins: accounts, and groups as `%sudo`, that always do.

    Raises:
        ValueError: a name that PAM would read otherwise.
    """
    if rule != "jobs" and current.strip() and " provision: " not in current:
        return current
    theirs = "\n".join(_without_ours(current.split("\n"))).rstrip("\n") + "\n"
    text = theirs if theirs.strip() else STOCK
    if rule != "jobs":
        return text
    if isinstance(users, str) or isinstance(admins, str):
        raise ValueError("accounts come as a list")
    names = dict.fromkeys([*users, *admins])
    if odd := [name for name in names if not is_account(name)]:
        raise ValueError(f"{odd[0]!r} is no account or %group")
    if re.search(r"^[^#\n]*\bpam_systemd\.so", session, re.MULTILINE):
        kept = [line for line in session.split("\n") if line.split("#")[0].strip() and "pam_systemd.so" not in line]
        block = "\n".join(_block(_SESSION, kept))
        text = re.sub(rf"^{_INCLUDE}[ \t]*$", lambda found: block, text, count=1, flags=re.MULTILINE)
    return text + "\n".join(_block(_WHO, list(_rules(names)))) + "\n"


def is_account(name: str) -> bool:
    """Whether this is a plain name of an account, or of a group with `%` before it."""
    return _NAME.fullmatch(name.removeprefix("%")) is not None


def _rules(names: Iterable[str]) -> Iterable[str]:
    yield "account sufficient pam_succeed_if.so quiet uid = 0"
    for name in names:
        whom = f"user ingroup {name[1:]}" if name.startswith("%") else f"user = {name}"
        yield f"account sufficient pam_succeed_if.so quiet {whom}"
    # Its own defaults let a session in that cannot be adopted.
    yield "account required pam_slurm_adopt.so action_adopt_failure=deny action_generic_failure=deny"


def _block(what: str, lines: list[str]) -> list[str]:
    return [f"# BEGIN provision: {what}", *lines, f"# END provision: {what}"]


def _without_ours(lines: list[str]) -> list[str]:
    """The lines of others. A marker without its counterpart takes no foreign line with it."""
    kept: list[str] = []
    ours: tuple[str, list[str]] | None = None
    for line in lines:
        begun = re.fullmatch(r"# BEGIN provision: (.*)", line)
        if begun:
            kept += ours[1] if ours else []
            ours = (begun[1], [])
        elif ours and line == f"# END provision: {ours[0]}":
            kept += [_INCLUDE] if ours[0] == _SESSION else []
            ours = None
        elif not line.startswith("# END provision: "):
            (ours[1] if ours else kept).append(line)
    return kept + (ours[1] if ours else [])
