"""Backups as tests need them: whole ones, and such as nobody but an attacker writes."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

from provisioner.backup.archive import digest_of
from provisioner.backup.manifest import Manifest, Member

STATE_FILES = {"./clustername": b"demo|7", "./job_state": b"jobs", "./hash.1/job.1/script": b"#!/bin/sh"}
SMALL = {
    "cluster/etc/munge/munge.key": b"k" * 128,
    "cluster/etc/slurm/slurm.conf": b"ClusterName=demo\n",
    "cluster/etc/slurm/nodes.json": b"{}",
    "site/plan.yml": b"cluster: {}\n",
}


def tar(entries: list[tuple[tarfile.TarInfo, bytes]], packed: bool = False) -> bytes:
    """A tar of these entries."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz" if packed else "w") as archive:
        for entry, content in entries:
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def entry(name: str, content: bytes = b"", **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    """One entry, a regular file unless more says otherwise."""
    found = tarfile.TarInfo(name)
    found.size = len(content)
    for key, value in more.items():
        setattr(found, key, value)
    return found, content


def state(files: dict[str, bytes] | None = None) -> bytes:
    """slurmctld's state, packed."""
    return tar([entry(name, content) for name, content in (files or STATE_FILES).items()], packed=True)


def contents(state_bytes: bytes | None = None) -> dict[str, bytes]:
    """Every file of a backup."""
    return {"state.tar.gz": state() if state_bytes is None else state_bytes, "accounting.sql.gz": b"dump", **SMALL}


def manifest(files: dict[str, bytes], **more: Any) -> Manifest:
    """What the backup of these files says of itself."""
    members = [
        Member(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())
        for name, content in files.items()
    ]
    words = {
        "format": 1, "cluster": "demo", "controller": "BLD-006", "accounting": "BLD-006", "by": "eve",
        "moment": "2026-11-26T03:15:00+00:00", "provision": "0.1.0", "debian": "13", "slurm": "24.11.5-4",
        "identity": "demo|7", "database": "demo|7", "unpacked": 10240, "members": members,
    }  # fmt: skip
    return Manifest.model_validate({**words, **more})


def laid_out(folder: Path, files: dict[str, bytes]) -> Path:
    """The files in a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        assert digest_of(folder / name) == hashlib.sha256(content).hexdigest()
    return folder
