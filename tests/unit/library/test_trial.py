"""What could lock everybody out lasts only once it is confirmed, wherever the run that began it ends."""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit.library.modules import ansible_module, shared

ansible_module("trial")
TRIAL, WRITES = shared("trial"), shared("file_writes")
REAL = TRIAL.run
ME = {"owner": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}


class Node:
    """A node's files in a folder; of systemd only what it was told."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.told = folder, list[list[str]]()
        (folder / "units").mkdir()
        self.pam, self.more = folder / "sshd", folder / "more"
        self.pam.write_text("old\n")
        self.pam.chmod(0o640)
        self.trial = TRIAL.Trial("adopt", str(folder / "trial"), str(folder / "units"))

    def run(self, *command: str, **more: Any) -> tuple[int, str, str]:
        if command[0] == "systemctl":
            self.told.append(list(command))
            return 0, "", ""
        result: tuple[int, str, str] = REAL(*command, **more)
        return result

    def entries(self) -> list[dict[str, Any]]:
        rest: dict[str, Any] = {
            "content_b64": None,
            "link": None,
            "folder": False,
            "aside": False,
            "backup": False,
            "validate": None,
        }
        rest |= {"mode": "0644", "distrust": False, **ME}
        return [{**rest, "path": str(self.pam), "content": "new\n"}, {**rest, "path": str(self.more), "content": "x\n"}]

    def begin(self, apply: list[str] | None = None, undo: list[str] | None = None) -> list[str]:
        found: list[str] = self.trial.begin(self.entries(), apply or [], undo or [], 90)
        return found

    def timer(self) -> int:
        """What its timer or a boot does."""
        return subprocess.run(["sh", self.folder / "trial" / "adopt" / "take-back"], check=False).returncode

    def is_new(self) -> bool:
        return self.pam.read_text() == "new\n" and self.more.read_text() == "x\n"

    def is_old(self) -> bool:
        return (
            self.pam.read_text() == "old\n"
            and stat.S_IMODE(self.pam.stat().st_mode) == 0o640
            and not self.more.exists()
            and not [name for name in os.listdir(self.folder) if "provision" in name]
        )

    def is_clean(self) -> bool:
        return not list((self.folder / "units").iterdir()) and not (self.folder / "trial" / "adopt").exists()


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    found = Node(tmp_path)
    monkeypatch.setattr(TRIAL, "run", found.run)
    return found


def test_what_is_confirmed_lasts(node: Node) -> None:
    assert node.begin() == [str(node.pam), str(node.more)]
    assert node.is_new()
    node.trial.confirm({"it is there": ["test", "-e", str(node.more)]})
    assert node.is_new()
    assert node.is_clean()
    assert node.begin() == []
    assert node.is_clean()


def test_what_nobody_confirms_is_taken_back(node: Node) -> None:
    node.begin()
    assert node.timer() == 0
    assert node.is_old()
    with pytest.raises(TRIAL.Lost, match="not confirmed in time"):
        node.trial.confirm({})
    assert node.is_old()
    assert node.begin()
    assert node.is_new()


def test_the_way_back_is_armed_before_the_first_file(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def put(*given: Any) -> None:
        assert ["systemctl", "restart", "provision-trial-adopt.timer"] in node.told
        assert ["systemctl", "--quiet", "enable", "provision-trial-adopt.service"] in node.told
        assert node.is_old()
        raise InterruptedError

    monkeypatch.setattr(TRIAL, "put", put)
    with pytest.raises(InterruptedError):
        node.begin()
    assert node.is_old()
    assert node.is_clean()


@pytest.mark.parametrize("after", range(6))
def test_a_run_that_is_killed_anywhere_leaves_no_change(
    node: Node, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Killed before any of its six files is in place: the way back, its mark, two units, the two of the change."""
    pid = os.fork()
    if pid == 0:
        staged, written = WRITES.Staged, []

        def put(self: Any, real: Any = staged.put) -> None:
            written.append(self)
            if len(written) > after:
                os._exit(9)
            real(self)

        staged.put = put
        node.begin()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    # A boot does what the timer would; of the first file on there is something to run.
    assert after == 0 or node.timer() == 0
    assert node.pam.read_text() == "old\n"
    assert not node.more.exists()
    # The next run begins anew, and knows what was there before the first.
    node.begin()
    assert node.is_new()
    node.timer()
    assert node.pam.read_text() == "old\n"


def test_what_a_dead_run_left_is_taken_back_first(node: Node) -> None:
    node.begin()
    again = TRIAL.Trial("adopt", str(node.folder / "trial"), str(node.folder / "units"))
    assert again.begin(node.entries(), [], [], 90) == [str(node.pam), str(node.more)]
    assert node.timer() == 0
    assert node.is_old()


def test_a_confirmation_whose_answer_was_lost_may_come_again(node: Node) -> None:
    node.begin()
    node.trial.confirm({})
    node.trial.confirm({"not asked any more": ["false"]})
    assert node.is_new()
    assert node.is_clean()


def test_a_way_back_that_comes_after_a_confirmation_says_that_it_lasts(node: Node) -> None:
    """Both answers to the confirmation were lost, so the run does not know of it."""
    node.begin()
    node.trial.confirm({})
    assert node.trial.take_back(node.entries()) is True
    assert node.is_new()
    assert node.is_clean()


