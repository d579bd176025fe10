"""Filters for the playbooks: thin names for pure functions of the provisioner package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from provisioner.accounts.digest import people_asked
from provisioner.console_text import their_words
from provisioner.firewall import firewall_rules, shut_out, shut_out_problems, sshd_ports
from provisioner.hosts_file import hosts_file, hosts_notes
from provisioner.left_over import left_over_notes
from provisioner.node_doubts import node_doubts
from provisioner.on_node import node_program
from provisioner.openmpi import openmpi_parameters
from provisioner.preflight import blade_problems
from provisioner.slurm import accounting, database
from provisioner.slurm.archive import archive, archive_notes, release_due
from provisioner.slurm.beside import beside, beside_files, beside_texts, file_keys
from provisioner.slurm.change import config_change
from provisioner.slurm.choice import choice, on_trial, reported, touched
from provisioner.slurm.config import cgroup_settings, slurm_config
from provisioner.slurm.deep import in_order, troubles
from provisioner.slurm.defects import release_problems
from provisioner.slurm.disturbance import busy_jobs, held
from provisioner.slurm.enforcement import enforcement_is_due, stays_enforced
from provisioner.slurm.gpus import gpu_notes, hand_out_again
from provisioner.slurm.hand_edits import digests, edit_notes, hand_edits
from provisioner.slurm.job_tmp import job_notes, job_place
from provisioner.slurm.outdated import slurmd_outdated
from provisioner.slurm.partitions import nameless
from provisioner.slurm.parts import drift_sentence
from provisioner.slurm.record import node_records
from provisioner.slurm.registry import merge_notes, merge_records, read_registry, write_registry
from provisioner.slurm.releases import SLURM_OF_DEBIAN
from provisioner.slurm.rest import proxy_settings
from provisioner.slurm.security import security_notes
from provisioner.slurm.settings import site_problems
from provisioner.slurm.upgrade import upgrade_lines, upgrade_problems
from provisioner.slurm.verdict import node_credential, verdict
from provisioner.sshd_pam import sshd_pam


class FilterModule:
    """What Ansible asks a filter plugin for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "accounting_address": accounting.accounting_address,
            "accounting_applied": accounting.applied_address,
            "accounting_drawn_id": accounting.drawn_id,
            "accounting_note": accounting.accounting_note,
            "accounting_problem": accounting.identity_problem,
            "blade_problems": blade_problems,
            "database_settings": database.database_settings,
            "firewall_rules": firewall_rules,
            "firewall_shut_out": shut_out,
            "firewall_shut_out_problems": shut_out_problems,
            "firewall_sshd_ports": sshd_ports,
            "hosts_file": hosts_file,
            "hosts_notes": hosts_notes,
            "left_over_notes": left_over_notes,
            "node_doubts": node_doubts,
            "node_program": node_program,
            "openmpi_parameters": openmpi_parameters,
            "people_asked": people_asked,
            "slurm_archive": archive,
            "slurm_archive_notes": archive_notes,
            "slurm_beside": beside,
            "slurm_beside_files": beside_files,
            "slurm_beside_texts": beside_texts,
            "slurm_cgroup_settings": cgroup_settings,
            "slurm_busy_jobs": busy_jobs,
            "slurm_choice": choice,
            "slurm_config": lambda nodes, cluster, *more: slurm_config(cluster, nodes, *more),
            "slurm_config_change": lambda new, live, version: config_change(live, new, version).as_dict(),
            "slurm_of_debian": SLURM_OF_DEBIAN.__getitem__,
            "slurm_deep_troubles": troubles,
            "slurm_file_keys": file_keys,
            "slurm_digests": digests,
            "slurm_edit_notes": edit_notes,
            "slurm_drift_sentence": drift_sentence,
            "slurm_enforcement_is_due": enforcement_is_due,
            "slurm_held": held,
            "slurm_in_order": in_order,
            "slurm_gpu_notes": gpu_notes,
            "slurm_hand_out_again": hand_out_again,
            "slurm_hand_edits": hand_edits,
            "slurm_release_problems": release_problems,
            "slurm_job_notes": job_notes,
            "slurm_job_place": job_place,
            "slurm_merge_records": lambda *sets: merge_records(*sets).as_dict(),
            "slurm_merge_notes": merge_notes,
            "slurm_nameless": nameless,
            "slurm_node_credential": node_credential,
            "slurm_site_problems": site_problems,
            "slurm_node_records": node_records,
            "slurm_on_trial": on_trial,
            "slurm_release_due": release_due,
            "slurm_reported": reported,
            "slurm_rest_proxy": proxy_settings,
            "slurm_registry_read": read_registry,
            "slurm_registry_write": write_registry,
            "slurm_stays_enforced": stays_enforced,
            "slurm_touched": touched,
            "slurm_verdict": verdict,
            "slurmd_outdated": slurmd_outdated,
            "slurmdbd_settings": accounting.slurmdbd_settings,
            "security_notes": security_notes,
            "sshd_pam": sshd_pam,
            "their_words": their_words,
            "upgrade_lines": upgrade_lines,
            "upgrade_problems": upgrade_problems,
        }
