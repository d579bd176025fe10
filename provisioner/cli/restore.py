"""`provision restore`: the controller as a backup has it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer


def _parts(given: str | None, option: str) -> set[str]:
    from provisioner.errors import UsageError
    from provisioner.slurm.restoring import PARTS

    found = {each.strip() for each in (given or "").split(",") if each.strip()}
    if odd := sorted(found - set(PARTS)):
        raise UsageError(f"{option} {odd[0]!r} is no part of a backup", f"choose of {', '.join(PARTS)}")
    return found


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup by `provision backup`.")],
    identity: Annotated[
        Path | None, typer.Option("--identity", metavar="FILE", help="The key of age that opens it; gpg finds its own.")
    ] = None,
    keep: Annotated[
        str | None, typer.Option("--keep", metavar="PARTS", help="Parts that live and stay: munge,tokens,config,...")
    ] = None,
    overwrite: Annotated[
        str | None,
        typer.Option("--overwrite", metavar="PARTS", help="Parts that live and are set aside: ...,state,database."),
    ] = None,
    extract: Annotated[
        Path | None, typer.Option("--extract", metavar="DIR", help="Only unpack it into a new folder of this machine.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what would be done.")] = False,
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a reimaged controller what it was at a backup.

    Keys, registry, configuration, slurmctld's state and the accounting database come back, and then slurmctld starts.
    The nodes join again without being touched, and jobs that run go on.

    What lives stays: a key, a state or a database that is there and differs stops the command before anything is
    touched, until --keep or --overwrite names it. What is overwritten is set aside, not removed. A restore that was
    killed goes on when it is said again.

    Examples:

      provision restore mycluster-20261126T031500Z.tar.age --identity ~/age.key --check

      provision reimaged BLD-006 && provision restore mycluster-20261126T031500Z.tar.gpg

      provision restore old.tar --overwrite state,database

      provision restore old.tar --extract ./old
    """
    from provisioner.backup.restore import Restore, opened_backup, through
    from provisioner.backup.restore import extract as unpack
    from provisioner.cli.output import console_for
    from provisioner.cli.summary import print_summary
    from provisioner.console_text import their_words
    from provisioner.errors import ExitCode, UsageError
    from provisioner.paths import find_plan
    from provisioner.settings.site import load_site
    from provisioner.slurm.restoring import WORDS

    kept, overwritten = _parts(keep, "--keep"), _parts(overwrite, "--overwrite")
    if both := sorted(kept & overwritten):
        raise UsageError(f"--keep and --overwrite both name {both[0]}", "choose one")
    console = console_for(as_json)

    def say(*lines: str) -> None:
        for line in lines:
            console.print(line, markup=False, soft_wrap=True)

    def end(code: int, **more: Any) -> None:
        meaning = ExitCode(code).meaning
        if as_json:
            answer({"exit_code": code, "meaning": meaning, "check": check, "manifest": manifest.head(), **more})
        raise typer.Exit(code)

    with opened_backup(file, identity) as backup:
        manifest = backup.manifest
        of = f"{manifest.cluster}, {manifest.moment}, Slurm {manifest.slurm} (Debian {manifest.debian})"
        say(f"backup of {of}, by {their_words(manifest.by)}")
        if extract is not None:
            unpack(backup, extract)
            say(f"unpacked into {extract}")
            end(0, extracted=str(extract))
        plan_file = find_plan(plan)
        site = load_site(plan_file)
        asked = Restore(site, plan_file, console, backup, quiet=as_json)
        finished, verdict = asked.look(kept, overwritten)
        if verdict is None:
            print_summary(console, finished.outcome)
            end(int(finished.outcome.code) or 1, run=finished.outcome.as_dict())
            return
        say(*(f"{WORDS[part]} {what}" for part, what in verdict.parts.items() if part not in verdict.unsettled))
        said: dict[str, Any] = {
            "parts": dict(verdict.parts), "problems": verdict.problems, "notes": verdict.notes,
        }  # fmt: skip
        if verdict.problems:
            for problem in verdict.problems:
                what, _, step = problem.partition("; next: ")
                say(what, f"  next: {step}")
            end(int(ExitCode.USAGE), **said)
        say(*verdict.notes)
        if check:
            end(0, **said)
        if verdict.is_due and not through(finished := asked.place(verdict)):
            print_summary(console, finished.outcome)
            end(int(finished.outcome.code) or 1, **said, run=finished.outcome.as_dict())
        finished = asked.start()
        code = int(finished.outcome.code)
        if not as_json:
            print_summary(console, finished.outcome)
        if code in (ExitCode.OK, ExitCode.DEGRADED) and not through(done := asked.finish()):
            code = int(done.outcome.code)
        end(code, **said, run=finished.outcome.as_dict())
