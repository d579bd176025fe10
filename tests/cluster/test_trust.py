"""Who is believed: host keys of blades, settings of the caller."""

from __future__ import annotations

import json
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.labs import Lab, Said
from tests.cluster.test_secrets import canaries, files, found

HARMFUL = {
    "ANSIBLE_KEEP_REMOTE_FILES": "True",
    "ANSIBLE_DEBUG": "True",
    "ANSIBLE_NO_LOG": "False",
    "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "True",
    "ANSIBLE_VERBOSITY": "4",
    "ANSIBLE_PIPELINING": "False",
    "ANSIBLE_DIFF_ALWAYS": "True",
    "ANSIBLE_CACHE_PLUGIN": "jsonfile",
    "ANSIBLE_INJECT_FACT_VARS": "True",
    "ANSIBLE_SSH_TRANSFER_METHOD": "piped",
    "ANSIBLE_TARGET_LOG_INFO": "who",
    "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.tree,ansible.builtin.junit",
}


@dataclass(frozen=True)
class Site:
    """The blades of a lab as if they were real ones: a state folder without a lab, and the key in the plan."""

    lab: Lab
    folder: Path

    @property
    def known_hosts(self) -> Path:
        return self.folder / "state" / "provision" / self.lab.name / "known_hosts"

    def plan(self, pins: dict[str, Any] | None = None) -> None:
        """Writes the plan, with pinned keys of some blades."""
        plan = yaml.safe_load(self.lab.plan.read_text())
        plan["ssh"]["key"] = str(self.folder / "key")
        for blade, pin in (pins or {}).items():
            plan["blades"][blade]["host_key"] = pin
        (self.folder / "plan.yml").write_text(yaml.safe_dump(plan, sort_keys=False))

    def run(self, verb: str, *words: str, **more: str) -> Said:
        """`provision VERB` on the site."""
        command = [*self.lab.command(verb)[:-1], f"--plan={self.folder / 'plan.yml'}", *words]
        variables = self.lab.variables(XDG_STATE_HOME=str(self.folder / "state"), **more)
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
        return Said(done.returncode, done.stdout, done.stderr)

    def fingerprint(self, blade: str, kind: str = "ed25519") -> str:
        """The fingerprint of a host key as the blade's own ssh-keygen prints it."""
        return self.lab.inside(blade, f"ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub").split()[1]


@pytest.fixture
def site(cluster: Lab, tmp_path: Path) -> Site:
    shutil.copy(cluster.state_folder / "lab" / "id_ed25519", tmp_path / "key")
    made = Site(cluster, tmp_path)
    made.plan()
    return made


def test_a_first_contact_is_shown_and_recorded(site: Site) -> None:
    blades = [site.lab.controller, site.lab.compute[0]]
    prints = {name: f"ED25519 {site.fingerprint(name)}" for name in blades}

    said = site.run("slurm", f"--nodes={blades[1]}")
    assert said.code == 0, said.text
    assert "first contact" in said.text
    for name, fingerprint in prints.items():
        assert f"{name}  {fingerprint}" in said.text

    (record,) = (site.known_hosts.parent / "runs").glob("*.json")
    kept = json.loads(record.read_text())
    assert (kept["host_keys"], set(kept["first_contact"])) == ({k: [v] for k, v in prints.items()}, set(blades))

    again = site.run("slurm", f"--nodes={blades[1]}", "--json")
    assert (again.code, again.json["changed"], again.json["first_contact"]) == (0, 0, []), again.text
    assert again.json["host_keys"] == {name: [fingerprint] for name, fingerprint in prints.items()}
    assert "first contact" not in again.err


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_a_pinned_key_is_the_only_one_that_is_taken(site: Site, kind: str) -> None:
    blade, controller = site.lab.compute[0], site.lab.controller
    site.plan({blade: [site.fingerprint(blade, kind), "SHA256:" + "A" * 43], controller: site.fingerprint(controller)})

    said = site.run("slurm", f"--nodes={blade}", "--json")

    assert said.code == 0, said.text
    assert said.json["first_contact"] == [], "a pinned key is nobody's leap of faith"
    assert said.json["host_keys"][blade] == [f"{kind.upper()} {site.fingerprint(blade, kind)}"]


