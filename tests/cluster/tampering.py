"""Tamper cases of the nodes of a lab, derived from what their roles keep."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path

from bench.states import ROOT, rendered
from provisioner.state.files import whole_path
from provisioner.state.tampering import Case
from tests.cluster.labs import Lab

VERSION = {"bookworm": "12", "trixie": "13"}
FILTERS = Path(__file__).parent / "derived" / "filter_plugins"


def shown_name(case: Case) -> str:
    """How lines about the thing call it; the blades of a lab have this machine's processor."""
    return whole_path(case.name, platform.machine())


def cases_of(lab: Lab, blade: str, project: Path = ROOT) -> list[Case]:
    """Every case of every role of a blade of the lab, as the project in this folder has them."""
    asked = f"state_wanted | state_cases('{VERSION[lab.release]}')"
    return [Case(**found) for found in rendered(lab.plan, [blade], asked, project, [FILTERS])[blade]]


def things_of(lab: Lab, blades: Sequence[str], kinds: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    """Blade -> `{"role", "kind", "name"}` of all that its roles keep of some kinds."""
    asked = f"state_wanted | state_things('{VERSION[lab.release]}', {list(kinds)})"
    return rendered(lab.plan, blades, asked, filters=[FILTERS])