def test_a_way_back_whose_answer_was_lost_may_come_again(node: Node) -> None:
    node.begin()
    for _ in range(2):
        assert node.trial.take_back(node.entries()) is False
        assert node.is_old()
    assert node.is_clean()


def test_a_refusal_whose_answer_was_lost_stays_one(node: Node) -> None:
    """What did not work works again, as the files of before are back."""
    node.begin()
    works = {"the old one is there": ["grep", "-q", "old", str(node.pam)]}
    for _ in range(2):
        with pytest.raises(TRIAL.Lost):
            node.trial.confirm(works)
        assert node.is_old()
    node.trial.take_back()
    assert node.is_clean()


def test_a_timer_that_fires_before_the_first_file_leaves_nothing_in_force(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*command: str, **more: Any) -> tuple[int, str, str]:
        if command[:2] == ("systemctl", "restart"):
            assert node.timer() == 0
        return node.run(*command, **more)

    monkeypatch.setattr(TRIAL, "run", run)
    with pytest.raises(TRIAL.Lost, match="before it was in place"):
        node.begin()
    assert node.is_old()
    assert node.is_clean()


def test_a_timer_that_fires_while_it_is_applied_comes_after_it(node: Node) -> None:
    script, log = node.folder / "trial" / "adopt" / "take-back", node.folder / "log"
    node.begin(apply=["sh", "-c", f"sh {script} > {log} 2>&1 & sleep 0.2; grep -q new {node.pam}"])
    deadline = time.monotonic() + 20
    while not node.is_old() and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(TRIAL.Lost, match="not confirmed in time"):
        node.trial.confirm({})
    assert node.is_old()


def test_a_power_cut_leaves_something_to_go_back_to(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = list[str]()
    monkeypatch.setattr(TRIAL, "_sync", lambda path: synced.append(Path(path).name))
    node.begin()
    assert synced == ["before-0", "adopt"]


def test_a_change_that_does_not_work_is_taken_back_at_once(node: Node) -> None:
    with pytest.raises(TRIAL.Lost, match="no such ruleset"):
        node.begin(apply=["sh", "-c", "echo no such ruleset >&2; exit 1"])
    assert node.is_old()
    assert node.is_clean()


def test_a_proof_that_fails_takes_it_back(node: Node) -> None:
    node.begin()
    with pytest.raises(TRIAL.Lost, match="root would not get in: denied"):
        node.trial.confirm({"root gets in": ["true"], "root would not get in": ["sh", "-c", "echo denied; exit 3"]})
    assert node.is_old()
    node.trial.take_back()
    assert node.is_clean()


def test_undo_comes_after_the_files_of_before(node: Node) -> None:
    seen = node.folder / "seen"
    node.begin(undo=["sh", "-c", f"cat {shlex.quote(str(node.pam))} > {seen}"])
    node.timer()
    assert seen.read_text() == "old\n"


def test_the_node_goes_on_trying(node: Node) -> None:
    allowed = node.folder / "allowed"
    node.begin(undo=["test", "-e", str(allowed)])
    assert node.timer() == 1
    with pytest.raises(TRIAL.Lost, match="not taken back yet"):
        node.trial.take_back()
    allowed.touch()
    assert node.timer() == 0
    assert node.is_old()
    service = (node.folder / "units" / "provision-trial-adopt.service").read_text()
    assert "Restart=on-failure" in service


def test_taking_back_is_for_ever(node: Node) -> None:
    """A timer that comes late does not undo what a later run has changed."""
    node.begin()
    node.timer()
    node.pam.write_text("an admin's\n")
    assert node.timer() == 0
    node.trial.take_back()
    assert node.pam.read_text() == "an admin's\n"


def test_who_comes_first_wins(node: Node) -> None:
    """A timer that fires in the moment of the confirmation."""
    ends = set()
    for pause in (0.0, 0.001, 0.002, 0.004, 0.008, 0.016):
        node.pam.write_text("old\n")
        node.more.unlink(missing_ok=True)
        node.begin()
        timer = subprocess.Popen(["sh", node.folder / "trial" / "adopt" / "take-back"], stderr=subprocess.DEVNULL)
        time.sleep(pause)
        try:
            node.trial.confirm({})
            timer.wait()
            assert node.is_new()
            ends.add("confirmed")
        except TRIAL.Lost:
            timer.wait()
            assert node.pam.read_text() == "old\n"
            ends.add("taken back")
    assert ends


def test_only_files_come_on_trial(node: Node) -> None:
    node.more.mkdir()
    with pytest.raises(TRIAL.Refused):
        node.begin()
    assert node.pam.read_text() == "old\n"
    assert node.is_clean()


def test_a_link_comes_back_as_a_link(node: Node) -> None:
    node.more.symlink_to("nowhere")
    node.begin()
    assert node.is_new()
    node.timer()
    assert node.more.readlink() == Path("nowhere")


def test_names_with_odd_letters_are_no_commands(node: Node) -> None:
    node.more = node.folder / "a b'$(touch gone)"
    node.begin()
    node.timer()
    assert node.is_old()