def test_a_blade_with_another_key_than_the_pinned_one_fails_and_the_others_go_on(site: Site) -> None:
    blade, other = site.lab.compute[0], site.lab.spare
    wrong = "SHA256:" + "A" * 43
    offered = [f"{kind.upper()} {site.fingerprint(blade, kind)}" for kind in ("ed25519", "ecdsa", "rsa")]
    site.plan({blade: wrong})
    before = site.lab.inside(blade, "journalctl --quiet --no-pager | grep -c Accepted || true")

    said = site.run("slurm", f"--nodes={blade},{other}", "--json")

    assert said.code == 3, said.text
    assert f"offers {' and '.join(offered)}, the plan has {wrong}" in said.failure(blade)
    assert f"host_key of {blade}" in said.failure(blade)
    assert said.json["blades"][other]["failure"] is None, said.text
    assert site.lab.inside(blade, "journalctl --quiet --no-pager | grep -c Accepted || true") == before
    assert blade not in said.json["first_contact"]


def test_a_pin_overrules_the_key_on_record(site: Site) -> None:
    """A key that was taken as it is once is no longer good when the plan pins another one."""
    blade = site.lab.compute[0]
    assert site.run("slurm", f"--nodes={blade}").code == 0
    site.plan({blade: "SHA256:" + "A" * 43})
    refused = site.run("slurm", f"--nodes={blade}", "--json")
    assert refused.code in (1, 3), refused.text
    assert site.fingerprint(blade) in refused.failure(blade)
    site.plan({blade: site.fingerprint(blade, "ecdsa")})
    taken = site.run("slurm", f"--nodes={blade}", "--json")
    assert taken.code == 0, taken.text
    assert taken.json["host_keys"][blade] == [f"ECDSA {site.fingerprint(blade, 'ecdsa')}"]


def test_a_pinned_blade_that_is_on_record_is_not_asked_again(site: Site) -> None:
    blade = site.lab.compute[0]
    site.plan({blade: site.fingerprint(blade)})
    assert site.run("slurm", f"--nodes={blade}").code == 0
    count = "journalctl --quiet --no-pager | grep -c 'Connection closed by authenticating user\\|Accepted' || true"
    before = int(site.lab.inside(blade, count))
    assert site.run("slurm", f"--nodes={blade}").code == 0
    assert int(site.lab.inside(blade, count)) == before + 1


def test_a_pinned_blade_that_is_off_is_only_off(site: Site) -> None:
    blade = site.lab.compute[0]
    site.plan({blade: site.fingerprint(blade)})
    site.lab.lab("off", blade)
    try:
        said = site.run("slurm", f"--nodes={blade}", "--json")
    finally:
        site.lab.lab("on", blade)
    assert "host key" not in said.failure(blade)
    assert "powered on" in said.failure(blade)


def test_a_changed_key_is_shown_with_both_fingerprints(site: Site) -> None:
    blade = site.lab.compute[0]
    assert site.run("slurm", f"--nodes={blade}").code == 0
    old = site.fingerprint(blade)
    site.lab.inside(
        blade,
        "cd /etc/ssh && mkdir kept && mv ssh_host_* kept/ && ssh-keygen -A >/dev/null && systemctl restart ssh",
    )
    try:
        new = site.fingerprint(blade)
        said = site.run("slurm", f"--nodes={blade}", "--json")
        # Announced ahead it is taken, once: what comes back later is refused again.
        assert site.run("reimaged", "--within=1h", blade).code == 0
        taken = site.run("slurm", f"--nodes={blade}", "--json")
    finally:
        site.lab.inside(blade, "cd /etc/ssh && mv kept/* . && rmdir kept && systemctl restart ssh")
    assert (taken.code, taken.json["host_keys"][blade]) == (0, [f"ED25519 {new}"]), taken.text
    assert f"on record is ED25519 {new}" in site.run("slurm", f"--nodes={blade}", "--json").failure(blade)
    assert f"offers ED25519 {new}, on record is ED25519 {old}" in said.failure(blade)
    assert f"provision reimaged {blade}" in said.failure(blade)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[str]:
    """A running ssh-agent; its socket."""
    place = str(tmp_path / "agent")
    process = subprocess.Popen(["ssh-agent", "-D", "-a", place], stdout=subprocess.DEVNULL)
    try:
        while not Path(place).exists():
            assert process.poll() is None
        yield place
    finally:
        process.terminate()
        process.wait()


