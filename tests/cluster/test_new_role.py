"""A new role costs its folder and two edits; everything else is derived from its state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.project import add_role, copy_project
from tests.cluster.labs import Lab, Said
from tests.cluster.tampering import cases_of

ROLE = Path(__file__).parent / "beacon"
CANARY = "canary-of-the-beacon"
GONE = (
    "systemctl disable --now beacon.service beacon-count.timer; rm -rf /etc/beacon.* /var/lib/beacon "
    "/etc/systemd/system/beacon*; systemctl daemon-reload; apt-get -qq remove tree > /dev/null"
)


@pytest.fixture(scope="module")
def project(cluster: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """This project with one role more; nothing of it stays on the blades."""
    folder = copy_project(tmp_path_factory.mktemp("project"))
    add_role(folder, ROLE, ROLE.name)
    yield folder
    for blade in cluster.compute[:2]:
        cluster.inside(blade, GONE)


def run(project: Path, lab: Lab, *words: str) -> Said:
    """`provision slurm` of that project, which has to work and to keep the secret."""
    said = lab.provision_of(project, "slurm", f"--nodes={','.join(lab.compute[:2])}", *words)
    assert said.code == 0, said.text
    assert CANARY not in said.out + said.err
    return said


def lines(said: Said) -> dict[str, list[str]]:
    return {name: sorted(blade["changed"]) for name, blade in said.json["blades"].items() if blade["changed"]}


def test_a_new_role_is_shown_applied_and_in_sync(project: Path, cluster: Lab) -> None:
    nodes = cluster.compute[:2]
    shown = lines(run(project, cluster, "--check", "--json"))
    assert set(shown) == set(nodes)
    for name in nodes:
        assert shown[name] == sorted(
            [
                "package tree: absent -> installed",
                "folder /var/lib/beacon: absent -> folder",
                "file /etc/beacon.conf: absent -> file",
                "file /etc/systemd/system/beacon.service: absent -> file",
                "file /etc/systemd/system/beacon-count.service: absent -> file",
                "file /etc/systemd/system/beacon-count.timer: absent -> file",
                "secret /etc/beacon.secret: absent -> made",
                "unit beacon.service: absent -> running, enabled",
                "unit beacon-count.timer: absent -> running, enabled",
            ]
        )

    said = run(project, cluster)

    # Nodes with the same changes are one row, things of one kind with the same end one line.
    assert f"BLD-[{nodes[0][4:]}-{nodes[1][4:]}]" in said.out
    assert "unit beacon.service, beacon-count.timer: absent -> running, enabled" in said.out
    assert lines(run(project, cluster, "--json")) == {}
    for name in nodes:
        assert cluster.inside(name, "cat /etc/beacon.conf") == f"hello from {name.lower()}"
        assert cluster.inside(name, "stat -c '%a %U' /etc/beacon.secret") == "600 root"
        assert cluster.inside(name, "systemctl is-active beacon.service beacon-count.timer").split() == ["active"] * 2


def test_its_harms_are_cases_at_once(project: Path, cluster: Lab) -> None:
    blade = cluster.compute[0]
    cases = [case for case in cases_of(cluster, blade, project) if case.role == "beacon"]
    assert {(case.harm, case.kind) for case in cases} >= {
        ("edited", "files"),
        ("other secret", "secrets"),
        ("stopped", "units"),
        ("disabled", "units"),
        ("package", "packages"),
    }
    for harm in ("mode", "other secret", "stopped", "package"):
        harmed = [case for case in cases if case.harm == harm]
        for case in harmed:
            cluster.inside(blade, f"{case.script}; true")
        shown = lines(run(project, cluster, "--check", "--json"))
        assert {case.name for case in harmed if not any(f" {case.name}: " in line for line in shown[blade])} == set()
        assert lines(run(project, cluster, "--json")) == shown
        assert lines(run(project, cluster, "--json")) == {}


def test_a_role_that_keeps_what_another_one_keeps_touches_nothing(project: Path, cluster: Lab) -> None:
    state = project / "roles" / "beacon" / "vars" / "main.yml"
    before = state.read_text()
    state.write_text(before.replace("/etc/beacon.conf: {content", "/etc/hosts: {content"))
    try:
        said = cluster.provision_of(project, "slurm", f"--nodes={cluster.compute[0]}", "--json")
    finally:
        state.write_text(before)
    assert said.code != 0
    assert said.json["changed"] == 0
    assert "roles base and beacon both keep path /etc/hosts" in said.failure(cluster.compute[0])
