"""Where things are: packaged playbooks and roles, the plan, the private state of a cluster."""

from __future__ import annotations

import os
from pathlib import Path

from provisioner.errors import UsageError

PLAN_VARIABLE = "PROVISION_PLAN"


def assets() -> Path:
    """The folder that holds `playbooks/` and `roles/`: package data of a wheel, or the checkout."""
    share = Path(__file__).resolve().parent / "share"
    return share if share.is_dir() else share.parent.parent


def find_plan(given: Path | None) -> Path:
    """The plan to use: the given one, $PROVISION_PLAN, ./plan.yml, or the only inventories/*/plan.yml.

    Raises:
        UsageError: there is none, or more than one to choose from.
    """
    if given is not None:
        return given / "plan.yml" if given.is_dir() else given
    if variable := os.environ.get(PLAN_VARIABLE):
        return find_plan(Path(variable))
    if Path("plan.yml").exists():
        return Path("plan.yml")
    found = sorted(Path("inventories").glob("*/plan.yml"))
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(
            "no plan found: there is no plan.yml here and no inventories/*/plan.yml",
            f"name one with --plan FILE or set {PLAN_VARIABLE}",
        )
    raise UsageError(f"more than one plan here: {', '.join(map(str, found))}", "choose one with --plan FILE")


def absolute(path: Path) -> Path:
    """The path from the root, without `..`, and with links as they are: a link may be meant to lead elsewhere later."""
    return Path(os.path.normpath(path.expanduser().absolute()))


def state_home() -> Path:
    """The folder of the state of all clusters; no cluster's name begins with a dot."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "provision"


def state_dir(cluster: str) -> Path:
    """The private state of a cluster ($XDG_STATE_HOME/provision/<cluster>), made 0700 when missing."""
    folder = state_home() / cluster
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder
