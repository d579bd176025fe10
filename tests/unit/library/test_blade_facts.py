from __future__ import annotations

import fcntl
import grp
import os
import pwd
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from provisioner.state.masks import QUIET
from tests.unit.library.modules import ansible_module, answer_of, shared

FACTS = ansible_module("blade_facts")
MACHINE, SOFTWARE, FILES = (shared(name) for name in ("blade_machine", "blade_software", "file_reads"))
CPUINFO = (
    "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) CPU E5-2603 0 @ 1.80GHz\n\nprocessor\t: 1\nmodel name\t: other\n"
)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The text files of a blade; what is not here is missing."""
    found: dict[str, str] = {}
    monkeypatch.setattr(MACHINE, "text", lambda path: found.get(str(path), ""))
    return found


def said(monkeypatch: pytest.MonkeyPatch, out: str) -> None:
    monkeypatch.setattr(SOFTWARE, "run", lambda *command: out)


def test_reads_the_release(files: dict[str, str]) -> None:
    files["/etc/os-release"] = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n# x\n'
    pretty = "Debian GNU/Linux 12 (bookworm)"
    assert MACHINE.os_release() == {"id": "debian", "version_id": "12", "pretty_name": pretty}


def test_a_system_without_a_name_is_nameless(files: dict[str, str]) -> None:
    assert MACHINE.os_release() == {"id": "", "version_id": "", "pretty_name": ""}


def test_counts_cpus_and_memory(files: dict[str, str]) -> None:
    files["/proc/cpuinfo"] = CPUINFO
    files["/proc/meminfo"] = "MemFree: 1 kB\nMemTotal:        8145920 kB\n"
    assert MACHINE.cpu() == {"cpus": 2, "model": "Intel(R) Xeon(R) CPU E5-2603 0 @ 1.80GHz"}
    assert MACHINE.memory_mib() == 7955


def test_an_unreadable_machine_has_nothing(files: dict[str, str]) -> None:
    assert (MACHINE.cpu(), MACHINE.memory_mib()) == ({"cpus": 0, "model": ""}, 0)


@pytest.mark.parametrize(
    ("status", "can"),
    [("CapBnd:\t000001ffffffffff\n", True), ("CapBnd:\t00000000a80425fb\n", False), ("", True)],
)
def test_knows_whether_the_clock_can_be_set(files: dict[str, str], status: str, can: bool) -> None:
    """The second is podman's own choice of capabilities."""
    files["/proc/self/status"] = status
    assert MACHINE.can_set_clock() is can


def dpkg(monkeypatch: pytest.MonkeyPatch, out: str) -> None:
    done = subprocess.CompletedProcess([], 1, out, "no packages found matching x")
    monkeypatch.setattr(SOFTWARE.subprocess, "run", lambda *args, **kwargs: done)


def test_only_whole_packages_count_as_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    dpkg(
        monkeypatch, "munge\tinstalled\t0.5.15-2\nslurmd\thalf-configured\t22.05.8-4\nslurmctld\tconfig-files\t22.05\n"
    )
    asked = ["munge", "slurmd", "slurmctld", "chrony"]
    assert SOFTWARE.package_versions(asked) == {"munge": "0.5.15-2", "slurmd": "", "slurmctld": "", "chrony": ""}


