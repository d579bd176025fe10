"""Draws docs/run.svg: what the demo prints on a terminal, from a real run.

    python docs/picture.py docs/run.svg

wants the lab of the demo with fresh blades (`provision lab up --nodes BLD-006,BLD-008,BLD-011`).
"""

from __future__ import annotations

import io
import os
import pty
import re
import struct
import sys
import termios
from fcntl import ioctl
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

COLUMNS = 100
COMMANDS = (
    "provision slurm --nodes BLD-008,BLD-011",
    "provision lab ssh BLD-006 -- sinfo",
    "provision lab ssh BLD-006 -- srun -N2 hostname",
)
# The live table goes before the summary comes; this is the last line it takes away.
ERASED = b"\x1b[2K"


def on_terminal(command: str) -> str:
    """What the command leaves on a terminal of COLUMNS columns, with its colours.

    Raises:
        SystemExit: the command failed; its output is printed first.
    """
    seen = bytearray()

    def read(terminal: int) -> bytes:
        ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
        data = os.read(terminal, 65536)
        seen.extend(data)
        return data

    os.environ |= {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    code = os.waitstatus_to_exitcode(pty.spawn(["bash", "-c", command], read))
    if code:
        raise SystemExit(f"{command}: exit code {code}")
    left = bytes(seen).rpartition(ERASED)[2].decode()
    return re.sub(r"\x1b\[\?25[hl]", "", left).replace("\r\n", "\n").lstrip("\r")


def main(target: Path) -> None:
    """Runs the commands and writes the picture."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False)
    for command in COMMANDS:
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        console.print(Text.from_ansi(on_terminal(command)))
    # The format asks a web server for its font; a picture in a README may not, and any monospace font does.
    form = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    form = form.replace("font-family: Fira Code, monospace", "font-family: monospace")
    # Some viewers drop the indentation of a line without it.
    form = form.replace("<svg ", '<svg xml:space="preserve" ', 1)
    svg = console.export_svg(title="provision", theme=DIMMED_MONOKAI, code_format=form, unique_id="run")
    target.write_text("".join(f"{line.rstrip()}\n" for line in svg.splitlines()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
