"""Another machine stands in the place of a blade: with an installation of its own, and with what an older one left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.job_tmp import ended, node, submit
from tests.cluster.kernel_files import kernel_says, kernel_says_the_truth
from tests.cluster.labs import Lab
from tests.cluster.test_hardware import OTHER_SERIAL, SERIAL, link, plate
from tests.cluster.test_release import put_on_record, records

SPOOL = "/var/lib/slurm/slurmd"
NOBODYS_SERIAL = "CZ3333VWXY"
WHAT_IS_THERE = "ls /etc/munge /etc/slurm /var/lib/provision 2>&1; dpkg --list | wc -l"
OLD_DISK = "/dev/disk/by-id/wwn-0x5000c500aaaa0001"


def blades_folder(lab: Lab) -> Path:
    """Where this machine remembers the blades of the lab."""
    return lab.state_folder / "lab"


def notes(lab: Lab, name: str) -> dict[str, Any]:
    """What stands in a file of notes of this machine; {} where it is not there."""
    file = blades_folder(lab) / name
    return json.loads(file.read_text()) if file.exists() else {}


@pytest.fixture
def blade(cluster: Lab) -> Iterator[str]:
    """A member that keeps nobody waiting; afterwards it is one again, whatever stood there."""
    name = cluster.compute[-1]
    yield name
    kernel_says_the_truth(cluster, name)
    if (said := cluster.slurm([name], f"--accept-hardware={name}")).code:
        cluster.provision("reimaged", name)
        said = cluster.slurm([name], f"--accept-hardware={name}")
    assert said.code == 0, said.text
    assert cluster.state(name, "idle", 60) == "idle"


def test_another_installation_on_another_board_is_refused_until_it_is_accepted(cluster: Lab, blade: str) -> None:
    old = records(cluster)[blade.lower()]["machine_id"]
    parts = {"serial": SERIAL, "links": {"02:1b:00:00:00:90": 1000}, "disks": {OLD_DISK: 9000}}
    put_on_record(cluster, blade, **parts)
    cluster.lab("reimage", "--unannounced", blade)
    board = {**plate(OTHER_SERIAL), **link(1000)}
    kernel_says(cluster, blade, board)
    new = cluster.inside(blade, "cat /etc/machine-id")
    known = (blades_folder(cluster) / "known_hosts").read_text()
    before = records(cluster)

    stranger = cluster.slurm([blade])
    assert stranger.code == 1, stranger.text
    assert f"provision reimaged {blade}" in stranger.failure(blade)
    assert ((blades_folder(cluster) / "known_hosts").read_text(), records(cluster)) == (known, before)
    asked = cluster.provision("replace", blade)
    assert asked.code == 2, asked.text
    assert f"serial number: {SERIAL} -> {OTHER_SERIAL}" in asked.text
    assert f"machine-id: {old} -> {new}" in asked.text
    assert "02:1b:00:00:00:90 1000 Mbit/s -> 02:1b:00:00:00:91 1000 Mbit/s" in asked.text
    assert f"disks: {OLD_DISK.rpartition('/')[2]} 9000 GB -> none" in asked.text
    still = (blades_folder(cluster) / "known_hosts").read_text()
    assert (sorted(still.splitlines()), records(cluster)) == (sorted(known.splitlines()), before)

    said = cluster.provision("replace", blade, "--yes", "--json")

    assert said.code == 0, said.text
    assert {"what": "serial number", "old": SERIAL, "new": OTHER_SERIAL} in said.json["board"]
    kept = records(cluster)[blade.lower()]
    assert (kept["machine_id"], kept["parts"]["serial"]) == (new, OTHER_SERIAL)
    assert (kept["parts"]["disks"], list(kept["parts"]["links"])) == ({}, ["02:1b:00:00:00:91"])
    assert cluster.state(blade, "idle", 60) == "idle"
    assert ended(cluster, submit(cluster, blade, "true")) == "COMPLETED"
    again = cluster.slurm([blade])
    assert (again.code, again.json["changed"]) == (0, 0), again.text


def test_an_announced_blade_that_is_another_one_gets_nothing_and_stays_announced(cluster: Lab, blade: str) -> None:
    """By its serial number it is refused, whatever was announced: a board of a neighbour, and one that nobody knows."""
    other = cluster.compute[0]
    serial = records(cluster)[other.lower()]["parts"]["serial"]
    put_on_record(cluster, other, serial=SERIAL)
    put_on_record(cluster, blade, serial=OTHER_SERIAL)
    try:
        assert cluster.provision("reimaged", blade, "--within", "2h").code == 0
        cluster.lab("reimage", "--unannounced", blade)
        kernel_says(cluster, blade, plate(SERIAL))
        known, windows = blades_folder(cluster) / "known_hosts", notes(cluster, "reimage_windows.json")
        keys, announced = sorted(known.read_text().splitlines()), notes(cluster, "announced.json")
        assert blade in windows
        login = cluster.provision("lab", "ssh", cluster.controller, "true")
        assert login.code == 0
        untouched = cluster.inside(blade, WHAT_IS_THERE)

        for number, words in (
            (SERIAL, f"its board is the one of {other.lower()} by its serial number {SERIAL}"),
            (NOBODYS_SERIAL, f"another board: serial number {OTHER_SERIAL} -> {NOBODYS_SERIAL}"),
        ):
            kernel_says(cluster, blade, plate(number))
            said = cluster.slurm([blade])
            assert said.code == 1, said.text
            assert words in said.failure(blade)
            assert said.json["blades"][blade]["installation"]["standing"] == "other hardware"
            assert cluster.inside(blade, WHAT_IS_THERE) == untouched
            assert sorted(known.read_text().splitlines()) == keys
            assert notes(cluster, "reimage_windows.json") == windows
            assert notes(cluster, "announced.json") == announced
        shown = cluster.provision("status", "--json").json["nodes"]
        sync = next(each["sync"] for each in shown if each["blade"] == blade)
        assert (sync["state"], sync["installation"]) == ("failed", "other hardware")

        # The right one comes back, within its time.
        kernel_says(cluster, blade, plate(OTHER_SERIAL))
        said = cluster.slurm([blade])
        assert said.code == 0, said.text
        assert blade not in notes(cluster, "reimage_windows.json")
        assert cluster.state(blade, "idle", 60) == "idle"
    finally:
        put_on_record(cluster, other, serial=serial)


# What another node may have left where slurmd works; a disk of a replaced board, or a restored image, brings it along.
LEFT = f"""
mkdir -p {SPOOL}/conf-cache {SPOOL}/job00042 /etc/slurm
cat > {SPOOL}/conf-cache/slurm.conf <<END
ClusterName=midgard
SlurmctldHost=nowhere(192.0.2.1)
NodeName=other-node CPUs=96
END
head -c 4096 /dev/urandom > {SPOOL}/cred_state
head -c 4096 /dev/urandom > {SPOOL}/cred_state.old
printf '#!/bin/sh\\ntouch /root/stale-job-ran\\n' > {SPOOL}/job00042/slurm_script
chmod 700 {SPOOL}/job00042/slurm_script
head -c 512 /dev/urandom > {SPOOL}/other-node_42.0
echo '<topology version="2.0"><object type="Machine"/></topology>' > {SPOOL}/hwloc_topo_whole.xml
printf 'NODE_NAME=other-node\\n' > /etc/default/slurmd
chown -R 12345:12345 {SPOOL}
"""


def test_what_an_older_installation_left_does_no_harm(cluster: Lab, blade: str) -> None:
    whole = records(cluster)[blade.lower()]["hardware"]
    cluster.lab("reimage", blade)
    cluster.inside(blade, LEFT)
    said = cluster.slurm([blade])
    assert said.code == 0, said.text
    assert cluster.state(blade, "idle", 60) == "idle"
    assert f"NodeHostName={blade.lower()} " in node(cluster, blade)
    assert records(cluster)[blade.lower()]["hardware"] == whole
    assert ended(cluster, submit(cluster, blade, "true")) == "COMPLETED"
    cluster.inside(blade, "systemctl restart slurmd")
    assert cluster.state(blade, "idle", 60) == "idle"
    assert ended(cluster, submit(cluster, blade, "true")) == "COMPLETED"
    assert "midgard" not in cluster.inside(blade, f"cat {SPOOL}/conf-cache/slurm.conf")
    assert cluster.inside(blade, f"stat --format=%U {SPOOL}; ls /root/stale-job-ran 2> /dev/null; true") == "root"
    again = cluster.slurm([blade])
    assert (again.code, again.json["changed"]) == (0, 0), again.text