def test_a_system_without_dpkg_has_no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Preflight says that the system is not supported; until then nothing may break."""
    monkeypatch.setenv("PATH", "/nonexistent")
    assert SOFTWARE.package_versions(["munge"]) == {"munge": ""}


def test_reads_the_states_of_units(monkeypatch: pytest.MonkeyPatch) -> None:
    said(
        monkeypatch,
        "Id=munge.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n\n"
        "Id=slurmd.service\nLoadState=masked\nActiveState=inactive\nUnitFileState=masked\n",
    )
    monkeypatch.setattr(SOFTWARE, "is_quiet", lambda name: name == "slurmd.service")
    never = {"since": 0.0, "reload_needed": False, "quiet": False}
    assert SOFTWARE.unit_states(["munge.service", "slurmd.service", "munge.socket"]) == {
        "munge.service": {"load": "loaded", "active": "active", "enabled": "enabled", **never},
        "slurmd.service": {"load": "masked", "active": "inactive", "enabled": "masked", **never, "quiet": True},
        "munge.socket": {"load": "not-found", "active": "", "enabled": "", **never},
    }


def test_without_systemd_there_are_no_units(monkeypatch: pytest.MonkeyPatch) -> None:
    said(monkeypatch, "")
    absent = {"load": "not-found", "active": "", "enabled": "", "since": 0.0, "reload_needed": False, "quiet": False}
    assert SOFTWARE.unit_states(["munge.timer"]) == {"munge.timer": absent}
    assert SOFTWARE.unit_states([]) == {}


def test_a_unit_tells_since_when_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    said(
        monkeypatch,
        "Id=munge.service\nActiveState=active\nActiveEnterTimestamp=Mon 2026-11-23 05:57:40.250000 UTC\n"
        "NeedDaemonReload=yes\n",
    )
    munge = SOFTWARE.unit_states(["munge.service"])["munge.service"]
    assert munge["since"] == 1795413460.25
    assert munge["reload_needed"] is True


def test_a_mask_of_ours_is_told_from_an_admins(tmp_path: Path) -> None:
    """By what it links to, in one step with the mask itself: no kill comes between."""
    assert os.path.samefile(SOFTWARE.QUIET, os.devnull)
    assert SOFTWARE.QUIET == QUIET
    (tmp_path / "ours.service").symlink_to(SOFTWARE.QUIET)
    (tmp_path / "theirs.service").symlink_to("/dev/null")
    (tmp_path / "file.service").touch()
    names = ["ours.service", "theirs.service", "file.service", "none.service"]
    assert [SOFTWARE.is_quiet(name, tmp_path) for name in names] == [True, False, False, False]


def test_what_is_written_later_is_newer(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.touch()
    os.utime(first, (0, 0))  # a copied key keeps its old modification time
    second.symlink_to(first)
    times = FILES.written({"first": str(first), "second": str(second), "absent": str(tmp_path / "absent")})
    assert times["absent"] == 0.0
    assert 0.0 < times["first"] <= times["second"]


def test_a_missing_account_is_null() -> None:
    me = pwd.getpwuid(os.getuid())
    found = SOFTWARE.user_ids([me.pw_name, "nobody-has-this-name"])
    assert found == {me.pw_name: {"uid": me.pw_uid, "gid": me.pw_gid}, "nobody-has-this-name": None}


def test_a_secret_is_told_by_a_salted_digest_only(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"canary")
    path.chmod(0o400)
    owner, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name

    def digest(salt: str) -> str:
        return str(FILES.secret_digests({"key": str(path)}, salt)["key"])

    assert digest("run 1") == digest("run 1") != digest("run 2")
    assert digest("run 1").endswith(f":{owner}:{group}:0400")
    assert len(digest("run 1").split(":")[0]) == 64
    os.chown(path, 54321, 54322)
    assert digest("run 1").endswith(":54321:54322:0400"), "an account that is gone leaves its numbers"
    assert FILES.secret_digests({"key": str(tmp_path / "none")}, "run 1") == {"key": ""}


def test_a_failed_or_missing_command_says_nothing() -> None:
    assert SOFTWARE.run("sh", "-c", "echo half; exit 3") == ""
    assert SOFTWARE.run("no-such-program-here") == ""
    assert SOFTWARE.run("sh", "-c", "echo $LC_ALL") == "C\n"


def test_a_command_that_crashes_once_is_asked_again(tmp_path: Path) -> None:
    once = f"test -e {tmp_path}/seen && echo NodeName=x || {{ touch {tmp_path}/seen; kill -SEGV $$; }}"
    assert SOFTWARE.run_twice("sh", "-c", once) == "NodeName=x\n"
    assert SOFTWARE.run_twice("sh", "-c", "kill -SEGV $$") == ""


def facts(**arguments: Any) -> dict[str, Any]:
    answer = answer_of(FACTS, **arguments)
    assert not answer["changed"] if "changed" in answer else True
    found: dict[str, Any] = answer["ansible_facts"]["blade"]
    return found


def test_one_call_tells_everything(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("127.0.0.1 localhost\n")
    (tmp_path / "key").write_text("canary")
    asks = {"kernel": ["uname", "-s"], "fails": ["false"], "missing": ["no-such-program-here"]}
    paths, key = [str(tmp_path / "hosts"), str(tmp_path / "none")], str(tmp_path / "key")
    found = facts(paths=paths, users=["root"], salt="s", secrets=[key], asks=asks)
    assert found["paths"][str(tmp_path / "hosts")]["content"] == "127.0.0.1 localhost\n"
    assert found["paths"][str(tmp_path / "none")] == {"kind": "absent"}
    assert found["users"] == {"root": {"uid": 0, "gid": 0}}
    assert found["cpu"]["cpus"] >= 1
    assert found["free_mib"].keys() == {"/", "/var", FACTS.SPOOL}
    assert found["asks"] == {"kernel": "Linux", "fails": "", "missing": ""}
    assert "canary" not in str(found)
    assert found["secrets"][key].endswith(":root:root:0644")
    assert found["written"].keys() == {*paths, key}
    assert found["scratch"] == FACTS.scratch_state({})


@pytest.mark.parametrize("ahead", [0, 3600, -400])
def test_the_skew_is_told_against_the_asking_clock(ahead: int) -> None:
    """Both clocks are read at one moment: what the run does later does not count as skew."""
    before = time.time()
    skew = facts(asked=before - ahead)["skew"]
    assert ahead <= skew <= ahead + time.time() - before


def test_bytes_that_are_no_text_do_not_stop_it(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"\xff\x00")
    assert facts(paths=[str(tmp_path / "odd")])["paths"][str(tmp_path / "odd")]["kind"] == "file"


def test_a_file_that_is_too_long_for_the_facts_is_told_by_its_size() -> None:
    """An empty text would pass for an empty file, and an empty registry drops every node."""
    state = {"kind": "file", "content": "x" * (FACTS.MOST_TEXT + 1), "mode": "0644"}
    assert FACTS.limited(state) == {**state, "content": "", "too_big": FACTS.MOST_TEXT + 1}
    for fine in ({"kind": "absent"}, {"kind": "file", "content": "x" * FACTS.MOST_TEXT}):
        assert FACTS.limited(fine) == fine


SCRATCH = {"disks": [{"size_gb": 300, "id": "/dev/sdb"}], "layout": "plain", "mount_point": "/scratch/"}
NO_SCRATCH = {"right": True, "size_mib": 0, "expected_mib": 0, "waiting": [], "warnings": [], "actions": []}


def found_scratch(monkeypatch: pytest.MonkeyPatch, mounts: list[dict[str, str]], *lines: str) -> dict[str, Any]:
    """What the probe says where the module scratch would do this."""
    scratch = {"size_mib": 0, "expected_mib": 286102, "waiting": [], "warnings": ["w"]}
    made = {"mounts": mounts, "actions": list(lines), "lines": list(lines), "ansible_facts": {"scratch": scratch}}
    asked: list[Any] = []

    def converge(*words: Any, **named: Any) -> dict[str, Any]:
        asked.append((words[3], named["check"], named["glance"]))
        return made

    monkeypatch.setattr(FACTS, "converge", converge)
    found: dict[str, Any] = FACTS.scratch_state(SCRATCH)
    assert asked == [("/scratch", True, True)], "it is only asked what it would do"
    return found


def test_scratch_tells_what_would_be_done_and_how_large_it_will_be(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "/dev/sdb: empty -> XFS at /scratch"
    told = {**NO_SCRATCH, "right": False, "expected_mib": 286102, "warnings": ["w"], "actions": [line]}
    assert found_scratch(monkeypatch, [], line) == told


@pytest.mark.parametrize(("mounts", "right"), [([], True), ([{"mount_point": "/nowhere"}], False)])
def test_scratch_is_right_where_jobs_can_write(
    monkeypatch: pytest.MonkeyPatch, mounts: list[dict[str, str]], right: bool
) -> None:
    assert found_scratch(monkeypatch, mounts)["right"] is right


def test_of_scratch_that_is_refused_the_role_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*words: Any, **named: Any) -> None:
        raise FACTS.Refusal("its disk holds data", "look at it")

    monkeypatch.setattr(FACTS, "converge", refuse)
    assert FACTS.scratch_state(SCRATCH) == {**NO_SCRATCH, "right": False}
    assert FACTS.scratch_state({**SCRATCH, "disks": []}) == NO_SCRATCH, "without disks nothing is asked"


def test_a_long_answer_of_a_program_is_cut() -> None:
    assert len(FACTS.answers({"long": ["seq", "9999"]})["long"]) == FACTS.MOST_ANSWER


def test_a_lock_that_somebody_holds_is_seen(tmp_path: Path) -> None:
    lock, other = tmp_path / "lock", tmp_path / "other"
    lock.touch()
    other.touch()
    files = [str(lock), str(tmp_path / "missing")]
    assert not SOFTWARE.is_locked(files)
    with other.open("w") as foreign, lock.open("w") as handle:
        fcntl.lockf(foreign, fcntl.LOCK_EX)
        assert not SOFTWARE.is_locked(files)
        fcntl.lockf(handle, fcntl.LOCK_EX)
        assert SOFTWARE.is_locked(files)
    assert not SOFTWARE.is_locked(files)
    assert SOFTWARE.is_locked(files, str(tmp_path / "missing")), "a node that does not say is asked closely"
