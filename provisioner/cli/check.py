"""`provision check`: whether the plan and the variables beside it can be used."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer, say


def check(
    plan_file: PlanFile = None,
    variables: Annotated[
        bool, typer.Option("--variables", help="List the variables that a site may set, instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the plan and the files beside it.

    These are group_vars, host_vars and accounts.yml. Works offline and touches nothing; every run does the same first.
    All problems come at once, each with file, line and column. Exits with 2 when there is one. What only plain Ansible
    would stumble over is a note.

    Examples:

      provision check

      provision check --plan inventories/asgard/plan.yml --json

      provision check --variables
    """
    from provisioner.accounts.load import accounts_file
    from provisioner.paths import assets, find_plan
    from provisioner.settings.files import variable_files
    from provisioner.settings.known import known_options
    from provisioner.settings.plain import plain_notes
    from provisioner.settings.site import load_site

    if variables:
        listed = {name: _described(option) for name, option in sorted(known_options(assets() / "roles").items())}
        answer(listed) if as_json else say("\n".join(f"{name}\n  {words}" for name, words in listed.items()))
        return
    plan = find_plan(plan_file)
    load_site(plan)
    files = [str(plan), *(str(plan.parent / file.shown) for file in variable_files(plan.parent))]
    files += [str(file) for file in [accounts_file(plan)] if file.exists()]
    notes = list(plain_notes(plan))
    if as_json:
        answer({"files": files, "problems": [], "notes": notes})
    else:
        say("\n".join([*(f"{file}: no problems" for file in files), *(f"note: {note}" for note in notes)]))


def _described(option: Any) -> str:
    kind = f"{option.get('type', 'str')}" + (f" of {option['elements']}" if "elements" in option else "")
    words = option.get("description", "")
    return f"{kind}: {' '.join(words) if isinstance(words, list) else words}"
