"""States as hypothesis draws them, and damage to one thing of the node that is kept so."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from provisioner.state.kinds import OPTIONS
from provisioner.state.trials import trial_path
from tests.unit.state.nodes import ABSENT, RUNS, Facts

texts = st.text(max_size=12)
accounts = st.sampled_from(["root", "slurm", "munge"])
modes = st.sampled_from(["0600", "0644", "755", "0400"])
attributes = {"mode": modes, "owner": accounts, "group": accounts}
releases = {"release": st.sampled_from(["12", "13"])}


def options(needed: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(needed, optional=optional)


def named(form: str, strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from("abc").map(form.format)
    return st.dictionaries(names, strategy, max_size=3)


FILES = named("/file/{}", options({"content": texts}, {**attributes, **releases, "trial": st.just("a-trial")}))
SECRETS = named("/secret/{}", options({}, {"content": texts, "as_on": st.just("other"), **attributes, **releases}))
FOLDERS = named("/folder/{}", options({}, {"distrust": st.booleans(), **attributes, **releases}))
STRAYS = named("/stray/{}", options({}, {"unless_package": st.just("a-package"), **releases}))
READS = st.lists(
    st.sampled_from([f"/{kind}/{name}" for kind in ("file", "secret", "link") for name in "abc"]), max_size=3
)
UNIT = {"reads": READS, "holds": st.just(["/folder/a"]), "masked": st.booleans(), "quiet": st.booleans()}
UNITS = named("{}.service", options({}, {**UNIT, **releases}))
ASK = {"argv": st.just(["a"]), "wanted": st.sampled_from(["1", "2"])}
STATES = st.fixed_dictionaries(
    {
        "accounts": named("{}-account", st.integers(100, 999)),
        "packages": st.lists(st.sampled_from("abc").map("{}-package".format), unique=True),
        "folders": FOLDERS,
        "links": named("/link/{}", options({"to": st.sampled_from(["x", "y"])}, releases)),
        "files": FILES,
        "strays": STRAYS,
        "secrets": SECRETS,
        "asks": named("answer {}", options(ASK, {})),
        "units": UNITS,
        "trials": st.just({"a-trial": {"apply": ["true"]}}),
    }
)
assert {*OPTIONS} == {
    "accounts", "packages", "folders", "links", "files", "strays", "secrets", "asks", "units", "scratch", "trials",
}  # fmt: skip

Damage = Callable[[Facts, str], None]


def fact(key: str, value: Any) -> Damage:
    """Something else in place of a fact about the thing."""
    return lambda facts, name: facts[key].update({name: value})


def attribute(key: str, value: Any, of: str = "paths") -> Damage:
    return lambda facts, name: facts[of].update({name: {**facts[of][name], key: value}})


def _secret(place: int, value: str) -> Damage:
    def harm(facts: Facts, name: str) -> None:
        parts = facts["secrets"][name].split(":")
        facts["secrets"][name] = ":".join([*parts[:place], value, *parts[place + 1 :]])

    return harm


def _left_on_trial(facts: Facts, name: str) -> None:
    facts["paths"][trial_path(name)] = {"kind": "folder"}


PLACED = [fact("paths", {"kind": "absent"}), fact("paths", {"kind": "refused"})]
ATTRIBUTES = [attribute("mode", "0777"), attribute("owner", "nobody"), attribute("group", "1234")]
HARMS: dict[str, list[Damage]] = {
    "accounts": [fact("users", None)],
    "packages": [fact("packages", "")],
    "folders": [*PLACED, *ATTRIBUTES],
    "links": [*PLACED, attribute("content", "/nowhere")],
    "files": [*PLACED, *ATTRIBUTES, attribute("content", "something else than any text that is drawn")],
    "strays": [fact("paths", {"kind": kind}) for kind in ("file", "link", "folder")],
    "secrets": [fact("secrets", ""), _secret(1, "nobody"), _secret(2, "1234"), _secret(3, "0777")],
    "asks": [fact("asks", ""), fact("asks", "3")],
    "units": [
        fact("units", ABSENT),
        attribute("active", "failed", "units"),
        attribute("enabled", "disabled", "units"),
        attribute("reload_needed", True, "units"),
        attribute("since", 1.0, "units"),
    ],
    "trials": [_left_on_trial],
}


def harmed(facts: Facts, name: str, damage: Damage) -> Facts:
    """The node with damage to one thing."""
    found = copy.deepcopy(facts)
    damage(found, name)
    return found


def is_harmless(state: dict[str, Any], kind: str, name: str, facts: Facts) -> bool:
    """Whether damage leaves a thing in a state that its role is content with."""
    if kind == "strays":
        return state[kind][name].get("unless_package") in state["packages"]
    if kind != "units":
        return False
    unit, options = facts["units"][name], state[kind][name]
    if options.get("masked"):
        return bool(unit["enabled"] == "masked" and unit["active"] != "active")
    return bool(unit == RUNS or (unit["since"] == 1.0 and not facts["written"].keys() & {*options.get("reads", ())}))
