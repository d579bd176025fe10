"""`provision slurm --check --out FILE` and `--apply FILE`: a preview is kept, and exactly that is done later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from provisioner.cli.slurm_run import Asked
    from provisioner.run.converge import Finished
    from provisioner.run.preview import Chosen, Preview
    from provisioner.run.request import PlaybookRun


def refuse_odd(check: bool, scheduled: bool, yes: bool, out: Path | None, apply: Path | None) -> None:
    """What does not go together.

    Raises:
        UsageError: something does not.
    """
    from provisioner.errors import UsageError

    if out is not None and (not check or scheduled):
        raise UsageError("--out keeps what --check says, and --scheduled decides nothing", "say --check --out FILE")
    if out is not None and not out.expanduser().absolute().parent.is_dir():
        raise UsageError(f"{out.parent} is no folder", "name a file in a folder that is there with --out")
    if apply is not None and (check or scheduled):
        raise UsageError("--apply comes without --check and --scheduled", "leave one of them out")
    if yes and scheduled:
        raise UsageError("--scheduled comes without --yes", "a scheduled run gives up no jobs; leave --yes out")


def words_of(file: Path, plan: Path | None, given: Sequence[Any]) -> tuple[Preview, Path]:
    """A kept preview and its plan, instead of words on the command line.

    Raises:
        UsageError: the command line has such words, too, or there is no preview.
    """
    from pathlib import Path as Real

    from provisioner.errors import UsageError
    from provisioner.run.preview import read_preview

    if any(given):
        raise UsageError(
            "--apply comes without --nodes, --forget, --accept-hardware, --full, --upgrade and --new-cluster",
            "leave them out, since the preview says them",
        )
    preview = read_preview(file)
    return preview, plan or Real(preview.plan)


def finish(run: PlaybookRun, console: Console, asked: Asked) -> Finished:
    """The run or check that was asked for: with a question where somebody can answer, kept or applied."""
    from provisioner.cli.consent import can_answer, consented
    from provisioner.run.converge import converge
    from provisioner.run.kept import FINGERPRINT, apply
    from provisioner.slurm.harm import ANY

    if asked.options.check:
        if asked.out is None:
            return converge(run, console)
        return converge(_with(run, **{FINGERPRINT: {}}), console)
    asks = can_answer() and not (asked.yes or asked.as_json or asked.quiet)
    do = consented if asks else converge
    if asked.preview is not None:
        agreed = asked.preview.jobs if asked.yes else []
        return apply(asked.preview, _with(run, provision_ask=True, provision_may_end=agreed), console, do)
    return do(_with(run, provision_may_end=ANY) if asked.yes else run, console)


def keep_if_asked(finished: Finished, run: PlaybookRun, asked: Asked) -> dict[str, str]:
    """Keeps what a check found; the file for JSON, '' for one that failed, {} where nobody asked."""
    from provisioner.run.kept import keep

    if asked.out is None:
        return {}
    return {"preview": str(asked.out) if keep(finished, run, _chosen(asked), asked.out) else ""}


def kept_words(kept: Mapping[str, str]) -> str:
    """What a person hears of it."""
    if "preview" not in kept:
        return ""
    file = kept["preview"]
    return (
        f"kept: `provision slurm --apply {file}` does exactly that"
        if file
        else "no preview is kept of a check that failed"
    )


def _with(run: PlaybookRun, **extra: Any) -> PlaybookRun:
    return replace(run, options=replace(run.options, extra={**run.options.extra, **extra}))


def _chosen(asked: Asked) -> Chosen:
    from provisioner.run.preview import Chosen

    said = asked.options.extra
    return Chosen(
        nodes=asked.nodes,
        forget=asked.forget,
        accept_hardware=asked.accept_hardware,
        upgrade=bool(said.get("provision_upgrade")),
        full=bool(said.get("provision_full")),
        new_cluster=bool(said.get("provision_new_cluster")),
    )
