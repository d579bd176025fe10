"""`provision status` knows whose a drain is, and `--watch` tells each change until Ctrl-C."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator

import pytest

from tests.cluster.background import background
from tests.cluster.labs import Lab

DRAIN = "scontrol update nodename={} state=drain reason='fan [red]is loud[/]'"


@pytest.fixture
def blade(cluster: Lab) -> Iterator[str]:
    """A free member, free again afterwards."""
    name = cluster.compute[0]
    yield name
    cluster.ask(f"scontrol update nodename={name.lower()} state=resume 2> /dev/null; true")
    assert cluster.state(name, "idle", 60) == "idle"


@pytest.mark.parametrize("terminal", [False, True], ids=["log", "terminal"])
def test_a_watch_tells_a_change_and_ends_with_ctrl_c(cluster: Lab, blade: str, terminal: bool) -> None:
    with background(cluster, "status", "--watch", "--every=1s", terminal=terminal) as watch:
        watch.reaches(lambda: "slurmctld on BLD-001 is up" in watch.text)
        cluster.ask(DRAIN.format(blade.lower()))
        watch.reaches(lambda: "admin (root): fan [red]is loud[/]" in watch.text.replace("\r\n", " "))
        assert watch.stop(signal.SIGINT) == 0, watch.text
        assert watch.strays() == []
        # One block for the beginning, one for the change.
        assert terminal or watch.text.count("== ") == 2, watch.text
        assert not terminal or watch.shows_cursor()
        assert "Traceback" not in watch.text


def test_it_says_who_drained_a_node(cluster: Lab, blade: str) -> None:
    assert cluster.provision("drain", blade, "--reason", "new memory").code == 0
    node = next(each for each in cluster.provision("status", "--json").json["nodes"] if each["blade"] == blade)
    assert (node["owner"], node["by"], node["sync"]["state"]) == ("provision drain", "root", "in sync")
    cluster.ask(f"scontrol update nodename={blade.lower()} state=resume")
    cluster.ask(DRAIN.format(blade.lower()))
    node = next(each for each in cluster.provision("status", "--json").json["nodes"] if each["blade"] == blade)
    assert (node["owner"], node["reason"]) == ("admin", "fan [red]is loud[/]")


def test_it_says_which_member_a_preview_found_outdated(cluster: Lab, blade: str) -> None:
    cluster.inside(blade, "echo '# edited' >> /etc/default/slurmd")
    assert cluster.slurm(cluster.compute, "--check").code == 0
    shown = {each["blade"]: each["sync"] for each in cluster.provision("status", "--json").json["nodes"]}
    assert (shown[blade]["state"], shown[blade]["installation"]) == ("differs", "outdated")
    assert {shown[name]["installation"] for name in cluster.compute if name != blade} == {"in sync"}
    row = next(line for line in cluster.provision("status").out.splitlines() if line.startswith(blade))
    assert re.search(r"outdated; \d+ things? differed at ", row), row
    assert cluster.slurm([blade]).code == 0
    shown = {each["blade"]: each["sync"] for each in cluster.provision("status", "--json").json["nodes"]}
    assert (shown[blade]["state"], shown[blade]["installation"]) == ("in sync", "in sync")
