"""Tokens (JWT) that a user shows instead of a credential of munge, as slurm.conf and slurmdbd.conf have them. Pure."""

from __future__ import annotations

KEY = "/etc/slurm/jwt/hs256.key"
"""The key that all tokens of the cluster are made with, for slurmctld and slurmdbd: role `jwt` keeps it."""
SETTINGS = {"AuthAltTypes": "auth/jwt", "AuthAltParameters": f"jwt_key={KEY}"}


def with_key(parameters: str) -> str:
    """AuthAltParameters of the site with our key, unless they name one of their own."""
    words = [word for word in parameters.split(",") if word]
    named = any(word.lower().startswith("jwt_key=") for word in words)
    return ",".join(words if named else [SETTINGS["AuthAltParameters"], *words])
