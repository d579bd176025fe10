"""A change that could lock everybody out, on trial: the node takes it back by itself unless it is confirmed.

Whatever happens to the run after the change (killed, machine gone, network gone), a timer on the node takes it back,
and after a power cut a service does so at boot, before sshd and the network are there. Both run one shell script that
was written before the first file was touched, and needs neither this program nor Python.
"""

from __future__ import annotations

import contextlib
import fcntl
import grp
import os
import pwd
import shlex
import shutil
import time

from ansible.module_utils.file_paths import Refused
from ansible.module_utils.file_plan import compare, put
from ansible.module_utils.file_writes import stage
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.trial_way_back import SCRIPT, SERVICE, TIMER

FOLDER = "/var/lib/provision/trial"
UNITS = "/etc/systemd/system"
PENDING, TAKEN = "pending", "taken-back"
# A command of the change, or a proof, that takes longer does not work.
LIMIT = 30


class Lost(Exception):
    """The change is not in force: it was refused, or is taken back; a sentence without the next step."""


class Trial:
    """What is on trial under a name. Only one run works here at a time: it holds the lock of the cluster."""

    def __init__(self, name, folder=FOLDER, units=UNITS):
        self.name, self.folder, self.units = name, os.path.join(folder, name), units
        self.unit = f"provision-trial-{name}"

    def begin(self, entries, apply, undo, patience):
        """Arms the way back, then puts the files in place and applies them; the paths that were put, [] for none.

        Args:
            entries: files, see `file_states.OPTIONS`.
            apply: the command that makes the files count, [] for none.
            undo: the command that does so once the files of before are back.
            patience: seconds until the node takes it back.

        Raises:
            Lost: it could not be begun, or was taken back at once.
            Refused, Unfit, OSError: the files are as they were.
        """
        self.take_back()
        plan = compare(entries)
        if not plan:
            return []
        if odd := [entry["path"] for entry, now, want in plan if want["kind"] != "file" or now["kind"] == "folder"]:
            raise Refused(f"{odd[0]} cannot come on trial: only files can")
        self._arm([(entry["path"], now["kind"]) for entry, now, _ in plan], undo, patience)
        try:
            with self._locked():
                # A timer that fired before this has nothing left to take back, and would not come again.
                if not self._is_pending():
                    raise Lost("the node took it back before it was in place")
                put(plan, lambda command: run(*command, limit=LIMIT))
                self._work(apply)
        except BaseException:
            self.take_back()
            raise
        return [entry["path"] for entry, _, _ in plan]

    def confirm(self, proofs):
        """Makes the change last, once each of the commands `{words: argv}` has worked.

        It may come twice, where the answer to the first was lost on its way: a change that is neither on trial nor
        marked as taken back was confirmed.

        Raises:
            Lost: one did not, and the change was taken back; or the node had done so before.
        """
        if self._is_pending():
            self._prove(proofs)
            with self._locked():
                if self._is_pending():
                    os.unlink(self._path(PENDING))
                    _sync(self.folder)
        if os.path.lexists(self._path(TAKEN)):
            raise Lost("it was not confirmed in time")
        self._clear()

    def take_back(self, entries=()):
        """Takes the change back now, if it is still on trial; whether these files are in place all the same.

        They are where a confirmation worked whose answer was lost.

        Raises:
            Lost: something of it could not be taken back; the node goes on trying.
            Refused, OSError: the files cannot be looked at.
        """
        self._back()
        self._clear()
        return bool(entries) and not compare(entries)

    def _back(self):
        """The way back, which leaves its mark: a confirmation that comes once more must not take it for success."""
        if self._is_pending():
            code, out, err = run("sh", self._path("take-back"), limit=LIMIT * 2)
            if code != 0:
                raise Lost(f"it is not taken back yet: {(err or out).strip()[-300:]}")

    def _prove(self, proofs):
        for words, command in proofs.items():
            code, out, err = run(*command, limit=LIMIT)
            if code != 0:
                self._back()
                said = (err or out).strip().splitlines()
                raise Lost(f"{words}: {said[-1] if said else f'exit code {code}'}")

    def _is_pending(self):
        return os.path.lexists(self._path(PENDING))

    def _arm(self, places, undo, patience):
        """Writes the way back and starts its timer. Until all of that is there, nothing else is touched."""
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        lines = []
        for number, (path, kind) in enumerate(places):
            if kind == "absent":
                lines.append(f"rm -f -- {shlex.quote(path)} || whole=")
                continue
            self._work(["cp", "--archive", "--", path, self._path(f"before-{number}")])
            if kind == "file":
                # After a power cut there would be an empty one to go back to.
                _sync(self._path(f"before-{number}"))
            lines.append(f"back before-{number} {shlex.quote(path)}")
        words = {"folder": shlex.quote(self.folder), "pending": PENDING, "taken": TAKEN, "files": "\n".join(lines)}
        self._write(self._path("take-back"), SCRIPT.format(undo=shlex.join(undo) or "true", **words))
        self._write(self._path(PENDING), "")
        _sync(self.folder)
        parts = {"name": self.name, "folder": self.folder, "pending": PENDING, "patience": int(patience)}
        for suffix, text in (("service", SERVICE), ("timer", TIMER)):
            self._write(os.path.join(self.units, f"{self.unit}.{suffix}"), text.format(**parts))
        try:
            self._work(["systemctl", "daemon-reload"])
            self._work(["systemctl", "--quiet", "enable", f"{self.unit}.service"])
            self._work(["systemctl", "restart", f"{self.unit}.timer"])
        except BaseException:
            self.take_back()
            raise

    def _clear(self):
        """Takes away what was written for the trial; what is left after a kill in here does nothing any more."""
        found = [os.path.join(self.units, f"{self.unit}.{suffix}") for suffix in ("timer", "service")]
        if any(os.path.lexists(path) for path in found):
            for command in (["stop", f"{self.unit}.timer"], ["disable", f"{self.unit}.service"]):
                run("systemctl", "--quiet", *command, limit=LIMIT)
            for path in found:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
            run("systemctl", "daemon-reload", limit=LIMIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self):
        """Keeps the script away for a moment, which goes by the same lock."""
        try:
            descriptor = os.open(self._path("lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            raise Lost("what it is taken back by is gone") from None
        try:
            end = time.monotonic() + LIMIT
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise Lost("the node was just taking it back") from None
                    time.sleep(0.05)
            yield
        finally:
            os.close(descriptor)

    def _work(self, command):
        """Runs a command, which has to work; [] is none."""
        code, out, err = run(*command, limit=LIMIT) if command else (0, "", "")
        if code != 0:
            raise Lost(f"{shlex.join(command)[:200]}: {(err or out).strip()[-300:] or f'exit code {code}'}")

    def _path(self, name):
        return os.path.join(self.folder, name)

    @staticmethod
    def _write(path, text):
        """A file of root's, who runs this."""
        user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
        entry = {"path": path, "owner": user, "group": group, "mode": "0644", "backup": False}
        stage(entry, text.encode()).put()


def _sync(path):
    """Brings a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
