"""What an admin does by hand is left, or taken back and told; never in silence, and `--check` says the same."""

from __future__ import annotations

import re

import pytest

from provisioner.state.masks import QUIET
from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

# What is wrong besides: it is mended although the node does not count as converged.
ALSO_WRONG = "echo >> /etc/logrotate.d/slurmd"
MENDED = "file /etc/logrotate.d/slurmd: content"
MASKS = {
    "munge, stopped": ("systemctl mask --now munge", "munge.service", "does not run"),
    "slurmd, stopped": ("systemctl mask --now slurmd", "slurmd.service", "does not run"),
    "slurmd, running": ("systemctl mask slurmd", "slurmd.service", "runs until it is stopped"),
}


def unmask(lab: Lab, blade: str) -> None:
    lab.inside(blade, "systemctl unmask --quiet munge slurmd")
    said = lab.slurm(lab.compute)
    # munge was away, and slurmctld may not have noticed yet that it is back.
    assert said.code == 0, said.text
    assert lab.state(blade, "idle", 60) == "idle"


def is_masked(lab: Lab, blade: str, unit: str) -> bool:
    return lab.inside(blade, f"readlink /etc/systemd/system/{unit} || true") == "/dev/null"


@pytest.mark.parametrize("case", MASKS)
def test_an_admins_mask_stays_and_everything_else_is_kept(cluster: Lab, case: str) -> None:
    harm, unit, state = MASKS[case]
    blade, other = cluster.compute[:2]
    cluster.inside(blade, f"{harm}; {ALSO_WRONG}")
    try:
        shown = cluster.slurm([blade, other], "--check")
        said = cluster.slurm([blade, other])
        for found in (shown, said):
            assert found.code == 3, found.text
            assert f"an admin masked {unit}, so it is left so and {state}" in found.failure(blade)
            assert f"`systemctl unmask {unit}`" in found.failure(blade)
            assert found.json["blades"][blade]["changed"] == [MENDED]
            assert found.json["blades"][other]["status"] == "ok"
        assert is_masked(cluster, blade, unit)
        full = cluster.slurm([blade, other], "--full")
        assert (full.code, full.json["changed"]) == (3, 0), full.text
        assert is_masked(cluster, blade, unit)
    finally:
        unmask(cluster, blade)


def test_a_mask_from_before_the_packages_stays(cluster: Lab, virgin: str) -> None:
    """Installing masks slurmd for a while, too; that mask is not the admin's, and his is not ours."""
    cluster.inside(virgin, "systemctl mask slurmd.service")
    said = cluster.slurm([virgin, cluster.compute[0]])
    assert said.code == 3, said.text
    assert "an admin masked slurmd.service" in said.failure(virgin)
    assert is_masked(cluster, virgin, "slurmd.service")
    cluster.inside(virgin, "systemctl unmask --quiet slurmd.service")
    assert cluster.slurm([virgin]).code == 0
    assert cluster.state(virgin, "idle") == "idle"


def test_a_mask_of_ours_is_not_mistaken_for_an_admins(cluster: Lab) -> None:
    """An admin who masks the unit meanwhile is not heard: systemctl takes ours for his."""
    blade = cluster.compute[0]
    cluster.inside(blade, f"ln -s {QUIET} /etc/systemd/system/slurmd.service; systemctl daemon-reload")
    assert cluster.inside(blade, "systemctl is-enabled slurmd || true") == "masked"
    said = cluster.slurm([blade])
    assert said.code == 0, said.text
    assert "unit slurmd.service: masked -> running, enabled" in said.json["blades"][blade]["changed"]
    assert cluster.inside(blade, "systemctl is-enabled slurmd") == "enabled"


@pytest.mark.parametrize("harm", ["systemctl mask slurmctld", "systemctl mask --now munge"])
def test_a_mask_on_the_controller_stops_a_run_before_anything_is_touched(cluster: Lab, harm: str) -> None:
    unit = harm.split()[-1]
    blade = cluster.compute[0]
    cluster.inside(blade, ALSO_WRONG)
    cluster.ask(harm)
    try:
        for words in (["--check"], []):
            said = cluster.slurm([blade], *words)
            assert said.code == 1, said.text
            assert f"an admin masked {unit}.service on the controller" in said.failure(cluster.controller)
            assert said.json["changed"] == 0
    finally:
        cluster.ask(f"systemctl unmask --quiet {unit}; systemctl start {unit}")
    assert until(lambda: "UP" in cluster.ask("scontrol ping || true"), 60)
    assert cluster.slurm([blade]).json["blades"][blade]["changed"] == [MENDED]


