"""Users, groups, Slurm accounts, QOS and limits as a site declares them in `accounts.yml` beside its plan.

Both sides, the file and what Slurm has, become the same values; what differs becomes ordered commands. Pure.
"""
