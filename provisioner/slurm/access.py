"""What a site may say of who gets in, and of login nodes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provisioner.slurm.forms import HOST, NEXT, shown
from provisioner.sshd_pam import is_account

# Jobs whose session pam_slurm_adopt can take somebody into; X11 and Alloc in itself has no such step.
_CONTAINED = {"contain", "x11"}


def access_problems(given: Mapping[str, Any], address: re.Pattern[str]) -> list[str]:
    """Everything that must not get into slurm.conf or PAM, each with its next step.

    Args:
        given: `slurmctld_logins`, `slurmctld_config`, `adopt_ssh`, `adopt_admins` and `adopt_users` of the site, where
            it has them.
        address: the form of an IP address.
    """
    logins = given.get("slurmctld_logins", {})
    problems = []
    if not isinstance(logins, Mapping):
        problems.append(f"slurmctld_logins has to be addresses by name; {NEXT}")
    elif odd := [
        name for name, its in logins.items() if not HOST.fullmatch(str(name)) or not address.fullmatch(str(its))
    ]:
        problems.append(f"slurmctld_logins: {shown(odd[0])} cannot stand in slurm.conf; {NEXT}")
    if not _are_accounts(given.get("adopt_admins", [])):
        problems.append(f"adopt_admins has to be a list of accounts, and of groups such as %sudo; {NEXT}")
    if given.get("adopt_ssh") != "jobs":
        return problems
    # Of the account that runs log in as by default PAM is only told in this case.
    if not _are_accounts(given.get("adopt_users", [])):
        problems.append(f"adopt_users has to be a list of accounts, those that runs log in as; {NEXT}")
    if not _contains(given.get("slurmctld_config", {})):
        problems.append(
            "compute_ssh: jobs needs jobs that a session can become part of, and slurmctld_config sets PrologFlags "
            "without Contain; next: add Contain there, in group_vars beside the plan"
        )
    return problems


def _are_accounts(names: Any) -> bool:
    return isinstance(names, list) and all(isinstance(name, str) and is_account(name) for name in names)


def _contains(site: Any) -> bool:
    said = {str(key).lower(): value for key, value in site.items()} if isinstance(site, Mapping) else {}
    return "prologflags" not in said or bool(_CONTAINED & set(str(said["prologflags"]).lower().split(",")))
