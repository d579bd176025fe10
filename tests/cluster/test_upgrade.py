"""Security updates within a release: said, shown, made in the right order, and no job notices."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.cluster.labs import Lab
from tests.cluster.waiting import until

MINIMUM = {"bookworm": "22.05.8-4+deb12u3", "trixie": "24.11.5-4+deb13u1"}
OLD = {"bookworm": "22.05.8-1", "trixie": "24.11.5-1"}
# The mirror has one version only: the same packages with a lower number are the older ones. What depends on exactly
# this version comes along. Installing them starts nothing that does not run.
OLDER = r"""
set -e
rm -rf /root/older && mkdir /root/older && cd /root/older
names=$(dpkg-query -W -f '${source:Package} ${Package} ${db:Status-Status}\n' |
  awk '$1 == "slurm-wlm" && $3 == "installed" { print $2 }')
new=$(dpkg-query -W -f '${Version}' slurm-client)
apt-get -qq download $names > /dev/null 2>&1
for deb in *.deb; do
  dpkg-deb -R "$deb" unpacked
  sed -i "s/$new/OLD/g" unpacked/DEBIAN/control
  dpkg-deb -Znone -b unpacked "${deb%%_*}.older.deb" > /dev/null
  rm -rf unpacked
done
dpkg --force-confold -i *.older.deb > /dev/null 2>&1
rm -rf /root/older
dpkg-query -W -f '${Version}' slurm-client
"""
VERSION = "dpkg-query --show --showformat '${Version}' slurm-client"


def make_older(lab: Lab, blade: str) -> None:
    old = OLD[lab.release]
    assert lab.inside(blade, OLDER.replace("OLD", old)) == old


def members(lab: Lab) -> list[str]:
    return [lab.controller, *lab.compute]


@pytest.fixture
def outdated(cluster: Lab) -> Iterator[Lab]:
    """The cluster with older packages everywhere, and settled again."""
    assert cluster.slurm(cluster.compute).code == 0
    for blade in members(cluster):
        make_older(cluster, blade)
    until(lambda: "is UP" in cluster.ask("scontrol ping || true"))
    yield cluster
    assert cluster.slurm(cluster.compute, "--upgrade").code == 0


def test_old_packages_are_said_by_a_run_and_by_status(outdated: Lab) -> None:
    said = outdated.slurm(outdated.compute)
    assert said.code == 0, said.text
    for blade in members(outdated):
        notes = said.json["blades"][blade]["notes"]
        assert [note for note in notes if f"older than {MINIMUM[outdated.release]}" in note], notes
        assert outdated.inside(blade, VERSION) == OLD[outdated.release], "nobody asked for it"
    status = outdated.provision("status")
    assert status.code == 0, status.text
    for blade in members(outdated):
        old = re.escape(OLD[outdated.release])
        assert re.search(rf"^warning: {blade}: .*{old}: older than", status.out, re.MULTILINE), status.text
    assert "provision slurm --upgrade" in status.out


def test_status_says_what_the_release_lacks(cluster: Lab) -> None:
    status = cluster.provision("status")
    assert status.code == 0, status.text
    assert ("CVE-2026-65107" in status.out) == (cluster.release == "bookworm")
    assert "older than" not in status.out


def test_an_upgrade_is_shown_first_and_survived_by_a_job(outdated: Lab) -> None:
    lab, blade = outdated, outdated.compute[0]
    job = lab.ask(f"sbatch --parsable --chdir=/ --output=/dev/null --nodelist={blade.lower()} --wrap='sleep 600'")
    try:
        assert until(lambda: "JobState=RUNNING" in lab.ask(f"scontrol show job {job}"), 30)
        process = lab.inside(blade, "pgrep -f 'sleep 600' | head -1")

        shown = lab.slurm(lab.compute, "--upgrade", "--check")
        assert shown.code == 0, shown.text
        for name in members(lab):
            wanted = f"package slurm-client: {OLD[lab.release]} -> {MINIMUM[lab.release]}"
            assert wanted in shown.json["blades"][name]["changed"]
            assert lab.inside(name, VERSION) == OLD[lab.release], "--check upgraded it"

        said = lab.slurm(lab.compute, "--upgrade")
        assert said.code == 0, said.text
        assert {lab.inside(name, VERSION) for name in members(lab)} == {MINIMUM[lab.release]}
        assert not [note for name in members(lab) for note in said.json["blades"][name]["notes"] if "older" in note]
        assert lab.inside(blade, "pgrep -f 'sleep 600' | head -1") == process
        shown_job = lab.ask(f"scontrol show job {job}")
        assert "JobState=RUNNING" in shown_job
        assert "Restarts=0" in shown_job
        # the controller's packages were whole before the first node's were touched
        when = r"grep -h ' status installed slurm-client:' /var/log/dpkg.log | tail -1 | cut -c1-19"
        assert lab.ask(when) <= min(lab.inside(name, when) for name in lab.compute)

        again = lab.slurm(lab.compute, "--upgrade")
        assert (again.code, again.json["changed"]) == (0, 0), again.text
        assert "older than" not in lab.provision("status").out
    finally:
        lab.ask(f"scancel {job}")
        until(lambda: not lab.ask("squeue --noheader --states=RUNNING,COMPLETING"))
    for name in lab.compute:
        assert lab.inside(name, "systemctl is-enabled slurmd") == "enabled"
        masks = lab.inside(name, "systemctl list-unit-files --state=masked --no-legend | cut -d ' ' -f 1")
        assert "slurmd.service" not in masks.split()


def test_what_an_admin_holds_stays_and_is_said(cluster: Lab) -> None:
    blade = cluster.compute[0]
    assert cluster.slurm(cluster.compute).code == 0
    make_older(cluster, blade)
    cluster.inside(blade, "apt-mark hold slurmd")
    try:
        said = cluster.slurm([blade], "--upgrade")
        assert said.code == 0, said.text
        assert any("slurmd is on hold" in note for note in said.json["blades"][blade]["notes"])
        assert cluster.inside(blade, VERSION) == OLD[cluster.release]
    finally:
        cluster.inside(blade, "apt-mark unhold slurmd")
        assert cluster.slurm([blade], "--upgrade").code == 0
    assert cluster.inside(blade, VERSION) == MINIMUM[cluster.release]


def test_an_upgrade_never_crosses_to_another_release(cluster: Lab) -> None:
    blade = cluster.compute[0]
    other = {"bookworm": "trixie", "trixie": "forky"}[cluster.release]
    version = cluster.inside(blade, VERSION)
    line = f"sed -n 's/ {cluster.release} / {other} /p' /etc/apt/sources.list | head -1"
    cluster.inside(blade, f"{line} > /etc/apt/sources.list.d/other.list")
    try:
        said = cluster.slurm([blade], "--upgrade")
        assert said.code in (1, 3), said.text
        assert "from another release than Debian" in said.failure(blade)
        assert cluster.inside(blade, VERSION) == version
    finally:
        cluster.inside(blade, "rm /etc/apt/sources.list.d/other.list; apt-get -qq update")
    said = cluster.slurm([blade], "--upgrade")
    assert (said.code, said.json["changed"]) == (0, 0), said.text


def test_a_daemon_with_old_code_in_memory_is_restarted(cluster: Lab) -> None:
    """An upgrade of munge alone leaves its old library in slurmd."""
    blade = cluster.compute[0]
    library = cluster.inside(blade, "awk '/libmunge/ { print $6; exit }' /proc/$(pidof -s slurmd)/maps")
    cluster.inside(blade, f"cp -p {library} {library}.new && mv {library}.new {library}")
    since = "systemctl show --property ActiveEnterTimestampMonotonic --value slurmd"
    before = cluster.inside(blade, since)
    said = cluster.slurm([blade], "--upgrade")
    assert said.code == 0, said.text
    assert cluster.inside(blade, since) != before
    again = cluster.slurm([blade], "--upgrade")
    assert (again.code, again.json["changed"]) == (0, 0), again.text
