"""Reads the text of a plan file without trusting it: bounded in size, UTF-8, printable."""

from __future__ import annotations

from pathlib import Path

from yaml.reader import Reader

from provisioner.plan.problems import Problem, UnreadableError

# The plan of a full enclosure has about 5 KiB.
MAX_BYTES = 1024 * 1024


def read_source(path: Path) -> str:
    """The text of the plan at `path`, at most 1 MiB of it ever read.

    Raises:
        UnreadableError: missing, a directory, no permission, too large, not UTF-8, or empty.
    """
    text = read_text(path)
    if not text.strip():
        raise _refused("the file is empty", "write `cluster:`, `tiers:` and `blades:`")
    return text


def read_text(path: Path, most: int = MAX_BYTES, named: str = "name the plan with --plan FILE") -> str:
    """The text of a file that a person wrote, '' for an empty one.

    Args:
        most: bytes that it may have.
        named: how a person names another file.

    Raises:
        UnreadableError: as `read_source` does, but for an empty file.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except FileNotFoundError:
        raise _refused("there is no such file", named) from None
    except IsADirectoryError:
        raise _refused("this is a directory", "name the plan file in it") from None
    except PermissionError:
        raise _refused("no permission to read this file", f"try `chmod u+r {path}`") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _refused(f"cannot be read ({reason})", named.replace(" the ", " a readable ")) from None
    if len(raw) > most:
        raise _refused(f"larger than {most // 2**20} MiB", "is it the right file?")
    return _decoded(raw)


def _decoded(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", errors="replace")
        wrong = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise _refused_after(before, wrong, "save the file as UTF-8") from None
    if odd := Reader.NON_PRINTABLE.search(text):
        wrong = f"control character 0x{ord(odd.group()):02x}"
        raise _refused_after(text[: odd.start()], wrong, "remove it")
    return text


def _refused(wrong: str, right: str) -> UnreadableError:
    return UnreadableError(Problem(1, 1, wrong, right))


def _refused_after(before: str, wrong: str, right: str) -> UnreadableError:
    last_line = before.rpartition("\n")[2]
    return UnreadableError(Problem(before.count("\n") + 1, len(last_line) + 1, wrong, right))
