"""What speaks against jobs on this node, and Slurm told of it (HealthCheckProgram).

It runs often and beside jobs: modules that take long to load (pathlib, typing, dataclasses, tempfile) are left out.
"""
