"""Turns freshly imaged blades into members of a working Slurm cluster."""

__version__ = "0.1.0"
