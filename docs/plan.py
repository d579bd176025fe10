"""Writes the tables of docs/plan.md anew: every key of a plan, from the model that reads it.

python docs/plan.py
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from provisioner.plan import backup, firewall, model, mpi, node, notify, partition, rest

PAGE = Path(__file__).parent / "plan.md"
TABLES: dict[str, type[BaseModel]] = {
    "plan": model.PlanFile,
    "cluster": model.Cluster,
    "ssh": model.Ssh,
    "enclosure": model.Enclosure,
    "tier": model.Tier,
    "partition": model.Partition,
    "named partition": partition.NamedPartition,
    "preemption": partition.PreemptionRule,
    "node": node.Blade,
    "node ssh": node.NodeSsh,
    "node slurm": node.SlurmKeys,
    "gpus": node.GpuEntry,
    "disk": node.DiskEntry,
    "scratch": node.Scratch,
    "proving": model.Proving,
    "accounting": model.AccountingPlace,
    "mpi": mpi.MpiChoice,
    "rest": rest.RestWay,
    "firewall": firewall.Firewall,
    "notify": notify.Notify,
    "backup": backup.Backup,
    "stock": model.Part,
}
"""Each model of a plan, by the name that its table has in the page."""
_TABLE = re.compile(r"(<!-- keys of: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def page(text: str) -> str:
    """The page with its tables as the models say them."""
    return _TABLE.sub(lambda found: f"{found[1]}{table(TABLES[found[2]])}{found[3]}", text)


def table(described: type[BaseModel]) -> str:
    """The keys of one model."""
    rows = [f"| `{name}` | {_default(field)} | {_cell(field)} |\n" for name, field in described.model_fields.items()]
    return f"| key | without it | what it says |\n|---|---|---|\n{''.join(rows)}"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    default: Any = field.get_default(call_default_factory=True)
    return f"`{default}`" if isinstance(default, str | int | float) and default != "" else ""


def _cell(field: FieldInfo) -> str:
    words = field.description or ""
    return (words[:1].upper() + words[1:]).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
