"""Backups of scheduled runs: made in the sandbox of the timer, closed to all but the key, and thinned."""

from __future__ import annotations

import base64
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.control_host import ControlHost, control_host
from tests.cluster.labs import Lab
from tests.cluster.test_secrets import canaries, found

# A name in which characters mean something to systemd or a shell.
BACKUPS = "/srv/back ups: 100%n"
KEY = "/root/age.key"
# What is in each backup as a name or a word, and in no encrypted one.
PLAIN = (b"manifest.json", b"munge.key", b"slurm.conf", b"ustar")


@pytest.fixture(scope="module")
def host(cluster: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlHost]:
    """The spare blade as the machine that the timer is on, with what encrypts."""
    with control_host(cluster, tmp_path_factory.mktemp("control")) as made:
        made.script("DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet age gpg")
        yield made


@pytest.fixture(scope="module")
def age(host: ControlHost) -> str:
    """Whom to encrypt for; the key that opens it is beside."""
    host.script(f"age-keygen --output {KEY}")
    return host.script(f"age-keygen -y {KEY}")


@pytest.fixture
def emptied(host: ControlHost) -> Iterator[ControlHost]:
    """The machine, where afterwards there is no timer and no backup."""
    yield host
    assert host.provision("timer", "remove").code == 0
    default = f"/root/.local/state/provision/{host.lab.name}/backups"
    host.script(f"rm -rf {shlex.quote(BACKUPS)} {default} /srv/other /root/.local/state/provision/.scheduled")


def listed(host: ControlHost, folder: str = BACKUPS) -> list[str]:
    return host.script(f"ls -A {shlex.quote(folder)}").splitlines()


def content(host: ControlHost, file: str) -> bytes:
    return base64.b64decode(host.script(f"base64 --wrap=0 {shlex.quote(file)}"))


def test_a_run_leaves_what_only_the_key_opens_and_the_newest_stay(emptied: ControlHost, age: str) -> None:
    host, name = emptied, emptied.lab.name
    host.write_plan(backup={"recipients": [age], "to": BACKUPS, "keep": 2})
    assert host.provision("timer", "install", "--every", "1d").code == 0
    assert host.start()["exit_code"] == 0, host.journal()
    (first,) = listed(host)

    # As after days of that, beside what is nobody's business here.
    old = [f"{name}-202501{day:02}T031500Z.tar{ending}" for day, ending in ((7, ".age"), (8, ".gpg"), (9, ""))]
    others = [f"{name}-2-20250101T031500Z.tar.age", f"{name}-20250101T031500Z.tar.age.mine", "notes"]
    kept = f"{name}-20250110T031500Z.tar.age"
    quoted = shlex.quote(BACKUPS)
    host.script(f"cd {quoted} && mv {first} {kept} && touch {shlex.join([*old, *others])}")
    assert host.start()["exit_code"] == 0, host.journal()
    (new,) = set(listed(host)) - {kept, *others}
    assert sorted(listed(host)) == sorted([kept, *others, new])
    assert new > kept

    file = f"{BACKUPS}/{new}"
    raw = content(host, file)
    assert raw.startswith(b"age-encryption.org/")
    assert [word for word in PLAIN if word in raw] == []
    assert found(canaries(host.lab), iter([(new, raw)])) == []
    assert host.script(f"stat --format='%a %U' {quoted} {shlex.quote(file)}") == "700 root\n600 root"

    # Its key opens it there, and nothing is touched where the cluster lives.
    words = ("restore", file, "--check", "--json")
    opened = host.provision(*words, "--identity", KEY)
    assert opened.json["manifest"]["cluster"] == name, opened.text
    assert (opened.code, opened.json["parts"]["munge"]) == (2, "is there already")
    host.script("age-keygen --output /root/other.key")
    closed = host.provision(*words, "--identity", "/root/other.key")
    assert closed.code == 2
    assert "age does not open" in closed.text
    damaged = host.script(f"head -c 400 {shlex.quote(file)} > /root/{new} && echo /root/{new}")
    assert "age does not open" in host.provision("restore", damaged, "--check", "--identity", KEY).text

    # The next run finds a young one, and makes none.
    assert host.start()["exit_code"] == 0, host.journal()
    assert new in listed(host)
    assert len(listed(host)) == 2 + len(others)


