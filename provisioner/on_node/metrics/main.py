"""slurm-metrics: asks Slurm, and writes what it says for the node exporter."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

from .commands import lines, rows
from .helps import HELPS
from .jobs import COMMAND as JOBS
from .jobs import FIELDS as JOB_FIELDS
from .jobs import job_samples
from .nodes import COMMAND as NODES
from .nodes import FIELDS as NODE_FIELDS
from .nodes import node_samples
from .others import LICENSES, RESERVATIONS, SHARES, license_samples, reservation_samples, share_samples
from .samples import Samples
from .scheduler import COMMAND as SCHEDULER
from .scheduler import scheduler_samples

Look = Callable[[Samples], None]


def main(path: str, conf: str = "/etc/slurm/slurm.conf") -> int:
    """Writes the file; a look that fails leaves its figures out, says so in them, and stops no other.

    Args:
        path: the file, in a folder of this account's.
        conf: slurm.conf, which says whether there is fair share, and whether users see of others what they do.
    """
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    os.environ["LC_ALL"] = "C.UTF-8"
    try:
        samples, settings = Samples(), _settings(conf)
    except OSError as error:
        # Without it nobody knows whether users see of others what they do: nothing is written.
        print(f"{conf} cannot be read: {error.strerror}", file=sys.stderr)
        return 1
    # By the collectors of slurm_exporter whose figures come from it.
    looks: dict[tuple[str, ...], Look] = {
        ("info",): _release,
        ("node", "nodes", "cpus", "gpus", "partitions", "drain_reason"): _nodes,
        ("queue", "accounts", "users"): lambda its: job_samples(rows(JOBS, *JOB_FIELDS), its, _partitions(samples)),
        ("scheduler",): lambda its: scheduler_samples(lines(*SCHEDULER), its),
        ("reservations",): lambda its: reservation_samples(lines(*RESERVATIONS), its),
        ("licenses",): lambda its: license_samples(lines(*LICENSES), its),
        **(
            {("fairshare",): lambda its: share_samples(lines(*SHARES), its)}
            if "accountingstoragehost" in settings
            else {}
        ),
    }
    failed = [words for names, look in looks.items() if (words := _taken(look, names, samples))]
    # Whoever reaches the exporter reads them.
    if settings.get("privatedata", "none") != "none":
        samples.without_names()
    _write(path, samples.text(HELPS))
    for words in failed:
        print(words, file=sys.stderr)
    return 1 if failed else 0


def _taken(look: Look, names: tuple[str, ...], samples: Samples) -> str:
    """Why a look failed, '' when it went well."""
    begin, words, found = time.monotonic(), "", Samples()
    try:
        look(found)
        samples.merge(found)
    except (OSError, RuntimeError, ValueError) as error:
        words = f"{names[0]}: {error}"
    for name in names:
        samples.put("exporter_collector_success", 0 if words else 1, collector=name)
        samples.put("exporter_collector_duration_seconds", time.monotonic() - begin, collector=name)
    return words


def _release(samples: Samples) -> None:
    for line in lines("sinfo", "--version"):
        samples.put("info", 1, type="general", binary="", version=line.split()[-1])


def _nodes(samples: Samples) -> None:
    node_samples(rows(NODES, *NODE_FIELDS), samples)


def _partitions(samples: Samples) -> list[str]:
    return [dict(key)["partition"] for key in samples.found.get("slurm_partition_cpus_total", {})]


def _settings(conf: str) -> dict[str, str]:
    """The keys of slurm.conf, in small letters."""
    with open(conf, encoding="utf-8", errors="replace") as file:
        pairs = [line.strip().partition("=") for line in file]
    return {key.strip().lower(): value.strip().lower() for key, equals, value in pairs if equals}


def _write(path: str, text: str) -> None:
    """The exporter never sees half of a file."""
    new = f"{path}.new"
    with open(new, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(new, path)
