"""Every variable comes from somewhere: a role, the inventory of the plan, the run, or Ansible itself."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2.filters
import pytest
from ansible.plugins.loader import filter_loader, init_plugin_loader

from provisioner.inventory import cluster_variables, host_variables
from provisioner.plan.load import load_plan
from tests.contracts.ansible_files import (
    FOLLOWED,
    INTERNAL,
    KEEPERS,
    ROLES,
    ROOT,
    playbook_files,
    read,
    role_files,
    spec,
    variables_of,
    variables_of_data,
)

# What provisioner.run.converge hands over with every run.
EXTRA = {
    "provision_run", "provision_time", "provision_drain", "provision_explain", "provision_scheduled",
    "provision_backup", "provision_restore", "provision_roll", "provision_fetch_lists", "provision_ask",
    "provision_may_end", "provision_fingerprint", "provision_rotate",
}  # fmt: skip
# What the plays, or the verb, hand to a role, which works without it too.
HANDED = {"slurm_due", "slurm_ready", "slurm_enforcing", "slurm_told", "provision_accounts", "provision_trial_patience"}
# What the task that chooses nodes says of them.
SAID = {"slurm_refused", "slurm_noted"}
ANSIBLE = {
    "ansible_check_mode", "ansible_diff_mode", "ansible_failed_result", "ansible_facts", "ansible_host",
    "ansible_play_hosts_all",
    "ansible_play_hosts", "groups", "hostvars", "inventory_dir", "inventory_hostname", "item", "lookup", "loop",
    "now", "omit", "query", "dict", "range",
}  # fmt: skip


@pytest.fixture(scope="module")
def from_the_plan() -> set[str]:
    plan = load_plan(ROOT / "inventories" / "asgard" / "plan.yml")
    # ASGARD has no GPUs.
    other = host_variables(load_plan(ROOT / "tests" / "plans" / "other-site" / "plan.yml"), "BLD-001")
    gpus = {name for name in other if name.startswith("node_gpu")}
    return {*cluster_variables(plan, Path("key"), Path("known_hosts")), *host_variables(plan, "BLD-008"), *gpus}


def options(role: str) -> set[str]:
    return {name for entry in spec(role).values() for name in entry["options"]}


def all_options() -> set[str]:
    """What a person may set: the public variables of all roles."""
    return {name for role in ROLES for name in options(role)}


def defined_in(paths: list[Path]) -> set[str]:
    return {name for path in paths for name in variables_of(path).defined}


@pytest.mark.parametrize("role", ROLES)
def test_variables_of_a_role_come_from_somewhere(role: str, from_the_plan: set[str]) -> None:
    own = options(role) | defined_in(role_files(role)) | shared()
    handed = EXTRA | HANDED | {name for its, name in FOLLOWED if its == role}
    for path in role_files(role):
        found = variables_of(path)
        assert found.read - own - ANSIBLE - from_the_plan == set(), path
        assert found.optional - own - ANSIBLE - from_the_plan - handed == set(), path


def shared() -> set[str]:
    """What all roles may use: the internal role's names, and what a look at the node or a run of it has set."""
    return {name for name in options(INTERNAL) | defined_in(role_files(INTERNAL)) if name.startswith(f"{INTERNAL}_")}


@pytest.mark.parametrize("path", playbook_files(), ids=lambda path: path.stem)
def test_variables_of_the_playbooks_come_from_somewhere(path: Path, from_the_plan: set[str]) -> None:
    # Without the underscores, what a role sets is for the plays to read.
    answers = {name for role in ROLES for name in defined_in(role_files(role)) if not name.startswith("_")}
    known = defined_in(playbook_files()) | answers | ANSIBLE | from_the_plan | EXTRA | SAID
    roles = all_options()
    found = variables_of(path)
    # states.yml is imported beside them, and with it the defaults of the roles are there.
    seen = roles if path.stem in ("facts", "work") else set()
    assert found.read - known - seen == set()
    # With a fallback: a role's option that the site may set, or a knob of the run.
    knobs = {name for name in found.optional if name.startswith("provision_")}
    assert found.optional - known - roles - knobs == set()


def site_options(path: Path) -> set[str]:
    """Options that group_vars name, those in comments included: they invite a person to set them."""
    found = set(re.findall(r"^(?:# ?)?([a-z][a-z_]*):", path.read_text(), re.MULTILINE))
    return found & all_options()


SITE = ROOT / "inventories" / "asgard" / "group_vars" / "all.yml"


def overruling(loaded: Any) -> set[str]:
    """What plays or tasks set by `vars`, `set_fact`, `register` or beside a role; all of it outranks group_vars."""
    found = variables_of_data(loaded).defined
    for play in loaded:
        found |= {name for role in play.get("roles") or [] if isinstance(role, dict) for name in role}
        found |= {name for role in play.get("roles") or [] if isinstance(role, dict) for name in role.get("vars") or {}}
    return found


