"""Which key and which host keys a cluster's blades are spoken to with: its lab's while there is one, else the site's.

What is known of the lab's blades stands apart from what is known of the real ones: both may have the same addresses,
and nothing of a rehearsal may count for the site.
"""

from __future__ import annotations

from pathlib import Path


def lab_folder(state: Path) -> Path:
    """Where a lab of the cluster keeps all its files, in the cluster's state folder."""
    return state / "lab"


def lab_key(state: Path) -> Path:
    """The private key that opens every blade of the lab. A lab exists while it does."""
    return lab_folder(state) / "id_ed25519"


def blades_folder(state: Path) -> Path:
    """Where it stands what is known of the blades that are spoken to: in the lab's folder while there is one."""
    return lab_folder(state) if lab_key(state).is_file() else state


def known_hosts(folder: Path) -> Path:
    """The host keys of the blades whose folder this is."""
    return folder / "known_hosts"


def ssh_identity(state: Path) -> tuple[Path | None, Path]:
    """The private key (None: ssh's own choice) and the known_hosts file of the blades."""
    folder = blades_folder(state)
    return None if folder == state else lab_key(state), known_hosts(folder)
