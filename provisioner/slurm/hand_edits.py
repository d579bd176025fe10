"""What somebody changed by hand in a file that slurmctld reads, before a run takes it back. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from provisioner.console_text import their_words

# Lines that are told of each file, and characters of each; the edited file itself is kept.
MOST_LINES, MOST_CHARACTERS = 5, 80
_PLACES = {
    "slurm.conf": "slurmctld_config in group_vars beside the plan",
    "cgroup.conf": "slurmctld_cgroup_config in group_vars beside the plan",
    "gres.conf": "`gpus` of the plan",
    "job_container.conf": "`job_tmp` of the plan",
    "mpi.conf": "`mpi` of the plan",
    "topology.conf": "`enclosures` of the plan, or have none of ours with TopologyPlugin in slurmctld_config",
}
_SECRET = re.compile(r"(\w*(?:pass|secret|token)\w*\s*=\s*)\S+", re.IGNORECASE)


def digests(texts: Mapping[str, str]) -> str:
    """What is written down of files before they are put in place: a line with digest and name for each.

    A run that is killed between the two leaves a file of ours that slurmctld never took, and no edit.
    """
    return "".join(f"{_digest(text)} {name}\n" for name, text in sorted(texts.items()))


def hand_edits(
    there: Mapping[str, str], new: Mapping[str, str], applied: Mapping[str, str], written: str
) -> dict[str, str]:
    """`edited by hand: ...` by the path of each file that is not as any run left it; what is as it will be is none.

    Args:
        there: the texts on the controller.
        new: the texts that will be there; others are nobody's business.
        applied: the texts that slurmctld took last.
        written: what `digests` made when a run wrote the files last, '' when nobody did.
    """
    edited = {}
    for path, will in new.items():
        text, was = there.get(path, ""), applied.get(path, "")
        ours = text in (will, was) or f"{_digest(text)} {path}" in written.splitlines()
        if text and not ours:
            edited[path] = f"edited by hand: {_words(text, will, was) or 'order, or empty lines'}"
    return edited


def edit_notes(edited: Mapping[str, str]) -> list[str]:
    """What a person does to keep an edit."""
    return [
        f"what was changed by hand in {path} is taken back, and the edited file is kept beside it; next: put what "
        f"shall stay into {_PLACES[path.rpartition('/')[2]]}"
        for path in edited
    ]


def _words(text: str, new: str, applied: str) -> str:
    now, will, was = _lines(text), _lines(new), _lines(applied)
    parts = {
        "taken back": [line for line in now if line not in will and line not in was],
        "put back": [line for line in was if line in will and line not in now],
    }
    return "; ".join(f"{_listed(found)} {word}" for word, found in parts.items() if found)


def _lines(text: str) -> dict[str, None]:
    return dict.fromkeys(line.strip() for line in text.splitlines() if line.strip())


def _listed(found: list[str]) -> str:
    shown = [their_words(_SECRET.sub(r"\1(not shown)", line), MOST_CHARACTERS) for line in found[:MOST_LINES]]
    more = [f"{len(found) - MOST_LINES} more"] if len(found) > MOST_LINES else []
    return ", ".join([*shown, *more])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
