"""What a run is made of: the plan, the variables and the accounts beside it, all checked."""

from __future__ import annotations

from pathlib import Path

from provisioner.accounts.checks.partitions import unknown_names
from provisioner.accounts.load import accounts_file, load_accounts
from provisioner.paths import assets
from provisioner.plan.load import load_plan, plan_tree
from provisioner.plan.model import Plan
from provisioner.plan.problems import PlanError
from provisioner.plan.source import read_source
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
    if (file := accounts_file(plan_file)).exists():
        accounts = load_accounts(file)
        if plan.partitions:
            tree = plan_tree(read_source(plan_file), plan_file)
            if problems := list(unknown_names(plan, tree, accounts)):
                raise PlanError(plan_file, problems)
    return plan