def kept(lab: Lab, blade: str, path: str) -> list[str]:
    """What was kept beside a file."""
    return lab.inside(blade, f"ls -1 {path}.* 2>/dev/null || true").split()


def notes(said: Said, blade: str) -> str:
    return "\n".join(said.json["blades"][blade]["notes"])


def test_a_stray_configuration_on_a_node_is_set_aside(cluster: Lab) -> None:
    blade = cluster.compute[0]
    path = "/etc/slurm/slurm.conf"
    # Others that were set aside, by tests before.
    cluster.inside(blade, f"rm -f {path}.* /etc/slurm/gres.conf.*")
    cluster.inside(
        blade, f"printf 'ClusterName=x\\nSlurmctldHost=nowhere(10.0.0.1)\\n' > {path}; touch /etc/slurm/gres.conf"
    )
    cluster.inside(blade, "echo 'SLURM_CONF=/nowhere' >> /etc/default/slurmd")
    said = cluster.slurm([blade])
    assert said.code == 0, said.text
    changed = said.json["blades"][blade]["changed"]
    for name in (path, "/etc/slurm/gres.conf"):
        assert f"stray {name}: file of somebody else -> set aside" in changed
    assert "file /etc/default/slurmd: content" in changed
    assert f"{path} was in the way and is kept as {path}.set-aside-" in notes(said, blade)
    (aside,) = kept(cluster, blade, path)
    assert "nowhere" in cluster.inside(blade, f"cat {aside}; rm {aside} /etc/slurm/gres.conf.set-aside-*")
    assert blade.lower() in cluster.inside(blade, "sinfo --noheader --Node --format=%N")
    again = cluster.slurm([blade])
    assert (again.code, again.json["changed"]) == (0, 0), again.text


def test_an_edit_of_slurm_conf_is_told_line_by_line_and_kept_once(cluster: Lab) -> None:
    path = "/etc/slurm/slurm.conf"
    cluster.ask(f"rm -f {path}.*; echo MessageTimeout=11 >> {path}")
    line = f"file {path}: content, edited by hand: MessageTimeout=11 taken back"
    for words in (["--check"], []):
        said = cluster.slurm([cluster.compute[0]], *words)
        assert said.code == 0, said.text
        assert line in said.json["blades"][cluster.controller]["changed"]
        assert "slurmctld_config in group_vars" in notes(said, cluster.controller)
    (copy,) = kept(cluster, cluster.controller, path)
    assert "MessageTimeout=11" in cluster.ask(f"cat {copy}")
    # What the site changes is no edit by hand.
    with cluster.variables_of_the_site(slurmctld_config={"MinJobAge": 301}):
        said = cluster.slurm([cluster.compute[0]])
    assert "by hand" not in said.text
    assert "by hand" not in cluster.slurm([cluster.compute[0]]).text
    assert kept(cluster, cluster.controller, path) == [copy]
    cluster.ask(f"rm {copy}")


def test_a_foreign_line_for_a_blade_loses_against_ours_and_is_named(cluster: Lab) -> None:
    blade, other = cluster.compute[0], cluster.compute[1].lower()
    cluster.inside(blade, f"echo '10.9.9.9 {other}' >> /etc/hosts")
    for _ in range(2):
        said = cluster.slurm([blade])
        assert said.code == 0, said.text
        assert cluster.inside(blade, f"getent hosts {other}").split()[0] == f"10.62.{cluster.subnet}.103"
        found = re.search(rf"/etc/hosts, line (\d+), gives {other} the address 10\.9\.9\.9", notes(said, blade))
        assert found is not None, said.text
        assert other in cluster.inside(blade, f"sed -n {found[1]}p /etc/hosts")
    assert said.json["changed"] == 0
    # A bind mount of podman: it is not replaced.
    cluster.inside(blade, "grep -v '^10.9.9.9' /etc/hosts > /root/hosts; cat /root/hosts > /etc/hosts")
    assert cluster.slurm([blade]).code == 0
