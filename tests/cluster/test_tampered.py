"""Whatever is damaged behind our back is shown by `--check`, mended by the next run, and nothing is overlooked.

The cases are made of what the roles keep: a new role has its own at once. All things that a harm can come to are
damaged together, on the controller and on a node. `--full` runs every task of every role: what the comparison of a
usual run had overlooked, it would change.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.project import copy_project
from provisioner.state.tampering import HARMS, Case
from tests.cluster.labs import Lab, Said
from tests.cluster.tampering import cases_of, shown_name

# An upgrade of these packages gives folders back to slurm.
POSTINST = "/var/lib/dpkg/info/{0}.postinst configure $(dpkg-query -W -f '${{Version}}' {0})"
# What no state tells: the role that writes the file decides what it should be.
MORE = {
    "edited slurm.conf": Case(
        "edited slurm.conf",
        "slurmctld",
        "files",
        "/etc/slurm/slurm.conf",
        "echo MessageTimeout=11 >> /etc/slurm/slurm.conf && scontrol reconfigure",
    ),
    "upgraded slurmctld": Case(
        "upgraded slurmctld", "slurmctld", "folders", "/var/lib/slurm", POSTINST.format("slurmctld")
    ),
    "upgraded slurmd": Case("upgraded slurmd", "slurmd", "folders", "/var/log/slurm", POSTINST.format("slurmd")),
}


@pytest.fixture(scope="module")
def cases(cluster: Lab) -> dict[str, list[Case]]:
    """Every case of the controller and of the first compute blade."""
    return {blade: cases_of(cluster, blade) for blade in (cluster.controller, cluster.compute[0])}


def changed(said: Said) -> dict[str, list[str]]:
    """What changed, or would, by blade, of a run that converged; sorted, as the order of roles is no promise."""
    assert said.code == 0, said.text
    return {name: sorted(blade["changed"]) for name, blade in said.json["blades"].items() if blade["changed"]}


def run(lab: Lab, *words: str) -> dict[str, list[str]]:
    """What a run over the controller and the first compute blade changed."""
    return changed(lab.slurm([lab.compute[0]], *words))


def test_a_node_that_differs_in_less_gives_no_order_to_another(cluster: Lab) -> None:
    """munge does not start again with a key that is yet to be replaced."""
    first, other = cluster.compute[:2]
    cluster.inside(first, "systemctl disable --quiet munge")
    cluster.inside(other, "echo of another cluster > /etc/munge/munge.key")
    assert changed(cluster.slurm([first, other])) == {
        first: ["unit munge.service: disabled -> enabled"],
        other: ["secret /etc/munge/munge.key: content", "unit munge.service: restart: it uses /etc/munge/munge.key"],
    }


def damage(lab: Lab, blade: str, harmed: Sequence[Case]) -> None:
    for case in harmed:
        lab.inside(blade, f"{case.script}; true")


def is_told(case: Case, lines: Sequence[str]) -> bool:
    """Whether a line is about this thing; scratch is told by disk or mount point."""
    if case.kind == "scratch":
        return any(line.startswith("scratch ") for line in lines)
    return any(f" {shown_name(case)}: " in f" {line}" for line in lines)


@pytest.mark.parametrize("harm", [*HARMS, *MORE])
def test_a_harm_is_shown_mended_and_gone(cluster: Lab, cases: dict[str, list[Case]], harm: str) -> None:
    """What `--check` shows is exactly what the run then changes."""
    harmed = {blade: [case for case in found if case.harm == harm] for blade, found in cases.items()}
    if harm in MORE:
        blade = cluster.compute[0] if MORE[harm].role == "slurmd" else cluster.controller
        harmed[blade] = [MORE[harm]]
    if harm == "other secret":
        # The key of the controller is the cluster's, whatever it is.
        harmed[cluster.controller] = []
    assert any(harmed.values())
    for blade, its in harmed.items():
        damage(cluster, blade, its)

    shown = run(cluster, "--check")

    for blade, its in harmed.items():
        assert [case.name for case in its if not is_told(case, shown.get(blade, []))] == [], shown
    assert run(cluster) == shown
    assert run(cluster) == {}
    assert cluster.state(cluster.compute[0], "idle") == "idle"


def test_nothing_was_overlooked(cluster: Lab) -> None:
    """After all the harms above."""
    assert run(cluster, "--full") == {}
    assert "20 sec" in cluster.ask("scontrol show config | grep MessageTimeout")


def test_a_changed_variable_is_found(cluster: Lab) -> None:
    """One that the inventory hands to a role, one of the site's packages, and one of slurm.conf."""
    wanted = {"base_extra_packages": ["tree"], "slurmctld_config": {"MinJobAge": 301}}
    with cluster.variables_of_the_site(**wanted):
        assert set(run(cluster)) == {cluster.controller, cluster.compute[0]}
        assert cluster.inside(cluster.compute[0], "command -v tree")
        assert "301 sec" in cluster.ask("scontrol show config | grep MinJobAge")
        assert run(cluster, "--full") == {}
    assert set(run(cluster)) == {cluster.controller}


def test_a_changed_role_is_found(cluster: Lab, tmp_path: Path) -> None:
    """A new release of this project: what it wants is compared, not what an older one remembered."""
    wants = copy_project(tmp_path) / "roles" / "slurmd" / "vars" / "main.yml"
    wants.write_text(wants.read_text().replace("RestartSec=5", "RestartSec=6"))

    assert set(changed(_run_from(tmp_path, cluster))) == {cluster.compute[0]}

    assert "6s" in cluster.inside(cluster.compute[0], "systemctl show --property=RestartUSec slurmd")
    assert changed(_run_from(tmp_path, cluster, "--full")) == {}
    assert set(run(cluster)) == {cluster.compute[0]}
    assert run(cluster, "--full") == {}


def _run_from(folder: Path, lab: Lab, *words: str) -> Said:
    """`provision slurm` of the project in this folder."""
    return lab.provision_of(folder, "slurm", f"--nodes={lab.compute[0]}", "--json", *words)
