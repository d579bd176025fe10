"""sshd reads keys from a folder of root's as well, and whoever could log in before still can."""

from __future__ import annotations

import os
import re
import socket
import time

from ansible.module_utils.slurm_commands import run

FOLDER = "/etc/ssh/authorized_keys.d"
DROP_IN = "/etc/ssh/sshd_config.d/50-provision-users.conf"
WANTED = f"{FOLDER}/%u"
SSHD = "/usr/sbin/sshd"
PATIENCE = 15


def effective():
    """Where sshd looks for keys now, and the ports that it listens on; nothing when it does not take its settings."""
    code, out, _ = run(SSHD, "-T")
    if code != 0:
        return [], []
    keys = re.search(r"^authorizedkeysfile (.+)$", out, re.MULTILINE)
    return keys[1].split() if keys else [], [int(port) for port in re.findall(r"^port (\d+)$", out, re.MULTILINE)]


def reads_ours():
    """Whether our setting is there; by its file, since asking sshd costs more than all the rest."""
    try:
        with open(DROP_IN, encoding="utf-8") as stream:
            return WANTED in stream.read()
    except OSError:
        return False


def answers(port, patience=PATIENCE):
    """Whether something greets as sshd does, within so many seconds: it listens to nobody while it starts anew."""
    end = time.monotonic() + patience
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                if connection.recv(64).startswith(b"SSH-"):
                    return True
        except OSError:
            pass
        if time.monotonic() > end:
            return False
        time.sleep(0.1)


def turn_on():
    """Lets sshd read the folder. What goes wrong is taken back; returns a sentence about it, '' for nothing."""
    before, ports = effective()
    if not before:
        return "sshd does not take its own settings (sshd -t), so nothing was changed about it"
    if WANTED in before:
        return ""
    text = "# Written by provision: the keys of accounts.yml, and those of before.\n"
    text += f"AuthorizedKeysFile {' '.join(before)} {WANTED}\n"
    descriptor = os.open(DROP_IN + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    os.replace(DROP_IN + ".new", DROP_IN)
    after, _ = effective()
    if not set(before) <= set(after):
        return _taken_back("sshd would not look any more where it did")
    if WANTED not in after:
        return _taken_back("another AuthorizedKeysFile in /etc/ssh comes before ours")
    code, _, words = run("systemctl", "reload", "ssh")
    if code != 0 or not all(answers(port) for port in ports):
        return _taken_back(f"sshd did not answer after it read its settings anew {words.strip()[:200]}".strip())
    return ""


def _taken_back(why):
    os.unlink(DROP_IN)
    run("systemctl", "reload", "ssh")
    return f"{why}; that was taken back"