def test_gpg_needs_nothing_there_but_the_public_key(emptied: ControlHost, tmp_path: Path) -> None:
    host = emptied
    home = tmp_path / "g"
    home.mkdir(mode=0o700)
    gpg("--passphrase", "", "--quick-generate-key", "site@example.org", "future-default", "default", "never", home=home)
    listing = gpg("--list-keys", "--with-colons", home=home)
    recipient = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:"))
    public = gpg("--armor", "--export", recipient, home=home)
    host.write_plan(backup={"recipients": [recipient]})
    assert host.provision("timer", "install", "--every", "1d").code == 0
    folder = f"/root/.local/state/provision/{host.lab.name}/backups"

    # Without it, and without a keyring of root's at all, the run is what it is, and says where to look.
    last = host.start()
    assert (last["exit_code"], last["failed"]) == (3, {}), host.journal()
    assert last["error"].startswith("no backup: gpg does not encrypt: gpg: ")
    assert "; next: look whether `gpg --list-keys` of this account has a key" in last["error"]
    assert listed(host, folder) == []

    host.script(f"printf %s {shlex.quote(public)} | gpg --homedir /root/.gnupg --batch --quiet --no-autostart --import")
    # The plain files of this one lie in memory.
    drop_in = f"/etc/systemd/system/{host.unit('.service')}.d"
    host.script(f"mkdir {drop_in} && printf '[Service]\\nEnvironment=TMPDIR=/dev/shm\\n' > {drop_in}/memory.conf")
    host.script("systemctl daemon-reload")
    try:
        assert host.start()["exit_code"] == 0, host.journal()
    finally:
        host.script(f"rm -r {drop_in}; systemctl daemon-reload")
    assert host.script("ls -A /dev/shm") == ""
    (name,) = listed(host, folder)
    raw = content(host, f"{folder}/{name}")
    assert [word for word in PLAIN if word in raw] == []
    (tmp_path / name).write_bytes(raw)
    opened = host.lab.provision("restore", str(tmp_path / name), "--check", "--json", GNUPGHOME=str(home))
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
    assert opened.json["manifest"]["cluster"] == host.lab.name, opened.text


@pytest.mark.parametrize("what", ["program", "recipient", "folder"])
def test_what_keeps_a_backup_away_is_said_and_the_run_is_not_lost(emptied: ControlHost, age: str, what: str) -> None:
    host = emptied
    host.write_plan(backup={"recipients": [age], "to": BACKUPS})
    assert host.provision("timer", "install", "--every", "1d").code == 0
    # One letter of a key is wrong; the folder is another one than the timer was installed with.
    recipient = age[:-1] + ("q" if age[-1] != "q" else "p") if what == "recipient" else age
    host.write_plan(backup={"recipients": [recipient], "to": "/srv/other" if what == "folder" else BACKUPS})
    if what == "program":
        host.script("mv /usr/bin/age /usr/bin/age.away")
    try:
        last = host.start()
    finally:
        host.script("[ ! -e /usr/bin/age.away ] || mv /usr/bin/age.away /usr/bin/age")
    reasons = {
        "program": "there is no age on this machine; next: install it: `apt install age`",
        "recipient": "age does not encrypt: age: error: malformed recipient",
        "folder": "backups cannot go to /srv/other: Read-only file system; next: run `provision timer install` again",
    }
    assert (last["exit_code"], last["failed"]) == (3, {}), host.journal()
    assert last["error"].startswith(f"no backup: {reasons[what]}"), last
    assert last["error"] in host.provision("timer", "status").out.replace("\n", "")
    assert last["run"] in host.provision("runs").out, "the run itself is on record"
    assert listed(host) == []
    if what == "folder":
        assert host.provision("timer", "install", "--every", "1d").code == 0
        assert host.start()["exit_code"] == 0, host.journal()
        assert len(listed(host, "/srv/other")) == 1
        # One that somebody took away is made anew; no unit changes for that.
        host.script("rm -r /srv/other")
        assert host.timer("install", "--every", "1d")["changed"] == 0
        assert listed(host, "/srv/other") == []


def gpg(*words: str, home: Path) -> str:
    environment = {**os.environ, "GNUPGHOME": str(home)}
    command = ["gpg", "--batch", "--quiet", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
