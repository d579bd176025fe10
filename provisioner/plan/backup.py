"""What a plan says of backups."""

from __future__ import annotations

from pydantic import Field

from provisioner.plan.fields import PlainText, Recipient, Strict, Whole


class Backup(Strict):
    """Backups of the cluster, and who can open them."""

    recipients: list[Recipient] = Field(
        default_factory=list,
        max_length=20,
        description="who can open a backup: keys of age (age1..., ssh-ed25519 ...) or fingerprints of gpg keys",
    )
    to: PlainText = Field(
        default="", description="the folder for backups on this machine; default: in the state folder of the cluster"
    )
    keep: Whole = Field(default=14, ge=1, le=1000, description="how many backups stay in that folder")
    every_hours: Whole = Field(
        default=24, ge=1, le=8760, description="how old the last one is before scheduled runs make another"
    )
