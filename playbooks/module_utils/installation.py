"""What tells one installation of a system from another."""

from __future__ import annotations

import glob
import re

from ansible.module_utils.blade_machine import text
from ansible.module_utils.blade_software import run

_KEY = re.compile(r"((?:ssh|ecdsa)-[a-z0-9-]{1,40}) ([A-Za-z0-9+/]{1,2900}={0,2})(?: |$)")
_MOST = 8


def host_keys(folder="/etc/ssh"):
    """The public host keys, each as `type base64`."""
    found = [_KEY.match(text(path).strip()) for path in sorted(glob.glob(f"{folder}/ssh_host_*_key.pub"))]
    return [f"{key[1]} {key[2]}" for key in found if key][:_MOST]


def root_created():
    """When the root filesystem came into being (epoch), 0 where nobody knows, as in a container."""
    said = run("stat", "--format=%W", "/").strip()
    return int(said) if said.isdigit() else 0
