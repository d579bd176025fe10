"""Tables of Slurm's programs: whatever stands in a field, it stays in its field."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.library.modules import PLAYBOOKS, load

table = load(PLAYBOOKS / "module_utils" / "slurm_table.py", "provision_slurm_table")
WORD = "@0123456789abcdef@"
# A program that answers as sinfo does: each field, cut or filled up to its width, and the word behind it.
PROGRAM = r"""#!/bin/sh
for option in "$@"; do case $option in --Format=*) form=${option#--Format=};; esac; done
IFS=,
for field in $form; do printf '%s%s' "$ROW" "${field#*:[0-9]}"; done
"""


@given(st.lists(st.lists(st.text(), min_size=3, max_size=3), max_size=5))
def test_reads_back_rows_whatever_is_in_them(rows: list[list[str]]) -> None:
    text = "".join("".join(f"{field:10}{WORD}" for field in row) + "\n" for row in rows)
    assert table.rows(text, WORD, 3) == [[field.strip() for field in row] for row in rows]


@pytest.mark.parametrize("text", ["", "\n", "no word at all", f"half{WORD}a row{WORD}"])
def test_what_is_no_row_is_none(text: str) -> None:
    assert table.rows(text, WORD, 3) == []


def test_a_program_is_asked_with_another_word_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "sinfo"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("ROW", "x\nNodeName=bld-008 State=DOWN")
    found = [table.table("sinfo", (("NodeList", 9), ("Reason", 9))) for _ in range(2)]
    assert found == [[["x\nNodeName=bld-008 State=DOWN"] * 2]] * 2


def test_a_program_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "squeue"
    program.write_text("#!/bin/sh\necho 'no controller' >&2; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(RuntimeError, match="no controller"):
        table.table("squeue", (("JobID", 9),))
