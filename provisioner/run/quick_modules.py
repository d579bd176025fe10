"""Modules of Ansible that a blade has run before start faster there: see `provisioner.on_node.compiled`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from provisioner import on_node

_HEAD = b"\nimport datetime\n"
"""The first import of the wrapper that Ansible 2.19 puts around a module; before it there is only one of the future."""

# Most modules are over before Python's search for cycles finds anything; it takes a twentieth of their CPU time.
_RARE_SEARCH = b"\nimport gc\ngc.set_threshold(100_000, 50, 50)\n"


def quick(module: bytes) -> bytes:
    """The program that a blade is sent, asking for what was compiled before; any other text as it is."""
    if b"_ANSIBALLZ_WRAPPER" not in module:
        return module
    before, head, after = module.partition(_HEAD)
    return b"".join([before, head, _program(), after]) if head else module


@cache
def _program() -> bytes:
    text = (Path(on_node.__file__).parent / "compiled.py").read_bytes()
    # The wrapper has the import of the future itself, and a second one may not stand further down.
    return text.replace(b"from __future__ import annotations\n", b"") + _RARE_SEARCH + b"\nkeep_compiled()\n"
