"""Slurm's figures for Prometheus, as a text file that its node exporter reads.

Names and labels are those of SckyzO/slurm_exporter 1.8, so that dashboards and alert rules made for it fit.
"""
