"""What is put in front of a module: Ansible's own wrapper has to be known, and everything else stays as it is."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from ansible._internal import _ansiballz

from provisioner.run.quick_modules import quick

WRAPPER = (Path(_ansiballz.__file__).parent / "_wrapper.py").read_bytes()


def test_the_wrapper_of_this_release_asks_before_anything_is_imported_from_the_archive() -> None:
    """A release with another wrapper fails here: modules would work as ever, and slower."""
    tree = ast.parse(quick(WRAPPER))
    calls = [node.value for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    assert [call.func.id for call in calls if isinstance(call.func, ast.Name)] == ["keep_compiled"]


def test_it_still_runs() -> None:
    done = subprocess.run([sys.executable, "-c", quick(WRAPPER).decode()], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("text", [b"", b"#!/bin/sh\necho\n", b"\nimport datetime\n", b"_ANSIBALLZ_WRAPPER = True\n"])
def test_what_is_no_wrapper_stays_as_it_is(text: bytes) -> None:
    assert quick(text) == text
