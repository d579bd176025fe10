"""Who a blade is: copies and strangers are refused, a signed host key is known, a reimaged blade comes back alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.labs import Lab, Said
from tests.cluster.test_trust import Site

MARK = "/var/lib/provision/installation.json"
DROP_IN = "/etc/ssh/sshd_config.d/provision-hostcert.conf"
MEND = "rm -f /etc/machine-id /var/lib/dbus/machine-id; systemd-machine-id-setup"
KEPT = "/root/kept-host-keys"


@pytest.fixture
def site(cluster: Lab, tmp_path: Path) -> Iterator[Site]:
    """The blades as if they were real ones, with a host CA; afterwards none of it is left on them."""
    shutil.copy(cluster.state_folder / "lab" / "id_ed25519", tmp_path / "key")
    made = Site(cluster, tmp_path)
    wants(made, True)
    blade = cluster.compute[0]
    cluster.inside(blade, f"rm -rf {KEPT} && cp -a /etc/ssh {KEPT}")
    yield made
    cluster.inside(blade, f"rm -f /etc/ssh/ssh_host_* && cp -a {KEPT}/ssh_host_* /etc/ssh/ && rm -rf {KEPT}")
    for name in (cluster.controller, blade):
        cluster.inside(name, f"rm -f {DROP_IN} /etc/ssh/ssh_host_*-cert.pub && systemctl reload ssh")


def wants(site: Site, host_ca: object) -> None:
    """Writes the plan with this wish for a host CA."""
    site.plan()
    plan = yaml.safe_load((site.folder / "plan.yml").read_text())
    plan["host_ca"] = host_ca
    (site.folder / "plan.yml").write_text(yaml.safe_dump(plan, sort_keys=False))


def hostca(site: Site, *words: str) -> Said:
    """`provision hostca` on the site."""
    variables = site.lab.variables(
        XDG_STATE_HOME=str(site.folder / "state"), PROVISION_PLAN=str(site.folder / "plan.yml")
    )
    command = [sys.executable, "-m", "provisioner", "hostca", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    return Said(done.returncode, done.stdout, done.stderr)


def new_key(site: Site, blade: str, signed: bool) -> None:
    """Another host key of the blade, as an image brings it along."""
    key = site.folder / "ssh_host_ed25519_key"
    certificate = key.with_name(f"{key.name}-cert.pub")
    for file in (key, key.with_suffix(".pub"), certificate):
        file.unlink(missing_ok=True)
    made = "ssh-keygen -q -t ed25519 -N '' -f ssh_host_ed25519_key"
    site.lab.inside(blade, f"cd /etc/ssh && rm -f ssh_host_* && {made} && systemctl restart ssh")
    if signed:
        key.with_suffix(".pub").write_text(site.lab.inside(blade, "cat /etc/ssh/ssh_host_ed25519_key.pub") + "\n")
        said = hostca(site, "sign", str(key.with_suffix(".pub")), f"--blade={blade}")
        assert said.code == 0, said.text
        put = f"echo '{certificate.read_text().strip()}' > /etc/ssh/{certificate.name} && systemctl reload ssh"
        site.lab.inside(blade, put)


def trust(site: Site) -> list[str]:
    return (site.known_hosts.parent / "known_hosts.ca").read_text().splitlines()


def test_a_signed_key_is_known_and_the_one_of_before_counts_no_more(site: Site) -> None:
    blade = site.lab.compute[0]
    preview = site.run("slurm", f"--nodes={blade}", "--check", "--json")
    assert not (site.known_hosts.parent / "host_ca").exists()
    said = site.run("slurm", f"--nodes={blade}", "--json")
    assert said.code == 0, said.text
    changed = said.json["blades"][blade]["changed"]
    assert f"file {DROP_IN}: absent -> file" in changed, changed
    assert changed == preview.json["blades"][blade]["changed"]
    again = site.run("slurm", f"--nodes={blade}", "--json")
    assert (again.code, again.json["changed"]) == (0, 0), again.text

    # sshd shows it, to whoever trusts the CA alone.
    address = yaml.safe_load(site.lab.plan.read_text())["blades"][blade]["address"]
    line = json.loads(hostca(site, "show", "--json").out)["known_hosts"]
    site.lab.ask(f"printf '%s\\n' '{line}' > /root/ca")
    asked = "ssh -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/root/ca -o BatchMode=yes"
    words = site.lab.tried(site.lab.controller, f"{asked} nobody@{address} true; rm /root/ca")
    assert "Permission denied" in words.text, words.text
    old = site.fingerprint(blade)
    site.lab.inside(blade, f"cp -a /etc/ssh/ssh_host_* {KEPT}/")

    new_key(site, blade, signed=False)
    refused = site.run("slurm", f"--nodes={blade}", "--json")
    assert f"provision reimaged {blade}" in refused.failure(blade), refused.text
    new_key(site, blade, signed=True)
    taken = site.run("slurm", f"--nodes={blade}", "--json")
    assert taken.code == 0, taken.text
    assert f"{blade}: it has another host key, which the host CA has signed" in taken.err
    assert taken.json["host_keys"][blade] == [f"ED25519 {site.fingerprint(blade)}"]
    assert [line for line in trust(site) if line.startswith("@revoked")]

    # What somebody may have kept of before, certificate and all.
    site.lab.inside(blade, f"rm -f /etc/ssh/ssh_host_*; cp -a {KEPT}/ssh_host_* /etc/ssh/; systemctl restart ssh")
    assert site.fingerprint(blade) == old
    stolen = site.run("slurm", f"--nodes={blade}", "--json")
    assert "had before" in stolen.failure(blade), stolen.text
    assert f"provision reimaged {blade}" in stolen.failure(blade)
    assert site.run("reimaged", blade).code == 0
    back = site.run("slurm", f"--nodes={blade}", "--json")
    assert (back.code, back.json["host_keys"][blade][:1]) == (0, [f"ED25519 {old}"]), back.text


def test_a_first_key_has_to_be_signed_where_the_plan_says_so(site: Site) -> None:
    blades = [site.lab.controller, site.lab.compute[0]]
    wants(site, "required")
    refused = site.run("slurm", f"--nodes={blades[1]}", "--json")
    assert refused.code == 1, refused.text
    for name in blades:
        assert "it shows no certificate of the host CA" in refused.failure(name)
        assert f"provision reimaged {name}" in refused.failure(name)
    assert site.run("reimaged", ",".join(blades)).code == 0
    assert site.run("slurm", f"--nodes={blades[1]}").code == 0
    # Another machine of the site, or one that has lost its record, goes by the CA from then on.
    site.known_hosts.unlink()
    said = site.run("slurm", f"--nodes={blades[1]}", "--json")
    assert said.code == 0, said.text
    assert f"{blades[1]}: first contact; the host CA has signed its host key" in said.err
    assert set(said.json["host_keys"]) == set(blades)
    assert all(said.json["host_keys"].values())


def test_the_copy_of_another_node_is_refused_until_it_has_a_machine_id_of_its_own(cluster: Lab, virgin: str) -> None:
    first = cluster.compute[0]
    own = cluster.inside(first, "cat /etc/machine-id")
    cluster.inside(virgin, f"echo {own} > /etc/machine-id")
    assert cluster.provision("lab", "ssh", virgin, "true").code == 0
    before = cluster.fingerprint(virgin)

    said = cluster.slurm([first, virgin])

    assert said.code == 3, said.text
    assert f"it has the machine-id of {first}" in said.failure(virgin)
    assert MEND in said.failure(virgin)
    assert said.json["blades"][virgin]["installation"]["standing"] == "duplicate machine-id"
    assert said.json["blades"][first]["status"] == "ok"
    assert cluster.fingerprint(virgin) == before
    shown = {node["blade"]: node for node in cluster.provision("status", "--json").json["nodes"]}
    assert shown[virgin]["sync"]["installation"] == "duplicate machine-id"
    assert shown[first]["sync"]["installation"] == "in sync"

    cluster.inside(virgin, MEND)
    assert cluster.inside(virgin, "cat /etc/machine-id") != own
    said = cluster.slurm([first, virgin], "--check")
    assert said.code == 0, said.text
    assert said.json["blades"][virgin]["installation"]["standing"] == "fresh"


def test_a_blade_of_another_cluster_is_refused(cluster: Lab, virgin: str) -> None:
    mark = {"cluster": "midgard", "machine_id": cluster.inside(virgin, "cat /etc/machine-id")}
    cluster.inside(virgin, f"mkdir -p /var/lib/provision && echo '{json.dumps(mark)}' > {MARK}")
    said = cluster.slurm([cluster.compute[0], virgin])
    assert said.code == 3, said.text
    assert "it belongs to the cluster midgard" in said.failure(virgin)
    assert said.json["blades"][virgin]["changed"] == []
    assert said.json["blades"][virgin]["installation"]["standing"] == "foreign"
    shown = {node["blade"]: node for node in cluster.provision("status", "--json").json["nodes"]}
    assert (shown[virgin]["sync"]["state"], shown[virgin]["sync"]["installation"]) == ("failed", "foreign")
    row = next(line for line in cluster.provision("status").out.splitlines() if line.startswith(virgin))
    assert "foreign; the last run failed: it belongs to the cluster midgard" in row


def test_a_reimaged_member_comes_back_alone(cluster: Lab) -> None:
    blade, *others = cluster.compute
    cluster.inside(blade, "echo kept > /scratch/of-a-user")
    cluster.lab("reimage", blade)

    said = cluster.slurm(cluster.compute)

    assert said.code == 0, said.text
    assert said.json["blades"][blade]["installation"] == {"standing": "fresh", "why": "it was imaged anew"}
    assert all(said.json["blades"][name]["changed"] == [] for name in others)
    assert cluster.state(blade, "idle") == "idle"
    assert cluster.inside(blade, "cat /scratch/of-a-user; rm /scratch/of-a-user") == "kept"
    assert json.loads(cluster.inside(blade, f"cat {MARK}"))["cluster"] == cluster.name
    again = cluster.slurm(cluster.compute)
    assert (again.code, again.json["changed"]) == (0, 0), again.text
    assert again.json["blades"][blade]["installation"]["standing"] == "in sync"
