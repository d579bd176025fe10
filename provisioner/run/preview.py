"""A preview that is kept: what a run would do, and what it was made from, so that exactly that can be done later."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from provisioner import __version__
from provisioner.accounts.load import accounts_file
from provisioner.console_text import their_words
from provisioner.errors import UsageError
from provisioner.settings.files import variable_files
from provisioner.whole_file import write_whole

FORMAT: Final = 1
MOST_BYTES = 64 * 2**20
_AGAIN = "make it anew with `provision slurm --check --out FILE`"


_TEMPLATE = re.compile(r"\{[{%#]")


def _no_template(text: str) -> str:
    """Ansible renders the variables of a run."""
    if _TEMPLATE.search(text):
        raise ValueError("it is a template")
    return text


Plain = Annotated[str, AfterValidator(_no_template)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Chosen(_Strict):
    """What the command line of the check said, each word as it was typed."""

    nodes: str | None = None
    forget: str | None = None
    accept_hardware: str | None = None
    upgrade: bool = False
    full: bool = False
    new_cluster: bool = False


class Preview(_Strict):
    """A kept preview.

    `files` are digests of the plan and what stands beside it, by path; `state` is what each node said (see
    `provisioner.state.fingerprint`) by inventory name; `planned` is what the check found.
    """

    format: Literal[1]
    made: str
    by: str
    version: str
    cluster: str
    plan: str
    chosen: Chosen
    files: dict[str, str]
    state: dict[Plain, dict[Plain, Plain]]
    planned: dict[str, Any]

    @property
    def jobs(self) -> list[str]:
        """Numbers of the jobs that it says would be ended or requeued."""
        found = [str(job) for key in ("ends", "requeues") for job in self.planned.get(key) or ()]
        return [job for job in found if job.isdecimal()]

    def write(self, file: Path) -> None:
        """Writes it (0600), at once.

        Raises:
            UsageError: it cannot be written there.
        """
        try:
            write_whole(file, self.model_dump_json(indent=2) + "\n", 0o600)
        except OSError as error:
            raise UsageError(
                f"the preview cannot be written to {file}: {error.strerror}", "name another file with --out"
            ) from None


def read_preview(file: Path) -> Preview:
    """The preview in a file.

    Raises:
        UsageError: there is none that this release reads.
    """
    try:
        with file.open("rb") as stream:
            text = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", "name a file that --out wrote") from None
    try:
        if len(text) > MOST_BYTES:
            raise ValueError("it is too large")
        found = Preview.model_validate_json(text)
    except (ValidationError, ValueError, RecursionError):
        raise UsageError(f"{file} is no preview that this release reads", _AGAIN) from None
    if found.version != __version__:
        raise UsageError(
            f"{file} was made by provision {their_words(found.version, 40)}, and this is {__version__}", _AGAIN
        )
    return found


def site_digests(plan_file: Path) -> dict[str, str]:
    """Digests of the plan, and of accounts and variables beside it, by path relative to the plan's folder."""
    plan_file = plan_file.resolve()
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in _site_files(plan_file)}


def _site_files(plan_file: Path) -> Iterator[tuple[str, Path]]:
    folder = plan_file.parent
    yield plan_file.name, plan_file
    if (accounts := accounts_file(plan_file)).exists():
        yield accounts.name, accounts
    for each in variable_files(folder):
        yield str(each.shown), folder / each.shown


def files_moved(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The files that are other ones than before."""
    return [their_words(name, 300) for name in dict.fromkeys([*before, *now]) if before.get(name) != now.get(name)]


def plan_moved(before: Mapping[str, Any], now: Mapping[str, Any], agreed: list[str]) -> list[str]:
    """What a run would do otherwise than a preview says; jobs that are gone since then are nothing.

    Args:
        before, now: see `Planned.as_dict`.
        agreed: numbers of the jobs that the preview names.
    """
    old, new = (_lines(each) for each in (before, now))
    found = [f"not any more: {line}" for line in old if line not in new]
    found += [f"besides: {line}" for line in new if line not in old]
    more = [str(job) for key in ("ends", "requeues") for job in now.get(key) or () if str(job) not in agreed]
    return [*found, *([f"jobs {', '.join(more)} would be ended or requeued, too"] if more else [])]


def _lines(planned: Mapping[str, Any]) -> list[str]:
    blades = planned.get("blades") or {}
    told = [f"{name}: {their_words(line, 300)}" for name, lines in blades.items() for line in lines]
    rows = planned.get("settings") or ()
    return [*told, *(f"{their_words(row['what'], 300)} ({their_words(row['needs'], 60)})" for row in rows)]
