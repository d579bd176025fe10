"""Standard output that somebody stops reading (`| head`): the verb goes on without words, as its work counts."""

from __future__ import annotations

import os
import re
from typing import IO, Any

# What fills the last column of a table.
_FILL = re.compile(r" +(?=\n)")


class Unbroken:
    """A text stream whose reader may go; everything else is the stream's own."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes, or drops the text when nobody reads any more; in a file or pipe no line ends with blanks."""
        try:
            self._stream.write(text if self._stream.isatty() else _FILL.sub("", text))
        except BrokenPipeError:
            silence(self._stream)
        return len(text)

    def flush(self) -> None:
        """Flushes what there is to flush."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            silence(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def silence(stream: IO[str]) -> None:
    """Leads a stream into nothing; Python flushes it at the end once more, and would complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
