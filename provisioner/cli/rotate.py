"""`provision rotate`: other keys for the cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from provisioner.cli.options import AsJson, PlanFile

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Give the cluster other keys.")
Check = Annotated[bool, typer.Option("--check", "-C", help="Only say what would be done.")]


@app.command()
def munge(
    without: Annotated[
        str | None,
        typer.Option("--without", metavar="SET", help="Blades that are away; a later run gives them the key."),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the key of before back.")] = False,
    finish: Annotated[bool, typer.Option("--finish", help="Remove the key of before.")] = False,
    check: Check = False,
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Give all members another munge key, at one moment.

    All members have to answer, else nothing is touched; --without leaves some out. The key is brought everywhere first.
    Then slurmctld is stopped for some seconds, in which all change their key by themselves: no job starts, jobs that
    run go on, commands wait. It is proved by credentials both ways and by a job.

    The key of before stays on the controller, for root only, for 7 days or until --finish; --undo takes it back.
    Stopped or killed at any point, no node is left with another key than its controller, and the same command ends what
    was begun.

    Examples:

      provision rotate munge --check

      provision rotate munge

      provision rotate munge --without BLD-011 --json

      provision rotate munge --undo
    """
    from provisioner.cli.rotate_munge import Asked, rotate
    from provisioner.errors import UsageError

    if undo and finish:
        raise UsageError("--undo needs the key that --finish removes", "choose one")
    rotate(Asked(without, undo, finish, check, as_json), plan)


@app.command()
def jwt(check: Check = False, plan: PlanFile = None, as_json: AsJson = False) -> None:
    """Give the REST interface another key of tokens.

    All tokens of before are void from then on. slurmctld, and slurmdbd where there is one, are started again with the
    key; jobs go on.

    Examples:

      provision rotate jwt --check

      provision rotate jwt
    """
    from provisioner.cli.rotate_others import rotate_tokens

    rotate_tokens(check, plan, as_json)


@app.command()
def database(check: Check = False, plan: PlanFile = None, as_json: AsJson = False) -> None:
    """Look whether slurmdbd's account in the database has a password to change.

    MariaDB knows slurmdbd by its socket, so that there is none. MariaDB itself is asked, and nothing is changed.

    Examples:

      provision rotate database
    """
    from provisioner.cli.rotate_others import rotate_database

    rotate_database(check, plan, as_json)