@pytest.mark.parametrize(
    "path",
    [*playbook_files(), *sorted((ROOT / "molecule").glob("*/*.yml"))],
    ids=lambda path: str(path.parent.name + "-" + path.stem),
)
def test_nothing_overrules_what_the_site_may_set(path: Path) -> None:
    """A variable of a play outranks group_vars, and the site's word would be lost in silence."""
    loaded = read(path)
    assert overruling(loaded if isinstance(loaded, list) else []) & all_options() == set()


@pytest.mark.parametrize(
    "play",
    [
        {"vars": {"base_extra_packages": []}},
        {"tasks": [{"ansible.builtin.import_role": {"name": "base"}, "vars": {"base_extra_packages": []}}]},
        {"tasks": [{"ansible.builtin.set_fact": {"base_extra_packages": []}}]},
        {"tasks": [{"block": [{"ansible.builtin.command": "x", "register": "base_extra_packages"}]}]},
        {"roles": [{"role": "base", "base_extra_packages": []}]},
        {"roles": [{"role": "base", "vars": {"base_extra_packages": []}}]},
        {"ansible.builtin.import_playbook": "x.yml", "vars": {"base_extra_packages": []}},
    ],
)
def test_what_overrules_the_site_is_noticed(play: dict[str, Any]) -> None:
    assert overruling([play]) & all_options() == {"base_extra_packages"}


def test_a_role_overrules_the_options_of_no_other() -> None:
    """Only which roles are worked on is said to the internal one, by each role for itself."""
    for role in ROLES:
        found = defined_in(role_files(role, "tasks", "vars", "handlers"))
        assert found & all_options() <= {f"{INTERNAL}_roles"}, role


def test_the_run_overrules_nothing_that_it_was_not_told() -> None:
    """Extra variables outrank everything, so none is handed over by default."""
    assert EXTRA & all_options() == set()


def test_the_site_is_shown_options_that_exist(from_the_plan: set[str]) -> None:
    assert site_options(SITE) >= {"slurmctld_config", "slurmctld_cgroup_config", "base_extra_packages"}
    named = set(re.findall(r"^(?:# )?([a-z]+_[a-z_]+):", SITE.read_text(), re.MULTILINE))
    assert named == site_options(SITE)
    assert named & from_the_plan == set(), "what the plan says is not said a second time"


def test_the_plan_sets_options_that_exist(from_the_plan: set[str]) -> None:
    roles = all_options()
    read_by_playbooks = {name for path in playbook_files() for name in variables_of(path).read}
    # The filter that makes records is given all variables of a node.
    read_by_filters = set(
        re.findall(r'host(?:\["|\.get\(")(\w+)"', (ROOT / "provisioner" / "slurm" / "record.py").read_text())
    )
    for name in from_the_plan:
        assert name.startswith("ansible_") or name in roles | read_by_playbooks | read_by_filters, name


def test_required_options_are_set_by_the_plan_or_a_playbook(from_the_plan: set[str]) -> None:
    for role in ROLES:
        for name, option in spec(role)["main"]["options"].items():
            if option.get("required"):
                assert name in from_the_plan | defined_in(playbook_files()), name


@pytest.mark.parametrize("role", ROLES)
def test_no_internal_variable_is_left_over(role: str) -> None:
    everywhere = [*role_files(role), *playbook_files()]
    used = {name for path in everywhere for name in variables_of(path).read | variables_of(path).optional}
    # The internal role looks them up by the name of the role.
    used |= {f"{name}_state" for name in KEEPERS}
    attributes = "".join(path.read_text() for path in playbook_files())
    for path in role_files(role, "vars"):
        for name in variables_of(path).defined:
            assert name in used or f".{name}" in attributes, f"{path}: {name}"


def our_filters() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "playbooks" / "filter_plugins").glob("*.py"):
        spec = importlib.util.spec_from_file_location(f"filters_of_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module: ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found |= set(module.FilterModule().filters())
    return found


def used_filters() -> set[str]:
    paths = [*playbook_files(), *(path for role in ROLES for path in role_files(role))]
    return {name for path in paths for name in variables_of(path).filters}


def test_every_filter_exists() -> None:
    init_plugin_loader()
    ours = our_filters()
    unknown = {
        name
        for name in used_filters() - ours - set(jinja2.filters.FILTERS)
        if filter_loader.get(name if "." in name else f"ansible.builtin.{name}") is None
    }
    assert unknown == set()


def test_no_filter_of_ours_is_left_over() -> None:
    assert our_filters() - used_filters() == set()
