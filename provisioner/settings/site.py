"""What a run is made of: the plan, the variables and the accounts beside it, all checked."""

from __future__ import annotations

from pathlib import Path

from provisioner.accounts.load import accounts_file, load_accounts
from provisioner.paths import assets
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.settings.check import check_settings


def load_site(plan_file: Path) -> Plan:
    """The plan in a file, after the variables and the accounts beside it were looked at.

    Raises:
        PlanError: the plan cannot be used.
        AccountsError: the accounts cannot be used.
        SettingsError: the variables cannot be used.
    """
    plan = load_plan(plan_file)
    check_settings(plan, plan_file.parent, assets() / "roles")
    if (accounts := accounts_file(plan_file)).exists():
        load_accounts(accounts)
    return plan
