"""What should be at a path, and the options of the entries that say so."""

from __future__ import annotations

MODE, OWNER, GROUP = "0644", "root", "root"
OPTIONS = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str"},
    "content_b64": {"type": "str", "no_log": True},
    "link": {"type": "str"},
    "folder": {"type": "bool", "default": False},
    "aside": {"type": "bool", "default": False},
    "mode": {"type": "str", "default": MODE},
    "owner": {"type": "str", "default": OWNER},
    "group": {"type": "str", "default": GROUP},
    "backup": {"type": "bool", "default": False},
    "distrust": {"type": "bool", "default": False},
    "validate": {"type": "str"},
}


def wanted_state(entry, content):
    """What should be at the path of an entry, in the words of `file_reads.state`.

    `content` is that of a file, as bytes.
    """
    if entry["aside"]:
        return {"kind": "absent"}
    if entry["link"] is not None:
        return {"kind": "link", "content": entry["link"]}
    found = {"mode": f"{int(entry['mode'], 8):04o}", "owner": entry["owner"], "group": entry["group"]}
    if entry["folder"]:
        return {"kind": "folder", **found}
    return {"kind": "file", "content": content, **found}
