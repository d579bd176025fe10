"""Compared with dpkg itself."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.debian_version import is_older

VERSIONS = [
    "22.05.8-1", "22.05.8-4", "22.05.8-4+deb12u1", "22.05.8-4+deb12u3", "22.05.8-4+deb12u10", "22.05.8-4~bpo1",
    "24.11.5-4", "24.11.5-4+deb13u1", "0.5.15-2+deb12u1", "0.5.16-1.1~deb13u1", "0.5.16-1.1", "0.5.16-1", "0.5.16",
    "1:4.8.13+dfsg1-1+b2", "2.0", "2.0~", "2.0~~", "2.0a", "2.0+", "2.0-0", "1.0-1-1", "00.5-1", "a", "~", "1",
]  # fmt: skip
texts = st.from_regex(r"(?:[0-9]:)?[0-9][0-9a-zA-Z.+~]{0,6}(?:-[0-9a-zA-Z.+~]{1,5})?", fullmatch=True)


def dpkg_says(version: str, than: str) -> bool:
    done = subprocess.run(["dpkg", "--compare-versions", version, "lt", than], check=False, capture_output=True)
    return done.returncode == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_known_versions(version: str) -> None:
    for other in VERSIONS:
        assert is_older(version, other) == dpkg_says(version, other), (version, other)


@given(texts, texts)
@settings(max_examples=300)
def test_any_two_versions(version: str, other: str) -> None:
    assert is_older(version, other) == dpkg_says(version, other)
