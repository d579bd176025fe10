"""`provision backup`: what makes the controller the controller, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer


def backup(
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="The folder for it; default: `backup: {to: DIR}`.")
    ] = None,
    recipient: Annotated[
        list[str] | None,
        typer.Option("--recipient", metavar="KEY", help="Who can open it, besides those of the plan; may be repeated."),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Do not encrypt it: whoever reads the file is root on the cluster.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only say what would be done.")] = False,
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Write what makes the controller into one file.

    It has munge's key, the key of tokens, the registry, Slurm's configuration, slurmctld's state, the accounting
    database, and the plan with what stands beside it, all of one moment. slurmctld is away for some seconds
    meanwhile; jobs run on.

    It is encrypted by age or gpg, whichever the recipients are for. `backup: {recipients: [age1...], keep: 14}` in the
    plan names them, and how many backups stay.

    Examples:

      provision backup

      provision backup --to /srv/backups --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p

      provision backup --check --json
    """
    from provisioner.backup.make import default_folder, make_backup, refuse
    from provisioner.cli.output import console_for
    from provisioner.cli.summary import print_summary
    from provisioner.console_text import counted
    from provisioner.errors import ExitCode, UsageError
    from provisioner.paths import find_plan
    from provisioner.settings.site import load_site

    plan_file = find_plan(plan)
    site = load_site(plan_file)
    console = console_for(as_json)
    recipients = list(dict.fromkeys([*site.backup.recipients, *(recipient or [])]))
    if not recipients and not plain:
        raise UsageError(
            "nobody is named who can open the backup",
            "write `backup: {recipients: [age1...]}` into the plan, or say --recipient KEY, or --plain",
        )
    if plain and recipient:
        raise UsageError("--plain and --recipient exclude each other", "choose one")
    recipients = [] if plain else recipients
    folder = to or default_folder(site, plan_file)
    cipher = refuse(folder, recipients)
    said: dict[str, Any] = {"check": check, "folder": str(folder), "cipher": cipher, "recipients": recipients}
    if check:
        words = f"for {counted(len(recipients), 'recipient')} of {cipher}" if cipher else "unencrypted"
        console.print(f"would write a backup {words} to {folder}, and keep {site.backup.keep}", soft_wrap=True)
        if as_json:
            answer({"exit_code": 0, "meaning": ExitCode.OK.meaning, **said})
        return
    made = make_backup(site, plan_file, console, folder, recipients, quiet=as_json)
    code = made.finished.outcome.code
    if made.file is None or made.manifest is None:
        code = code or ExitCode.FAILED
        if as_json:
            answer(made.finished.outcome.as_dict())
        print_summary(console, made.finished.outcome)
        raise typer.Exit(int(code))
    size = made.file.stat().st_size
    for line in (
        f"{made.file}: {size // 2**10 + 1} KiB, {'for ' + cipher if cipher else 'NOT ENCRYPTED'}",
        f"slurmctld was away for {made.away:g} s",
        *(f"not in it: {file}" for file in made.left_out),
        *made.notes,
        *(f"removed {file.name}" for file in made.removed),
    ):
        console.print(line, markup=False, soft_wrap=True)
    if as_json:
        more = {"file": str(made.file), "bytes": size, "away": made.away, "removed": list(map(str, made.removed))}
        head = {"manifest": made.manifest.head(), "left_out": list(made.left_out), "notes": list(made.notes)}
        answer({"exit_code": 0, "meaning": ExitCode.OK.meaning, **said, **more, **head})
