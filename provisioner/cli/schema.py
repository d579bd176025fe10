"""`provision schema`: the shape of a plan for editors."""

from __future__ import annotations

from typing import Annotated

import typer

from provisioner.cli.say import answer


def schema(
    accounts: Annotated[bool, typer.Option("--accounts", help="Of the accounts file, instead.")] = False,
) -> None:
    """Print the JSON Schema of a plan or accounts file.

    Examples:

      provision schema > .plan.schema.json

      provision schema --accounts > .accounts.schema.json

      (then, as the first comment of a plan, for editors with the YAML language server)

      # yaml-language-server: $schema=.plan.schema.json
    """

    from provisioner.accounts.model import Accounts
    from provisioner.plan.model import PlanFile

    shape, title = (Accounts, "users and accounts") if accounts else (PlanFile, "blade role plan")
    described = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **shape.model_json_schema(),
        "title": f"provision: {title}",
    }
    answer(described)
