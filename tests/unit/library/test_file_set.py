from __future__ import annotations

import base64
import grp
import os
import pwd
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.unit.library.modules import PLAYBOOKS, ansible_module, answer_of, shared

FILE_SET = ansible_module("file_set")
WRITES = shared("file_writes")
ME = {"owner": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}


def put(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return answer_of(FILE_SET, files=[{**ME, **entry} for entry in entries], **more)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(found.name for found in folder.iterdir())


def test_writes_what_belongs_together_and_then_nothing(tmp_path: Path) -> None:
    entries = (
        {"path": str(tmp_path / "spool"), "folder": True, "mode": "0750"},
        {"path": str(tmp_path / "slurm.conf"), "content": "ClusterName=demo\n", "mode": "0640"},
        {"path": str(tmp_path / "key"), "content_b64": base64.b64encode(b"\x00\xff").decode(), "mode": "0400"},
        {"path": str(tmp_path / "lib.so"), "link": "lib.so.2"},
    )
    first = put(*entries)
    assert first["changed"]
    assert first["paths"] == [entry["path"] for entry in entries]
    assert (tmp_path / "slurm.conf").read_text() == "ClusterName=demo\n"
    assert (tmp_path / "key").read_bytes() == b"\x00\xff"
    assert (tmp_path / "lib.so").readlink() == Path("lib.so.2")
    modes = [mode(tmp_path / name) for name in ("spool", "slurm.conf", "key")]
    assert modes == [0o750, 0o640, 0o400]
    assert put(*entries) == {**first, "changed": False, "paths": []}
    assert names(tmp_path) == ["key", "lib.so", "slurm.conf", "spool"]


def test_makes_the_folders_above(tmp_path: Path) -> None:
    put({"path": str(tmp_path / "a" / "b" / "drop-in.conf"), "content": "x"})
    put({"path": str(tmp_path / "c" / "link"), "link": "target"})
    assert (tmp_path / "a" / "b" / "drop-in.conf").read_text() == "x"
    assert (tmp_path / "c" / "link").is_symlink()


def test_a_wrong_mode_is_a_change(tmp_path: Path) -> None:
    path = tmp_path / "key"
    put({"path": str(path), "content": "k", "mode": "0400"})
    path.chmod(0o644)
    assert put({"path": str(path), "content": "k", "mode": "0400"})["changed"]
    assert mode(path) == 0o400


def test_check_mode_says_and_does_nothing(tmp_path: Path) -> None:
    answer = put({"path": str(tmp_path / "a"), "content": "x"}, _ansible_check_mode=True)
    assert answer["changed"]
    assert answer["paths"] == [str(tmp_path / "a")]
    assert names(tmp_path) == []


def test_diff_mode_shows_old_and_new(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old\n")
    path.chmod(0o600)
    (shown,) = put({"path": str(path), "content": "new\n"}, _ansible_diff=True)["diff"]
    assert shown["after_header"] == str(path)
    assert shown["before"] == "mode=0600\nold\n"
    assert shown["after"] == "mode=0644\nnew\n"


def test_without_diff_mode_no_content_is_answered(tmp_path: Path) -> None:
    assert "diff" not in put({"path": str(tmp_path / "a"), "content": "canary"})


def test_a_secret_is_not_answered_even_in_diff_mode(tmp_path: Path) -> None:
    secret = base64.b64encode(b"canary-of-the-key").decode()
    answer = put({"path": str(tmp_path / "key"), "content_b64": secret}, _ansible_diff=True)
    assert "canary" not in str(answer)
    assert secret not in str(answer)


def test_a_refused_file_leaves_every_file_as_it_was(tmp_path: Path) -> None:
    first, second = tmp_path / "cgroup.conf", tmp_path / "slurm.conf"
    second.write_text("good\n")
    answer = put(
        {"path": str(first), "content": "new\n"},
        {"path": str(second), "content": "bad\n", "validate": "grep -q good %s"},
    )
    assert answer["failed"]
    assert "does not parse and was not put in place" in answer["msg"]
    assert "; next: " in answer["msg"]
    assert "1  bad" in answer["evidence"]
    assert second.read_text() == "good\n"
    assert names(tmp_path) == ["slurm.conf"]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ('error: MessageTimeout value "soon" is not a valid number', ["14  MessageTimeout=soon"]),
        ("_parse_next_key: Parsing error at unrecognized key: MessageTimeout", ["14  MessageTimeout=soon"]),
        ("line 3: odd", ["3  Key2=x"]),
        ("something is odd", []),
    ],
)
def test_of_a_refused_file_the_lines_are_shown_that_the_words_are_about(
    tmp_path: Path, words: str, lines: list[str]
) -> None:
    text = "".join(f"Key{number}=x\n" for number in range(13)) + "MessageTimeout=soon\nOther=y\n" + "NodeName=z\n" * 900
    answer = put(
        {
            "path": str(tmp_path / "slurm.conf"),
            "content": text,
            "validate": f"sh -c 'echo \"$0\" >&2; exit 1' '{words}' %s",
        }
    )
    assert answer["failed"]
    assert [line.strip() for line in answer["evidence"].splitlines()] == lines


