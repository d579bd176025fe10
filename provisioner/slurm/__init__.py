"""Pure Slurm knowledge: node records, slurm.conf, and what a change of it needs per release. No I/O."""
