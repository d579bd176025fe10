"""Backups of a cluster: what is in one, how it is written and read, who can open it."""
