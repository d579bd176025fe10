"""A node set in a plan means what the same plan means written out."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.plan.problems import PlanError
from provisioner.plan.ranges import MOST_NODES, counted_up, names_in

CLUSTER = {"name": "lab", "network": "10.0.0.0/8", "networks": {"management": "172.16.0.0/12"}, "controller": "head"}
TIERS = {"head": {"slurm": ["controller"]}, "compute": {"slurm": ["compute"]}}
HEAD = {"address": "10.255.255.1", "tier": "head", "ram": 8}


def written(path: Path, nodes: dict[str, Any], section: str = "nodes") -> Path:
    plan = {"cluster": CLUSTER, "enclosure": {"bays": 256}, "tiers": TIERS, section: {"head": HEAD, **nodes}}
    path.write_text(yaml.safe_dump(plan, sort_keys=False))
    return path


@settings(max_examples=60)
@given(
    first=st.integers(0, 2**24 - 2**17),
    count=st.integers(1, 200),
    start=st.integers(0, 9000),
    width=st.integers(0, 6),
    bay=st.none() | st.integers(1, 56),
    v6=st.none() | st.integers(2**64, 2**65),
    other=st.booleans(),
    section=st.sampled_from(["nodes", "blades"]),
)
def test_a_set_is_the_plan_written_out(
    tmp_path_factory: pytest.TempPathFactory,
    first: int,
    count: int,
    start: int,
    width: int,
    bay: int | None,
    v6: int | None,
    other: bool,
    section: str,
) -> None:
    """Addresses count up across octets, names keep their width."""
    base = {"tier": "compute", "ram": 64, "features": ["ib"]}

    def node(number: int) -> dict[str, Any]:
        address = str(ip_address("10.0.0.1") + first + number)
        entry: dict[str, Any] = {**base, "address": address}
        if bay is not None:
            entry["bay"] = bay + number
        if v6 is not None:
            entry["address6"] = str(ip_address(v6 + number + (0xFD00 << 112)))
        if other:
            entry["networks"] = {"management": str(ip_address("172.16.0.9") + number)}
            entry["ssh"] = {"address": str(ip_address("192.0.2.250") + number)}
        return entry

    last = start + count - 1
    width = max(width, 1) if len(str(start)) == len(str(last)) else max(width, len(str(last)))
    short = f"node[{start:0{width}}-{last:0{width}}]"
    names = [f"node{number:0{width}}" for number in range(start, last + 1)]
    folder = tmp_path_factory.mktemp("range")
    one = load_plan(written(folder / "short.yml", {short: node(0)}, section))
    out = load_plan(written(folder / "long.yml", {name: node(i) for i, name in enumerate(names)}))
    assert one == out
    assert list(one.blades) == ["head", *names]


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("node1", ["node1"]),
        ("node[1]", ["node1"]),
        ("n[08-11]", ["n08", "n09", "n10", "n11"]),
        ("n[1-2,5]-ib", ["n1-ib", "n2-ib", "n5-ib"]),
        ("r[1-2]n[01-02]", ["r1n01", "r1n02", "r2n01", "r2n02"]),
        ("n[0-10/5]", ["n0", "n5", "n10"]),
    ],
)
def test_names_come_in_the_order_of_their_numbers(key: str, names: list[str]) -> None:
    assert names_in(key) == names


@pytest.mark.parametrize("key", ["n[3-1]", "n[1-]", "n[1-99999999]", f"n[1-{'9' * 4000}]", "n[1-200]m[1-200]"])
def test_what_is_no_set_is_refused_at_once(key: str) -> None:
    """Written out, most of these would fill the memory."""
    with pytest.raises(ValueError, match=r".+"):
        names_in(key)


def test_no_address_comes_after_the_last_one() -> None:
    with pytest.raises(ValueError, match=r".+"):
        counted_up({"address": "255.255.255.255"}, 1)


def test_a_plan_has_an_end(tmp_path: Path) -> None:
    many = {f"n{number}x[1-9999]": {"address": "10.1.0.1", "tier": "compute", "ram": 8} for number in range(3)}
    with pytest.raises(PlanError, match=f"more than {MOST_NODES} blades"):
        load_plan(written(tmp_path / "plan.yml", many))


@settings(max_examples=150)
@given(key=st.from_regex(r"[a-c0-9\[\],/-]{0,14}", fullmatch=True) | st.text(max_size=10))
def test_any_key_gives_a_plan_or_a_plan_error(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    path = written(
        tmp_path_factory.mktemp("any") / "plan.yml", {key: {**HEAD, "address": "10.0.0.9", "tier": "compute"}}
    )
    found = loaded(path)
    assert found.problems if isinstance(found, PlanError) else len(found.blades) > 1


def loaded(path: Path) -> Plan | PlanError:
    try:
        return load_plan(path)
    except PlanError as error:
        return error