def test_nothing_of_the_caller_is_reachable_from_a_blade(site: Site, agent: str) -> None:
    """What a person's ssh forwards elsewhere; sshrc on the blade notes what each session came with."""
    blade = site.lab.compute[0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    forwards = f"-o ForwardAgent=yes -o 'RemoteForward={port} 127.0.0.1:22' -o PermitLocalCommand=yes"
    local = f"-o 'LocalCommand=touch {site.folder}/local'"
    (site.folder / "group_vars").mkdir()
    variables = {"ansible_ssh_extra_args": f"{forwards} {local}"}
    (site.folder / "group_vars" / "all.yml").write_text(yaml.safe_dump(variables))
    note = f'echo "$SSH_AUTH_SOCK" >> /tmp/seen; ss -Hltn sport = :{port} >> /tmp/seen; echo session >> /tmp/seen'
    site.lab.inside(blade, f"rm -f /tmp/seen; printf '%s\\n' {shlex.quote(note)} > /etc/ssh/sshrc")
    try:
        address = yaml.safe_load(site.lab.plan.read_text())["blades"][blade]["address"]
        plain = f"ssh -F none -i {site.folder}/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
        by_hand = shlex.split(f"{plain} {forwards} {local} provision@{address} true")
        subprocess.run(by_hand, check=True, capture_output=True, env=site.lab.variables(SSH_AUTH_SOCK=agent))
        seen = site.lab.inside(blade, "cat /tmp/seen; rm /tmp/seen")
        assert "agent" in seen, seen
        assert str(port) in seen, "the watch does not see what it should"
        (site.folder / "local").unlink()

        said = site.run("slurm", f"--nodes={blade}", "--full", "--json", SSH_AUTH_SOCK=agent)

        assert said.code == 0, said.text
        assert set(site.lab.inside(blade, "cat /tmp/seen").split()) == {"session"}
        assert not (site.folder / "local").exists()
    finally:
        site.lab.inside(blade, "rm -f /etc/ssh/sshrc /tmp/seen")


def test_settings_of_the_caller_show_and_leave_nothing(cluster: Lab, virgin: str, tmp_path: Path) -> None:
    """The blade gets the munge key in this run, the canary: with each of these settings it would be somewhere."""
    harm = {
        **HARMFUL,
        "ANSIBLE_LOG_PATH": str(tmp_path / "log"),
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "cache"),
        "ANSIBLE_CALLBACK_TREE_DIR": str(tmp_path / "tree"),
        "JUNIT_OUTPUT_DIR": str(tmp_path / "junit"),
    }
    with tempfile.TemporaryDirectory(prefix="t") as short:  # the sockets of ssh live below it
        said = cluster.provision("slurm", f"--nodes={virgin}", "-vvvvv", "--diff", TMPDIR=short, **harm)
        assert found(canaries(cluster), files(Path(short))) == []

    assert said.code == 0, said.text
    left_out = next(line for line in said.text.splitlines() if "do not count in a run" in line)
    assert set(HARMFUL) <= set(left_out.replace(",", " ").split())
    keys = canaries(cluster)
    assert found(keys, iter([("output", said.text.encode())])) == []
    assert found(keys, files(tmp_path)) == []
    assert found(keys, files(cluster.state_folder / "runs")) == []
    for blade in (virgin, cluster.controller):
        left = "find / -xdev -path /proc -prune -o -path '*/.ansible/tmp/*' -print -o -name 'AnsiballZ*' -print"
        assert cluster.inside(blade, left) == "", "something of a module stays on the blade"
