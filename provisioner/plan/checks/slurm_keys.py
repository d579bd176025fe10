"""Extra keys of nodes in slurm.conf that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.plan.checks.draft import Draft
from provisioner.plan.problems import Problem, printable


def check_slurm_keys(draft: Draft) -> Iterator[Problem]:
    """CPUs that are kept from jobs by number and by name at once, all memory kept; features named twice."""
    for name, blade in draft.blades.items():
        keys = blade.get("slurm") or {}
        if keys.get("CoreSpecCount") is not None and keys.get("CpuSpecList") is not None:
            wrong = f"{printable(name)} has CoreSpecCount and CpuSpecList, of which Slurm takes one"
            yield draft.at_key(("blades", name, "slurm", "CpuSpecList"), wrong, "keep one of them")
        ram = blade.get("ram")
        total = sum(stick for stick in ram if stick) if isinstance(ram, list) else ram
        if total and (keys.get("MemSpecLimit") or 0) >= total * 1024:
            wrong = f"MemSpecLimit keeps all {total} GiB of {printable(name)} from jobs"
            yield draft.at_value(("blades", name, "slurm", "MemSpecLimit"), wrong, "write fewer MiB")
    for section, entries in (("tiers", draft.tiers), ("blades", draft.blades)):
        for name, entry in entries.items():
            features = entry.get("features") or []
            for number, feature in enumerate(features):
                if feature is not None and feature in features[:number]:
                    wrong = f"{printable(name)} lists the feature {feature} twice"
                    yield draft.at_value((section, name, "features", number), wrong, "keep one of them")
