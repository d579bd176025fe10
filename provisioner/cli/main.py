"""`provision`: the verbs, and the one place where errors become words and exit codes.

Heavy imports stay inside the verbs, so that `provision --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer

from provisioner import __version__
from provisioner.cli import (
    accounts,
    backup,
    check,
    disks,
    drain,
    explain,
    hostca,
    init,
    inventory,
    lab,
    plan,
    reimaged,
    release,
    replace,
    report,
    restore,
    rotate,
    runs,
    schema,
    slurm,
    status,
    timer,
    unlock,
    verify,
)
from provisioner.cli.say import answer, say
from provisioner.cli.streams import silence
from provisioner.cli.usage import WRONG, usage_error
from provisioner.errors import ExitCode, ProvisionError, StoppedError

MOST_REMOVALS = 20
"""What `--prune` alone may remove."""

_CODES = "\n\n".join(f"  {int(code)}  {code.meaning}" for code in ExitCode)
_EPILOG = f"Exit codes:\n\n{_CODES}"

app = typer.Typer(
    name="provision",
    help="Turns freshly imaged blades into members of a working Slurm cluster.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"provision {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Turns freshly imaged blades into members of a working Slurm cluster.

    Examples:

      provision init --scan USER@HOST,...        a first plan for machines that have ssh

      provision plan                             what the plan makes of the enclosure

      provision check                            whether the plan and group_vars can be used

      provision slurm --nodes BLD-008,BLD-011    make these blades members of the cluster

      provision status                           what the cluster is doing now

      provision report --html report.html        the same as a page, with what changed lately

      provision explain BLD-011                  why this blade does not work

      provision lab up                           the same blades as containers, to try it all
    """
    from provisioner.run.workplace import sweep

    if sweep():
        say("provision: ended what a run that died had left at work", err=True)


app.command("init")(init.init)
app.command("plan")(plan.plan)
app.command("check")(check.check)
app.command("slurm")(slurm.slurm)
app.command("accounts")(accounts.accounts)
app.command("verify")(verify.verify)
app.command("status")(status.status)
app.command("report")(report.report)
app.command("explain")(explain.explain)
app.command("drain")(drain.drain)
app.command("resume")(drain.resume)
app.command("release")(release.release)
app.command("replace")(replace.replace)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.add_typer(rotate.app, name="rotate")
app.command("disks")(disks.disks)
app.add_typer(runs.app, name="runs")
app.add_typer(timer.app, name="timer")
app.command("unlock")(unlock.unlock)
app.command("reimaged")(reimaged.reimaged)
app.add_typer(hostca.app, name="hostca")
app.command("inventory")(inventory.inventory)
app.command("schema")(schema.schema)
app.add_typer(lab.app, name="lab")


def whole(words: list[str]) -> list[str]:
    """The words of the command line with `--prune` alone as `--prune=20`: typer knows no option with half a value.

    A command for a blade (`provision lab ssh BLD-008 -- git fetch --prune`) stays as it is.
    """
    if words[:1] != ["accounts"]:
        return words
    return [f"--prune={MOST_REMOVALS}" if word == "--prune" else word for word in words]


def main() -> NoReturn:
    """Entry point of the `provision` command."""
    words = whole(sys.argv[1:])
    try:
        code = app(args=words, prog_name="provision", standalone_mode=False)
    except ProvisionError as error:
        code = _told(error, words)
    except WRONG as error:
        code = _help_or_told(error, words)
    except BrokenPipeError:
        # What is not printed by us, such as --help.
        silence(sys.stdout)
        code = ExitCode.OK
    except (KeyboardInterrupt, typer.Abort):
        code = _told(StoppedError("stopped", "run it again; it mends what this one left half done"), words)
    except OSError as error:
        code = _told(ProvisionError(str(error), "look at that file or program, then try again"), words)
    sys.exit(int(code or ExitCode.OK))


def _told(error: ProvisionError, words: Sequence[str]) -> ExitCode:
    """Says what is wrong and what to do about it, on standard output as JSON where that was asked for."""
    if "--json" in words:
        answer(error.as_dict())
    say(f"provision: {error.message}", err=True)
    if error.next_step:
        say(f"  next: {error.next_step}", err=True)
    return error.exit_code


def _help_or_told(error: Any, words: Sequence[str]) -> ExitCode:
    """Who says no word gets the help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return ExitCode.USAGE
    return _told(usage_error(error, words), words)
