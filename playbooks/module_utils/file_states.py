"""What should be at a path: shared by file_set and the filter files_right."""

from __future__ import annotations

MODE, OWNER, GROUP = "0644", "root", "root"
OPTIONS = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str"},
    "content_b64": {"type": "str", "no_log": True},
    "link": {"type": "str"},
    "folder": {"type": "bool", "default": False},
    "mode": {"type": "str", "default": MODE},
    "owner": {"type": "str", "default": OWNER},
    "group": {"type": "str", "default": GROUP},
    "backup": {"type": "bool", "default": False},
    "distrust": {"type": "bool", "default": False},
    "validate": {"type": "str"},
}


def wanted_state(entry, content):
    """What should be at the path of an entry, in the words of `file_reads.state`.

    `entry` may lack options that have a default; `content` is that of a file in the caller's own form,
    bytes on the blade and text where facts are compared.
    """
    if entry.get("link") is not None:
        return {"kind": "link", "content": entry["link"]}
    found = {
        "mode": f"{int(str(entry.get('mode', MODE)), 8):04o}",
        "owner": entry.get("owner", OWNER),
        "group": entry.get("group", GROUP),
    }
    if entry.get("folder"):
        return {"kind": "folder", **found}
    return {"kind": "file", "content": content, **found}
