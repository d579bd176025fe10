"""What the figures for Prometheus cost where the cluster is large."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bench.scale_run import Ran, good_run
from bench.scale_site import CONTROLLER_ADDRESS, Site, expect

# What a look and a scrape may take.
MOST_SECONDS = 2
MOST_MIB = 50

_LOOK = """python3 - << 'END'
import json, resource, subprocess, time
begin = time.monotonic()
as_slurm = ["setpriv", "--reuid=slurm", "--regid=slurm", "--clear-groups"]
subprocess.run([*as_slurm, "/usr/local/sbin/slurm-metrics"], check=True)
seconds = time.monotonic() - begin
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "mib": used.ru_maxrss / 1024}))
END"""
_SCRAPE = f"""python3 - << 'END'
import json, re, time, urllib.request
from pathlib import Path
begin = time.monotonic()
text = urllib.request.urlopen("http://{CONTROLLER_ADDRESS}:9100/metrics", timeout=30).read()
seconds = time.monotonic() - begin
pages = [path.read_text() for path in Path("/proc").glob("[0-9]*/status")]
mib = next(int(re.search("VmHWM:.*?([0-9]+)", page)[1]) / 1024 for page in pages if "Name:\\tprometheus-node" in page)
rows = sum(line.startswith(b"slurm_") for line in text.splitlines())
print(json.dumps({{"seconds": seconds, "mib": mib, "kib": len(text) // 1024, "rows": rows}}))
END"""


def with_metrics(site: Site) -> tuple[Site, Ran]:
    """The site with metrics on, and the run that brought them."""
    measured = replace(site, plan=site.plan.model_copy(update={"metrics": True}))
    return measured, good_run(measured, {})


def look(site: Site) -> Mapping[str, Any]:
    """Seconds, CPU seconds and MiB of the program that asks Slurm."""
    found: Mapping[str, Any] = json.loads(site.ask(_LOOK))
    _within(found, "a look at Slurm for its figures")
    return found


def scrape(site: Site) -> Mapping[str, Any]:
    """Seconds of a scrape, MiB of the exporter, KiB and rows of Slurm that came."""
    found: Mapping[str, Any] = json.loads(site.ask(_SCRAPE))
    _within(found, "a scrape")
    expect(found["rows"] > len(site.nodes), f"{found['rows']} figures of {len(site.nodes)} nodes")
    return found


def _within(found: Mapping[str, Any], what: str) -> None:
    expect(found["seconds"] < MOST_SECONDS, f"{what} took {found['seconds']:.1f} s, {MOST_SECONDS} are allowed")
    expect(found["mib"] < MOST_MIB, f"{what} took {found['mib']:.0f} MiB, {MOST_MIB} are allowed")
