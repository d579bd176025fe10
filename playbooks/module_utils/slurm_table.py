"""Tables of Slurm's programs that nobody can forge a row or a column of.

`scontrol show nodes` prints texts of others between its fields: reasons, and what slurmd said of its system. A line
break in one of them begins a node of its own. Here every field ends with a random word of this very call.
"""

from __future__ import annotations

import secrets
import subprocess

MARK = "@"


def table(program, fields, *options):
    """The rows of `sinfo` or `squeue` as lists of texts.

    Args:
        program: its name.
        fields: pairs of a field of --Format and the characters that it may have; what is longer is cut by Slurm.
        options: further options.

    Raises:
        RuntimeError: the program failed; its words.
    """
    # A digit behind the width would be read as part of it: 22.05's sinfo then dies.
    word = f"{MARK}{secrets.token_hex(16)}{MARK}"
    form = ",".join(f"{name}:{width}{word}" for name, width in fields)
    command = [program, "--noheader", *options, f"--Format={form}"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"{program} did not end within 60 s") from error
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode(errors="replace").strip() or f"{program} failed")
    return rows(done.stdout.decode(errors="replace"), word, len(fields))


def rows(text, word, width):
    """The rows in the text of a table whose fields end with the word; half a row at the end is none."""
    found = [field.strip() for field in text.split(word)]
    return [found[start : start + width] for start in range(0, len(found) - width, width)]
