"""`provision schema`: the shape of a plan for editors."""

from __future__ import annotations

from provisioner.cli.say import answer


def schema() -> None:
    """Print the JSON Schema of a role plan.

    Examples:

      provision schema > plan.schema.json

      (then, as the first comment of a plan, for editors with the YAML language server)

      # yaml-language-server: $schema=plan.schema.json
    """

    from provisioner.plan.model import PlanFile

    described = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **PlanFile.model_json_schema(),
        "title": "provision: blade role plan",
    }
    answer(described)
