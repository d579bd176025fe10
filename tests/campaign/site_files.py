"""The files that settings of a site get into, printed by the roles' filters and templates, and what is wrong there."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from tests.campaign.case import Broken
from tests.campaign.slurm_reader import pairs
from tests.unit.slurm.node_makers import record

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "roles" / "slurmctld" / "templates"
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
        if key in owned or key == "slurmctldparameters":
            continue  # compared above, or a list in which words of ours stay
        read = [its for name, its in after if name == key]
        if value is None and read:
            raise Broken("a setting was to be dropped and is there", {"key": key, **evidence})
        if value is not None and read != [printed(value).strip().strip('"')]:
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


def check_problems(problems: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Each problem of refused variables has its place in the file, and words that move no cursor.

    Raises:
        Broken: it has not.
    """
    for problem in problems:
        words = f"{problem['wrong']}; {problem['right']}"
        placed = problem["file"] == str(file) and problem["line"] > 0 and problem["col"] > 0
        if not placed or not problem["wrong"] or not problem["right"] or not words.isprintable():
            raise Broken("a problem without its place, or not in words", {"problem": repr(dict(problem))})
    if not problems:
        raise Broken("a refusal without a problem", {})
