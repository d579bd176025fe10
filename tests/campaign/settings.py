"""Odd settings of a site, without blades: a setting does what it says and nothing else, or it is refused in a sentence.

Goes through the filters that the roles use and the roles' own templates; `live` tries the same on a cluster.
"""

from __future__ import annotations

import importlib.util
import re
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import jinja2
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from tests.campaign.case import Broken, Case, Part, Place, Run, Tally
from tests.campaign.slurm_reader import pairs
from tests.unit.slurm.node_makers import record

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "roles" / "slurmctld" / "templates"
SITE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "cases" / "settings.yml").read_text())
# Who is in the cluster, who the daemons are, and what they load: never a setting of the site.
GUARDED = {"clustername", "slurmctldhost", "slurmuser", "slurmduser", "nodename", "nodeaddr", "partitionname", "cpus",
           "realmemory", "statesavelocation", "slurmctldport", "slurmdport", "authtype", "include"}  # fmt: skip
# What opens a line of another kind in every file of Slurm.
LINES = {"nodename", "partitionname", "include"}
NODES = {f"bld-{number:03}": record(blade=f"BLD-{number:03}", address=f"10.20.0.{number}") for number in (7, 8)}
CLUSTER = {"name": "demo", "controller": "bld-006", "address": "10.20.0.106", "tmp_fs": "/scratch"}
PARTITIONS = [{"name": "medium", "tier": "medium", "max_time": "1-00:00:00", "priority_tier": 10}]


def filters() -> dict[str, Callable[..., Any]]:
    """The filters of the playbooks, by the names that the roles use."""
    found: dict[str, Callable[..., Any]] = {}
    for path in sorted((ROOT / "playbooks" / "filter_plugins").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"campaign_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found |= module.FilterModule().filters()
    return found


def render(template: str, **variables: Any) -> str:
    """A template of the role slurmctld, printed with Ansible's own choices of Jinja."""
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
    return environment.from_string((TEMPLATES / template).read_text()).render(variables)


FILTERS = filters()


def slurm_conf(site: Any) -> str:
    """slurm.conf of two nodes with these settings of the site."""
    return render("slurm.conf.j2", __slurmctld_model=FILTERS["slurm_config"](NODES, CLUSTER, PARTITIONS, site))


def cgroup_conf(site: Any) -> str:
    """cgroup.conf with these settings of the site."""
    return render("cgroup.conf.j2", __slurmctld_cgroup_model=FILTERS["slurm_cgroup_settings"](site))


def printed(value: Any) -> str:
    """What a value of YAML is to Slurm."""
    return {True: "YES", False: "NO"}[value] if isinstance(value, bool) else str(value)


def check_text(plain: str, text: str, site: Mapping[Any, Any], owned: Collection[str] = GUARDED) -> bool:
    """The text says what it says without the site's settings, changed by these and by nothing else.

    False for a text that Slurm cannot read either: the role has it parsed before it puts it in place.

    Raises:
        Broken: another key, another value, or something about nodes, daemons and accounts.
    """
    (before, _), (after, junk) = pairs(plain), pairs(text)
    evidence = {"settings": repr(dict(site)), "text": "\n".join(sorted(set(text.split("\n")) - set(plain.split("\n"))))}
    guarded = [[pair for pair in found if pair[0] in owned] for found in (before, after)]
    if Counter(guarded[0]) != Counter(guarded[1]):
        other = sorted((Counter(guarded[1]) - Counter(guarded[0])) + (Counter(guarded[0]) - Counter(guarded[1])))
        raise Broken(f"{other[0][0]} is another one", evidence)
    if junk:
        return False
    wanted = {str(key).strip(" \t\r\n").lower(): value for key, value in site.items()}
    if odd := {key for key, _ in after} - {key for key, _ in before} - wanted.keys():
        raise Broken("something is set that nobody asked for", {"keys": repr(sorted(odd)), **evidence})
    for key, value in wanted.items():
        if key in owned:
            continue  # it was compared above
        read = [its for name, its in after if name == key]
        if value is None and read:
            raise Broken("a setting was to be dropped and is there", {"key": key, **evidence})
        if value is not None and key != "slurmctldparameters" and read != [printed(value).strip().strip('"')]:
            raise Broken("a setting has another value to Slurm", {"read": f"{key}: {read}", **evidence})
    return True


def check_sentences(problems: list[str]) -> None:
    """A refusal is one line that says what to do.

    Raises:
        Broken: it is not.
    """
    for problem in problems:
        if "next: " not in problem or not problem.isprintable():
            raise Broken("a refusal without a next step, or not on one line", {"refusal": repr(problem)})


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
    blade: dict[str, Any] = {"packages": {}, "users": {}}
    if name == "base_users":
        _asked("missing_accounts", blade, accepted)
    elif name == "base_extra_packages":
        _asked("missing_packages", accepted, blade)
    elif name in ("base_hosts", "base_domain", "base_cluster"):
        given = {"base_cluster": "demo", "base_hosts": [], "base_domain": "", name: accepted}
        hosts = given["base_hosts"] or [{"name": "bld-001", "id": "BLD-001", "address": "10.20.0.1"}]
        text = _asked("hosts_file", "127.0.0.1 localhost\n", given["base_cluster"], hosts, given["base_domain"])
        rows = [row for row in text.splitlines() if row and not re.match(r"#", row)]
        if len(rows) != 1 + len(hosts):
            raise Broken(f"{name} adds lines to /etc/hosts", {name: repr(accepted), "text": text})
    tally["rendered as meant"] += 1


@contextmanager
def _open(place: Place) -> Iterator[Run]:
    def run(case: Case, tally: Tally) -> None:
        random = case.random()
        tally["tried"] += 1
        try:
            random.choice((_try_slurm_conf, _try_slurm_conf, _try_cgroup_conf, _try_variable))(random, tally)
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