def test_an_accepted_file_is_put_in_place(tmp_path: Path) -> None:
    path = tmp_path / "slurm.conf"
    assert put({"path": str(path), "content": "good\n", "validate": "grep -q good %s"})["changed"]
    assert path.read_text() == "good\n"


def test_a_secret_is_never_readable_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even between writing and setting the mode."""
    modes = []
    monkeypatch.setattr(
        WRITES, "own", lambda descriptor, entry: modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
    )
    put({"path": str(tmp_path / "key"), "content": "secret"})
    assert modes == [0o600]


def test_an_unknown_owner_leaves_nothing_behind(tmp_path: Path) -> None:
    answer = put({"path": str(tmp_path / "key"), "content": "secret", "owner": "nobody-has-this-name"})
    assert answer["failed"]
    assert "cannot write the files of this set" in answer["msg"]
    assert names(tmp_path) == []


def test_a_file_that_somebody_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    registry, conf = tmp_path / "nodes.json", tmp_path / "slurm.conf"
    registry.write_text("theirs")
    answer = put({"path": str(conf), "content": "ours"}, unchanged={str(registry): "as we read it"})
    assert answer["failed"]
    assert "changed by somebody else during this run" in answer["msg"]
    assert names(tmp_path) == ["nodes.json"]


@pytest.mark.parametrize("text", ["as we read it", ""])
def test_unchanged_files_let_the_others_be_written(tmp_path: Path, text: str) -> None:
    registry, conf = tmp_path / "nodes.json", tmp_path / "slurm.conf"
    if text:
        registry.write_text(text)
    assert put({"path": str(conf), "content": "ours"}, unchanged={str(registry): text})["changed"]


def test_a_folder_in_the_way_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "slurm.conf").mkdir()
    answer = put({"path": str(tmp_path / "slurm.conf"), "content": "x"})
    assert answer["failed"]
    assert f"is a folder of {ME['owner']}, expected a file" in answer["msg"]
    assert (tmp_path / "slurm.conf").is_dir()


def test_a_file_in_the_way_of_a_folder_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("precious")
    answer = put({"path": str(tmp_path / "spool"), "folder": True})
    assert answer["failed"]
    assert (tmp_path / "spool").read_text() == "precious"


def test_a_link_becomes_a_file_without_touching_its_target(tmp_path: Path) -> None:
    """As Debian 13's quiet units are links to /dev/null."""
    target, path = tmp_path / "target", tmp_path / "unit"
    target.write_text("precious")
    path.symlink_to(target)
    put({"path": str(path), "content": "ours"})
    assert (path.is_symlink(), path.read_text(), target.read_text()) == (False, "ours", "precious")


def test_a_backup_keeps_the_replaced_content(tmp_path: Path) -> None:
    path = tmp_path / "munge.key"
    path.write_text("old")
    put({"path": str(path), "content": "new", "backup": True})
    (kept,) = [found for found in tmp_path.iterdir() if found != path]
    assert (path.read_text(), kept.read_text()) == ("new", "old")


def test_what_a_killed_run_left_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / ".a.provision-new").write_text("half")
    (tmp_path / "l.provision-new").symlink_to("half")
    put({"path": str(tmp_path / "a"), "content": "whole"}, {"path": str(tmp_path / "l"), "link": "a"})
    assert names(tmp_path) == ["a", "l"]
    assert (tmp_path / "l").read_text() == "whole"


def test_its_documentation_has_its_options() -> None:
    import yaml

    documented = yaml.safe_load(FILE_SET.DOCUMENTATION)["options"]["files"]["suboptions"]
    assert documented.keys() == FILE_SET.OPTIONS.keys()
    for name, option in FILE_SET.OPTIONS.items():
        assert documented[name].get("default") == option.get("default")
    assert (PLAYBOOKS / "library" / "file_set.py").read_text().startswith("#!/usr/bin/python\n")


def test_what_is_in_the_way_is_renamed_beside_its_place(tmp_path: Path) -> None:
    stray, target = tmp_path / "slurm.conf", tmp_path / "target"
    target.write_text("kept")
    for make in (lambda: stray.write_text("theirs"), lambda: stray.symlink_to(target)):
        make()
        found = put({"path": str(stray), "aside": True})
        assert found["changed"] is True
        (note,) = found["provision_notes"]
        aside = Path(note.rpartition(" ")[2])
        assert (stray.exists(), aside.parent, aside.exists()) == (False, tmp_path, True)
        assert put({"path": str(stray), "aside": True})["changed"] is False
    assert target.read_text() == "kept"
