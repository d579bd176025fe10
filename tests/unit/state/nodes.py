"""Facts of nodes, as the probe answers them, for states that are compared with them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from provisioner.state.differences import differences

Facts = dict[str, Any]
RUNS = {"load": "loaded", "active": "active", "enabled": "enabled", "since": 100.0, "reload_needed": False}
ABSENT = {"load": "not-found", "active": "", "enabled": "", "since": 0.0, "reload_needed": False}
MASKED = {"load": "masked", "active": "inactive", "enabled": "masked", "since": 0.0, "reload_needed": False}
SALT = "of this run"
_MODES = {"folders": "0755", "files": "0644", "secrets": "0600"}


class Untouched(Mapping[str, Any]):
    """Options of which nobody may touch a value, as before there are facts to render it with."""

    def __init__(self, *names: str, **known: Any) -> None:
        self.names, self.known = names, known

    def __getitem__(self, name: str) -> Any:
        if name in self.known:
            return self.known[name]
        if name in self.names:
            _refuse(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter([*self.names, *self.known])

    def __len__(self) -> int:
        return len(self.names) + len(self.known)


def _refuse(name: str) -> NoReturn:
    raise AssertionError(f"{name} was touched")


def node(**facts: Any) -> Facts:
    """A node of Debian 12 that has nothing of what is asked, with some of its facts changed."""
    return {
        "os": {"version_id": "12"}, "machine": "x86_64", "packages": {}, "users": {}, "paths": {}, "written": {},
        "secrets": {}, "asks": {}, "units": {}, "scratch": {"right": True, "actions": []}, "dpkg_trouble": "",
        "apt_held": False,
        "can_set_clock": True, "full": False, **facts,
    }  # fmt: skip


def digest(content: str, salt: str = SALT) -> str:
    """As the probe makes it."""
    return hmac.new(salt.encode(), content.encode(), hashlib.sha256).hexdigest()


def place(kind: str, options: Mapping[str, Any]) -> dict[str, str]:
    """What the probe says of a path that is as these options say."""
    if kind == "links":
        return {"kind": "link", "content": options["to"]}
    found = {
        "kind": kind.removesuffix("s"),
        "mode": f"0{options['mode'].lstrip('0')}" if "mode" in options else _MODES[kind],
        "owner": options.get("owner", "root"),
        "group": options.get("group", "root"),
    }
    return {**found, "content": options.get("content", "")} if kind == "files" else found


def in_sync(state: Mapping[str, Any], release: str = "12") -> Facts:
    """A node exactly as one role keeps it; a secret `as_on` another host holds the text `theirs`."""
    facts = node(os={"version_id": release})
    here = {
        kind: {name: options for name, options in things.items() if str(options.get("release", release)) == release}
        for kind, things in state.items()
        if kind not in ("accounts", "packages")
    }
    facts["users"] = {name: {"uid": number, "gid": number} for name, number in state.get("accounts", {}).items()}
    facts["packages"] = dict.fromkeys(state.get("packages", []), "1.0")
    for kind in ("folders", "links", "files"):
        facts["paths"] |= {name: place(kind, options) for name, options in here.get(kind, {}).items()}
    for name, options in here.get("secrets", {}).items():
        has = place("secrets", options)
        content = options.get("content", "theirs")
        facts["secrets"][name] = f"{digest(content)}:{has['owner']}:{has['group']}:{has['mode']}"
    facts["written"] = dict.fromkeys([*facts["paths"], *facts["secrets"]], 50.0)
    facts["asks"] = {name: options["wanted"] for name, options in here.get("asks", {}).items()}
    facts["units"] = {
        name: MASKED | {"quiet": True} if options.get("masked") else RUNS
        for name, options in here.get("units", {}).items()
    }
    return facts


def lines(state: Mapping[str, Any], facts: Facts, **more: Any) -> list[str]:
    """The lines of a node of one role."""
    return [each.as_dict()["line"] for each in differences({"r": state}, facts, salt=SALT, **more)]
