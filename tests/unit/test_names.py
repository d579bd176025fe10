from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.names import blade_id, host_name


@pytest.mark.parametrize("written", ["BLD-008", "bld-008", " Bld-008 "])
def test_one_blade_has_one_name_of_each_kind(written: str) -> None:
    assert (blade_id(written), host_name(written)) == ("BLD-008", "bld-008")


@given(st.from_regex(r"[A-Za-z]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?", fullmatch=True))
def test_there_and_back(name: str) -> None:
    assert blade_id(host_name(name)) == blade_id(name)
    assert host_name(blade_id(name)) == host_name(name)
