"""The page of the cluster says what slurmctld says, also of hostile words, and is there when the controller is not."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.labs import Lab
from tests.cluster.waiting import until
from tests.unit.report.reading import Read, read_page

HOSTILE = '<script>alert(1)</script> "><b onclick=x> \x27 & {{ 7 * 7 }}'


def cards(read: Read) -> dict[str, str]:
    """The words of each blade's button."""
    return {text.split()[1]: text for text in read.texts("button")}


def test_the_page_shows_what_slurm_says(cluster: Lab, tmp_path: Path) -> None:
    blade, other = cluster.compute[:2]
    file = tmp_path / "report.html"
    cluster.ask(f"scontrol update nodename={blade.lower()} state=drain reason={_quoted(HOSTILE)}")
    try:
        said = cluster.provision("report", "--html", str(file), "--json")
    finally:
        cluster.ask(f"scontrol update nodename={blade.lower()} state=resume")
    assert said.code == 0, said.text
    read = read_page(file.read_text())
    shown = cards(read)
    assert "drained" in shown[blade]
    assert "idle" in shown[other]
    assert "controller" in shown[cluster.controller]
    assert len([text for text in read.texts("li") if HOSTILE in text]) == 2, "at the top and with the blade"
    assert read.scripts == 1
    found = said.json["page"]["cards"][other]["hardware"]
    assert found["source"] == "found"
    assert found["cpus"].startswith(
        cluster.ask(f"sinfo --noheader --nodes={other.lower()} --format=%c | head -1").strip()
    )
    assert any("changed" in run["result"] for run in said.json["page"]["runs"])
    assert until(lambda: cluster.state(blade, "idle") == "idle")


def test_without_slurmctld_there_is_a_page(cluster: Lab, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    cluster.ask("systemctl stop slurmctld")
    try:
        down = cluster.provision("report", "--html", str(file))
    finally:
        cluster.ask("systemctl start slurmctld")
    assert down.code == 3, down.text
    assert f"slurmctld on {cluster.controller} is down" in down.text
    assert "down" in cards(read_page(file.read_text()))[cluster.controller]
    assert until(lambda: cluster.state(cluster.compute[0], "idle") == "idle")


def test_without_the_controller_there_is_a_page(cluster: Lab, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    cluster.lab("off", cluster.controller)
    try:
        away = cluster.provision("report", "--html", str(file), "--json")
    finally:
        cluster.lab("on", cluster.controller)
    assert away.code == 3, away.text
    read = read_page(file.read_text())
    assert f"The controller {cluster.controller} did not answer" in read.all
    assert "unknown" in cards(read)[cluster.compute[0]]
    assert away.json["page"]["runs"], "the records are on this machine"
    assert until(lambda: cluster.state(cluster.compute[0], "idle") == "idle", 120)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
