"""Files, links, folders and secrets: what `file_set` is given, and what differs."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

Blade = Mapping[str, Any]
MODE, OWNER, GROUP = "0644", "root", "root"
FOLDER_MODE, SECRET_MODE = "0755", "0600"
MULTIARCH = "{multiarch}"
_ATTRIBUTES = ("mode", "owner", "group")


def entry_of(kind: str, path: str, options: Mapping[str, Any], machine: str = "x86_64") -> dict[str, Any]:
    """One thing as the module file_set takes it.

    Args:
        machine: the node's processor, for `{multiarch}` in the path.
    """
    whole = path.replace(MULTIARCH, f"{machine}-linux-gnu")
    if kind == "links":
        return {"path": whole, "link": str(options["to"])}
    entry = {
        "path": whole,
        "mode": f"{int(str(options.get('mode', FOLDER_MODE if kind == 'folders' else MODE)), 8):04o}",
        "owner": str(options.get("owner", OWNER)),
        "group": str(options.get("group", GROUP)),
    }
    if kind == "folders":
        return {**entry, "folder": True, "distrust": bool(options.get("distrust", False))}
    entry["content"] = str(options.get("content", ""))
    return {**entry, "validate": options["validate"]} if "validate" in options else entry


def file_difference(blade: Blade, kinds: str, path: str, options: Mapping[str, Any]) -> str:
    """What is at the path against what will be, '' for nothing: `absent -> file`, `content`, `mode 0666 -> 0644`.

    Without `content` in the options only the attributes count.
    """
    there = blade["paths"].get(path) or {"kind": "absent"}
    entry, kind = entry_of(kinds, path, options), kinds.removesuffix("s")
    if there["kind"] != kind:
        return f"{there['kind']} -> {kind}"
    if kind == "link":
        return "" if there["content"] == entry["link"] else f"{there['content']} -> {entry['link']}"
    parts = ["content"] if "content" in options and there.get("content") != entry["content"] else []
    parts += [f"{key} {there[key]} -> {entry[key]}" for key in _ATTRIBUTES if there[key] != entry[key]]
    return ", ".join(parts)


def secret_difference(
    blade: Blade, path: str, options: Mapping[str, Any], others: Mapping[str, Blade], host: str, salt: str = ""
) -> str:
    """The same for a secret, by digest: what it holds is never shown.

    The probe answers `digest:owner:group:mode`, '' for one that is not there; the digest is salted anew in each run.
    """
    there = str(blade["secrets"].get(path, ""))
    source = str(options.get("as_on", ""))
    if not there:
        return f"absent -> as on {source}" if source and source != host else "absent -> made"
    digest, *attributes = there.split(":")
    if source and source != host:
        if source not in others:
            return f"not compared: {source} did not answer"
        wanted = str(others[source]["secrets"].get(path, "")).split(":")[0]
    elif "content" in options:
        wanted = hmac.new(salt.encode(), str(options["content"]).encode(), hashlib.sha256).hexdigest()
    else:
        wanted = digest
    parts = ["content"] if digest != wanted else []
    want = secret_entry(path, options)
    is_there = dict(zip(("owner", "group", "mode"), attributes, strict=True))
    parts += [f"{key} {is_there[key]} -> {want[key]}" for key in _ATTRIBUTES if is_there[key] != want[key]]
    return ", ".join(parts)


def secret_entry(path: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """One secret as the module file_set takes it, without its content."""
    return {
        "path": path,
        "mode": f"{int(str(options.get('mode', SECRET_MODE)), 8):04o}",
        "owner": str(options.get("owner", OWNER)),
        "group": str(options.get("group", GROUP)),
    }
