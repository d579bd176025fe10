"""A person at a terminal: what a command asks, and what is answered."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import threading

from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

INTERRUPT = b"\x03"


def answered(lab: Lab, question: str, answer: bytes, *words: str) -> Said:
    """Runs `provision WORDS` on a terminal; once it has asked, it is answered, or interrupted like by Ctrl-C."""
    master, slave = pty.openpty()
    seen = bytearray()

    def read() -> None:
        with contextlib.suppress(OSError):  # nobody has it open any more
            while part := os.read(master, 4096):
                seen.extend(part)

    reader = threading.Thread(target=read)
    reader.start()
    process = subprocess.Popen(
        lab.command(*words), stdin=slave, stdout=slave, stderr=slave, env=lab.variables(TERM="xterm"),
        start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    try:
        until(lambda: question.encode() in seen or process.poll() is not None, 120)
        if question.encode() in seen:
            if answer == INTERRUPT:
                os.killpg(process.pid, signal.SIGINT)
            else:
                os.write(master, answer)
        code = process.wait(timeout=300)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        reader.join(timeout=10)
        os.close(master)
    return Said(code, seen.decode(errors="replace"), "")
