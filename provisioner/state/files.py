"""Files, links, folders and secrets: what `file_set` is given, and what differs."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping
from typing import Any

from provisioner.console_text import their_words
from provisioner.state.kinds import Blade

OWNER = "root"
MODES = {"folders": "0755", "files": "0644", "secrets": "0600"}
"""The mode of what has none in its options."""
MULTIARCH = "{multiarch}"
# In the order in which the probe tells them of a secret.
_ATTRIBUTES = ("owner", "group", "mode")


def whole_path(path: str, machine: str) -> str:
    """The path on a node with this processor; Debian names a folder of libraries after it."""
    return path.replace(MULTIARCH, f"{machine}-linux-gnu")


def entry_of(kind: str, path: str, options: Mapping[str, Any], machine: str = "x86_64") -> dict[str, Any]:
    """One thing as the module file_set takes it; a secret comes without its content.

    Args:
        machine: the node's processor, for `{multiarch}` in the path.
    """
    whole = whole_path(path, machine)
    if kind == "links":
        return {"path": whole, "link": str(options["to"])}
    if kind == "strays":
        return {"path": whole, "aside": True}
    entry = {"path": whole, **_attributes(kind, options)}
    if kind == "folders":
        return {**entry, "folder": True, "distrust": bool(options.get("distrust", False))}
    if kind == "files":
        entry["content"] = str(options.get("content", ""))
    return {**entry, "validate": options["validate"]} if "validate" in options else entry


def file_difference(blade: Blade, kind: str, path: str, options: Mapping[str, Any]) -> str:
    """What is at the path against what will be, '' for nothing: `absent -> file`, `content, mode 0666 -> 0644`.

    Without `content` in the options only the attributes count. What is on the node is the node's word.
    """
    there, noun = blade["paths"].get(path) or {"kind": "absent"}, kind.removesuffix("s")
    if there["kind"] != noun:
        return f"{their_words(there['kind'])} -> {noun}"
    if kind == "links":
        target, wanted = there.get("content", ""), str(options["to"])
        return "" if target == wanted else f"{their_words(target)} -> {wanted}"
    parts = ["content"] if "content" in options and there.get("content") != str(options["content"]) else []
    return ", ".join(parts + _other_attributes(there, _attributes(kind, options)))


def stray_difference(blade: Blade, path: str, options: Mapping[str, Any], wanted: Collection[str]) -> str:
    """What is in the way at a path where nothing may be, '' for nothing.

    Args:
        wanted: packages that the node's roles keep.
    """
    there, owner = blade["paths"].get(path) or {"kind": "absent"}, options.get("unless_package")
    if there["kind"] == "absent" or owner in wanted or blade["packages"].get(owner):
        return ""
    home = str(options.get("may_lead_to", ""))
    if home and there["kind"] == "link" and str(there.get("content", "")).startswith(f"{home}/"):
        return ""
    return f"{their_words(there['kind'])} of somebody else -> set aside"


def secret_difference(
    blade: Blade, path: str, options: Mapping[str, Any], others: Mapping[str, Blade], host: str, salt: str = ""
) -> str:
    """The same for a secret, by digest: what it holds is never shown.

    The probe answers `digest:owner:group:mode`, '' for one that is not there; the digest is salted anew in each run.
    """
    there = str(blade["secrets"].get(path, ""))
    source = "" if options.get("as_on") == host else str(options.get("as_on", ""))
    if not there:
        return f"absent -> as on {source}" if source else "absent -> made"
    digest, *attributes = there.split(":")
    if source and source not in others:
        return f"not compared: {source} did not answer"
    if source:
        wanted = str(others[source]["secrets"].get(path, "")).split(":")[0]
    elif "content" in options:
        wanted = hmac.new(salt.encode(), str(options["content"]).encode(), hashlib.sha256).hexdigest()
    else:
        wanted = digest
    parts = [] if digest == wanted else ["content"]
    has = dict(zip(_ATTRIBUTES, attributes, strict=False))
    return ", ".join(parts + _other_attributes(has, _attributes("secrets", options)))


def _attributes(kind: str, options: Mapping[str, Any]) -> dict[str, str]:
    return {
        "mode": f"{int(str(options.get('mode', MODES[kind])), 8):04o}",
        "owner": str(options.get("owner", OWNER)),
        "group": str(options.get("group", OWNER)),
    }


def _other_attributes(there: Mapping[str, Any], wanted: Mapping[str, str]) -> list[str]:
    return [
        f"{key} {their_words(there.get(key, ''))} -> {want}" for key, want in wanted.items() if there.get(key) != want
    ]
