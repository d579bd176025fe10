"""Odd settings of a site, without blades: a setting does what it says and nothing else, or it is refused in a sentence.

Goes through the filters that the roles use and the roles' own templates; `live` tries the same on a cluster.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from provisioner.plan.load import load_plan
from provisioner.settings.check import settings_problems
from provisioner.settings.value import is_template, leaves
from provisioner.slurm.keys import KEYS
from provisioner.state.kinds import StateError
from tests.campaign.case import Broken, Case, Part, Place, Run, Tally
from tests.campaign.site_files import (
    FILTERS,
    GUARDED,
    LINES,
    ROOT,
    cgroup_conf,
    check_problems,
    check_sentences,
    check_text,
    slurm_conf,
)

PLAN = load_plan(ROOT / "inventories" / "asgard" / "plan.yml")
SITE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "cases" / "settings.yml").read_text())


def some_settings(random: Random) -> dict[Any, Any]:
    """One to three settings, mostly of slurm.conf's own keys."""
    return {random.choice(SITE["keys"]): random.choice(SITE["values"]) for _ in range(random.choice((1, 1, 1, 2, 3)))}


def _try_file(variable: str, text: Callable[[Any], str], random: Random, tally: Tally) -> None:
    """A file of the controller, by the variable whose keys it gets."""
    site = some_settings(random)
    if problems := _asked("slurm_site_problems", {variable: site}):
        check_sentences(problems)
        tally["refused in a sentence"] += 1
        return
    try:
        with_it = text(site)
    except Exception:
        evidence = {"settings": repr(site), "traceback": traceback.format_exc()}
        raise Broken("a traceback instead of a sentence", evidence) from None
    owned = GUARDED if variable == "slurmctld_config" else LINES
    tally["rendered as meant" if check_text(text({}), with_it, site, owned) else "left to Slurm's parser"] += 1


def _try_slurm_conf(random: Random, tally: Tally) -> None:
    _try_file("slurmctld_config", slurm_conf, random, tally)


def _try_cgroup_conf(random: Random, tally: Tally) -> None:
    _try_file("slurmctld_cgroup_config", cgroup_conf, random, tally)


def _asked(name: str, *given: Any) -> Any:
    """What a filter answers.

    Raises:
        Broken: it stops.
    """
    try:
        return FILTERS[name](*given)
    except Exception:
        raise Broken(f"the filter {name} stops", {"given": repr(given), "traceback": traceback.format_exc()}) from None


def specification(role: str) -> dict[str, Any]:
    """The variables of a role as its argument specification says."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())
    return dict(found["argument_specs"]["main"]["options"])


def _try_variable(random: Random, tally: Tally) -> None:
    """What Ansible checks against the role's specification goes on to the role's filters."""
    name = random.choice([key for key in SITE["variables"] if not key.startswith("slurmctld")])
    value = random.choice(SITE["variables"][name] + SITE["values"])
    described = specification(name.partition("_")[0])
    if name not in described:
        return
    try:
        checked = ArgumentSpecValidator({name: described[name]}).validate({name: value} if value is not None else {})
    except TypeError:  # Ansible's own, for a list whose elements should be mappings and are not
        checked = None
    if checked is None or checked.error_messages:
        tally["refused in a sentence"] += 1
        return
    accepted = checked.validated_parameters[name]
    if problems := _asked("slurm_site_problems", {name: accepted}):
        check_sentences(problems)
        tally["refused in a sentence"] += 1
        return
    if kind := {"base_users": "accounts", "base_extra_packages": "packages"}.get(name):
        try:
            asked = FILTERS["state_questions"]({"base": {kind: accepted}})
        except StateError:
            tally["refused in a sentence"] += 1
            return
        if asked["users"] + asked["packages"] != sorted({str(each) for each in accepted}):
            raise Broken(f"{name} names what nobody asked for", {name: repr(accepted), "asked": repr(asked)})
    elif name in ("base_hosts", "base_domain", "base_cluster"):
        given = {"base_cluster": "demo", "base_hosts": [], "base_domain": "", name: accepted}
        hosts = given["base_hosts"] or [{"name": "bld-001", "id": "BLD-001", "address": "10.20.0.1"}]
        text = _asked("hosts_file", "127.0.0.1 localhost\n", given["base_cluster"], hosts, given["base_domain"])
        rows = [row for row in text.splitlines() if row and not row.startswith("#")]
        if len(rows) != 1 + len(hosts):
            raise Broken(f"{name} adds lines to /etc/hosts", {name: repr(accepted), "text": text})
    tally["rendered as meant"] += 1


def _try_check(folder: Path, random: Random, tally: Tally) -> None:
    """What `provision check` says of the same in group_vars: nothing, or each problem at its place.

    It never passes what the roles refuse, unless a template makes it, which only Ansible reads.
    """
    name = random.choice(list(SITE["variables"]))
    value = some_settings(random) if name in KEYS and random.random() < 0.7 else random.choice(SITE["variables"][name])
    file = folder / "group_vars" / "all.yml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(yaml.safe_dump({name: value}, allow_unicode=True))
    evidence = {"file": repr(file.read_text())}
    try:
        problems = [each.as_dict() for each in settings_problems(PLAN, folder, ROOT / "roles")]
    except Exception:
        raise Broken("`provision check` stops", {**evidence, "traceback": traceback.format_exc()}) from None
    if problems:
        check_problems([{**each, "file": str(folder / each["file"])} for each in problems], file)
        tally["refused in a sentence"] += 1
    elif not any(map(is_template, leaves(value))) and (refused := _asked("slurm_site_problems", {name: value})):
        raise Broken("`provision check` passes what a role refuses", {**evidence, "refused": repr(refused)})
    else:
        tally["rendered as meant"] += 1


@contextmanager
def _open(place: Place) -> Iterator[Run]:
    def try_check(random: Random, tally: Tally) -> None:
        _try_check(place.folder, random, tally)

    def run(case: Case, tally: Tally) -> None:
        random = case.random()
        tally["tried"] += 1
        tries = (_try_slurm_conf, _try_slurm_conf, _try_cgroup_conf, _try_variable, try_check, try_check)
        try:
            random.choice(tries)(random, tally)
        except Broken as broken:
            tally["tracebacks"] += "traceback" in broken.evidence
            raise

    yield run


SETTINGS = Part(
    "settings",
    ("tried", "rendered as meant", "refused in a sentence", "left to Slurm's parser", "tracebacks"),
    1,
    _open,
)
