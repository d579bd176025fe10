"""Who can open a backup: age or gpg of this machine, whichever the recipients of the site are for.

The content goes to age and gpg through pipes only; recipients are no secret, and keys stay where age and gpg keep them.
While a backup is made or brought back, its plain files lie in the private folder of the run (0700), in the temporary
folder of this machine (TMPDIR).
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from provisioner.console_text import visible
from provisioner.errors import ProvisionError, UsageError

AGE = re.compile(r"age1[0-9a-z]{20,2000}|ssh-(ed25519|rsa) [A-Za-z0-9+/=]{40,2000}")
GPG = re.compile(r"[0-9A-F]{40}")
"""The whole fingerprint: any other name of a key might be somebody else's."""
_STEPS = {
    "age": "look at `recipients` of the plan",
    "gpg": "look whether `gpg --list-keys` of this account has a key for each of `recipients` of the plan",
}
_MAGIC = b"age-encryption.org/"
_TAR = (257, b"ustar")
_PART, _MOST_REST = 2**20, 2**26


def cipher_of(recipients: Sequence[str]) -> str:
    """`age` or `gpg`; '' for no recipients.

    Raises:
        UsageError: a recipient is neither's, they are of both, or the program is missing on this machine.
    """
    if not recipients:
        return ""
    kinds = {"age" if AGE.fullmatch(each) else "gpg" if GPG.fullmatch(each) else each for each in recipients}
    if odd := sorted(kinds - {"age", "gpg"}):
        raise UsageError(
            f"{visible(odd[0])!r} is no recipient", "name age1..., ssh-ed25519 ..., or the 40 digits of a gpg key"
        )
    if len(kinds) > 1:
        raise UsageError("the recipients are of age and of gpg", "choose those of one of them")
    return _program(kinds.pop())


@contextmanager
def sealed(target: IO[bytes], recipients: Sequence[str]) -> Iterator[IO[bytes]]:
    """Where to write the plain content, which arrives at the target for the recipients only.

    Raises:
        ProvisionError: age or gpg refuses.
    """
    kind = cipher_of(recipients)
    if not kind:
        yield target
        return
    if kind == "age":
        words = ["age", "--encrypt", *(word for each in recipients for word in ("--recipient", each))]
    else:
        words = ["gpg", "--batch", "--no-tty", "--quiet", "--trust-model", "always", "--encrypt"]
        words += [word for each in recipients for word in ("--recipient", each)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=target, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        broken = False
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError:
            broken = True
        except BaseException:
            process.kill()
            raise
        said = process.stderr.read().decode(errors="replace")
    if process.returncode != 0 or broken:
        raise ProvisionError(f"{kind} does not encrypt: {_words(said)}", _STEPS[kind])


@contextmanager
def opened(file: Path, identity: Path | None) -> Iterator[IO[bytes]]:
    """The plain content of a backup. Only what comes before this ends without an error is to be believed.

    Raises:
        UsageError: it cannot be opened with the keys of this machine, or is damaged.
    """
    kind = _kind(file)
    if not kind:
        with file.open("rb") as stream:
            yield stream
        return
    _program(kind)
    if kind == "age" and identity is None:
        raise UsageError(f"{file} is for a key of age", "name the file of that key: --identity FILE")
    words = ["age", "--decrypt", "--identity", str(identity)] if kind == "age" else ["gpg", "--quiet", "--decrypt"]
    with (
        file.open("rb") as source,
        subprocess.Popen(words, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        trouble: UsageError | None = None
        try:
            yield process.stdout
        except UsageError as error:
            trouble = error
            # So that it says by itself what is wrong with the file; a stream without an end is ended.
            for _ in range(_MOST_REST // _PART):
                if not process.stdout.read(_PART):
                    break
            else:
                process.kill()
        except BaseException:
            process.kill()
            raise
        process.stdout.close()
        said = process.stderr.read().decode(errors="replace")
    if process.returncode > 0 or (process.returncode < 0 and trouble is None):
        raise UsageError(f"{kind} does not open {file}: {_words(said)}", "look whether this machine has its key")
    if trouble:
        raise trouble


def _kind(file: Path) -> str:
    with file.open("rb") as stream:
        head = stream.read(512)
    if head.startswith(_MAGIC):
        return "age"
    return "" if head[_TAR[0] : _TAR[0] + len(_TAR[1])] == _TAR[1] else "gpg"


def _program(kind: str) -> str:
    if shutil.which(kind) is None:
        raise UsageError(f"there is no {kind} on this machine", f"install it: `apt install {kind}`")
    return kind


def _words(said: str) -> str:
    # age ends with where to report errors of its own.
    lines = [visible(line) for line in said.splitlines() if line.strip() and "report unexpected" not in line]
    # gpg says which key it means in the line before its last one.
    named = [line for line in lines if ": skipped: " in line]
    return (named or lines)[-1][:300] if lines else "it says nothing"
