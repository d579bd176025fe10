"""How much the tests of this folder do, as the environment says.

CLUSTER_OS: the Debian release, or several with commas. CLUSTER_NODES: how many compute blades take part in
the runs over all of them; 15 and the controller fill an enclosure, and then runs are also stopped at every
point and not only at those that hurt most. CLUSTER_LAB: name and subnet of the lab, such as `test-other:7`, so
that two checkouts can run these tests at the same time. With `pytest --numprocesses=2 --dist=loadfile` each process has
labs of its own, and each file is one process's.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

RELEASES = os.environ.get("CLUSTER_OS", "bookworm").split(",")
NODES = int(os.environ.get("CLUSTER_NODES", "3"))
WHOLE_ENCLOSURE = NODES >= 15
_NAME, _SUBNET = os.environ.get("CLUSTER_LAB", "test-cluster:1").split(":")
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
LAB_NAME = _NAME if _WORKER == "0" else f"{_NAME}-{_WORKER}"
LAB_SUBNET = int(_SUBNET) + 4 * int(_WORKER)
# Labs of single files.
NEW_SUBNET, EXAMPLES_SUBNET, ACCOUNTING_SUBNET, ACCOUNTS_SUBNET = range(LAB_SUBNET + 101, LAB_SUBNET + 105)
BACKUP_SUBNET = LAB_SUBNET + 105

# Siblings of cases that every size has: CI is to end within 45 minutes on two cores, a whole enclosure runs them all.
# `?` stands for a bracket, which would have a meaning of its own.
_SIBLINGS = (
    "test_accounting.py::*another_version*",
    "test_accounting.py::*does_not_take*?unit?",
    "test_accounting.py::*does_not_take*?value?",
    "test_accounting.py::*is_killed?mariadb?",
    "test_accounting.py::*is_killed?slurmdbd?",
    "test_accounting.py::*is_overlooked*",
    "test_accounting.py::*mended_and_gone?disabled?",
    "test_accounting.py::*mended_and_gone?edited?",
    "test_accounting.py::*mended_and_gone?masked by us?",
    "test_accounting.py::*mended_and_gone?mode?",
    "test_accounting.py::*mended_and_gone?other secret?",
    "test_accounting.py::*mended_and_gone?owner?",
    "test_accounting.py::*mended_and_gone?package?",
    "test_accounting.py::*mended_and_gone?removed?",
    "test_accounting.py::*power_cut*",
    "test_accounting.py::*scripts_are_kept*",
    "test_accounting.py::*switching_it_off*",
    "test_accounting.py::*who_may_not*",
    "test_accounting.py::*without_the_database_finds*",
    "test_accounts.py::*nobody_else?FIFO?",
    "test_accounts.py::*nobody_else?folder?",
    "test_accounts.py::*nobody_else?gone?",
    "test_accounts.py::*nobody_else?link to a folder?",
    "test_accounts.py::*shows_nothing?FIFO*",
    "test_accounts.py::test_munge_wins_no_race",
    "test_adopt.py::*?in time?",
    "test_adopt.py::*lost_takes_no_other*",
    "test_adopt.py::*shuts_nobody_else_out",
    "test_adopt.py::*session_ends*",
    "test_adopt.py::*setting_of_sshd*",
    "test_adopt.py::*slurm_is_broken",
    "test_adopt.py::*systemd_takes*",
    "test_apt.py::*?cut off?",
    "test_apt.py::*?half fetched?",
    "test_apt.py::*?of another*",
    "test_by_hand.py::*?munge, stopped?",
    "test_by_hand.py::*?slurmd, running?",
    "test_by_hand.py::*before_the_packages*",
    "test_campaign.py::*lost*",
    "test_causes.py::*controller*?slurmctld*",
    "test_causes.py::*controller*frozen?",
    "test_causes.py::*leaves_on_a_node*",
    "test_causes.py::*node*?another munge key?",
    "test_causes.py::*node*stopped?",
    "test_deep.py::*?Ctrl-C?",
    "test_deep.py::*busy*",
    "test_deep.py::*cannot*",
    "test_deep.py::*preemption*",
    "test_examples.py::*",
    "test_firewalls.py::*?one *",
    "test_firewalls.py::*srun?",
    "test_gpus.py::*apart*",
    "test_gpus.py::*before_anybody*",
    "test_gpus.py::*different*",
    "test_gpus.py::*its_driver*",
    "test_heal.py::*?SlurmdSpoolDir*",
    "test_heal.py::*?fan*",
    "test_heal.py::*later_run*",
    "test_heal.py::*munge_with_it",
    "test_heal.py::*was_reimaged",
    "test_health.py::*can_leave_it_out*",
    "test_health.py::*scratch_without_them*",
    "test_hostile.py::*?free text?",
    "test_hostile.py::*fails_its_own_blade_only*",
    "test_hostile.py::*memory?1*s?",
    "test_hostile_words.py::*?a bracket?",
    "test_hostile_words.py::*?markup?",
    "test_init.py::*goes_on?another system?",
    "test_init.py::*goes_on?no *",
    "test_init.py::*says_what*",
    "test_init.py::*two_names*",
    "test_init.py::*without_any*",
    "test_job_tmp.py::*boots_without*",
    "test_job_tmp.py::*however_the_job_ends?scancel?",
    "test_job_tmp.py::*however_the_job_ends?slurmd?",
    "test_job_tmp.py::*in_its_place*",
    "test_job_tmp.py::*nobody_sends*",
    "test_locale.py::*of_the_blades",
    "test_locale.py::*xx_YY*",
    "test_lock.py::*for_long",
    "test_lock.py::*who_only_looks*",
    "test_login.py::*?controller?",
    "test_login.py::*changes_between*",
    "test_login.py::*gets_there_by_itself",
    "test_login.py::*has_a_terminal*",
    "test_login.py::*power_cut",
    "test_login.py::*windows*",
    "test_metrics.py::*come_by_themselves*",
    "test_metrics.py::*that_is_away*",
    "test_mpi.py::*mpirun*",
    "test_mpi.py::*near_each_other*",
    "test_mpi.py::*without_the_word*",
    "test_new_role.py::*its_harms*",
    "test_other_site.py::*kept_no_more*",
    "test_other_site.py::*reimaged*",
    "test_our_jobs.py::*both_prove*",
    "test_own_firewall.py::*all_the_same_is_taken_back*",
    "test_own_firewall.py::*mended_and_gone*",
    "test_own_firewall.py::*by_now_is_mended?gone?",
    "test_partitions.py::*more_priority*",
    "test_partitions.py::*of_another_qos*",
    "test_partitions.py::*outlives*",
    "test_partitions.py::*suspended*",
    "test_partitions.py::*time_to_end*",
    "test_policy.py::*accounts*",
    "test_policy.py::*fair_share*",
    "test_policy.py::*hangs*",
    "test_policy.py::*large_cluster*",
    "test_policy.py::*nobody_needs*",
    "test_policy.py::*waits_longer*",
    "test_restore.py::*",
    "test_rest.py::*another_key_ends*",
    "test_rest.py::*goes_with_the_database*",
    "test_rest.py::*mended_and_gone?disabled?",
    "test_rest.py::*mended_and_gone?edited?",
    "test_rest.py::*mended_and_gone?masked by us?",
    "test_rest.py::*mended_and_gone?mode?",
    "test_rest.py::*mended_and_gone?owner?",
    "test_rest.py::*mended_and_gone?package?",
    "test_rest.py::*mended_and_gone?stopped?",
    "test_rest.py::*open_it_to_the_network*",
    "test_scratch_probe.py::*said_so",
    "test_stopped.py::*guard_died_too?inventory*",
    "test_stopped.py::*guard_died_too?lab*",
    "test_stopped.py::*works_on_here?Ctrl-C*",
    "test_stopped.py::*works_on_here?HUP*",
    "test_stopped.py::*works_on_here?TERM*",
    "test_tampered.py::*changed_role*",
    "test_tampered.py::*mended_and_gone?disabled?",
    "test_tampered.py::*mended_and_gone?mode?",
    "test_tampered.py::*mended_and_gone?other secret?",
    "test_tampered.py::*mended_and_gone?owner?",
    "test_tampered.py::*mended_and_gone?unmasked?",
    "test_tampered.py::*mended_and_gone?upgraded slurmd?",
    "test_trouble.py::*mirror without a name?",
    "test_trouble.py::*mirror without the release?",
    "test_trust.py::*?rsa?",
    "test_trust.py::*only_off",
    "test_trust.py::*overrules*",
    "test_unseen.py::*given_up?slurm*",
    "test_upgrade.py::*crosses*",
    "test_upgrade.py::*holds*",
    "test_upgrade.py::*in_memory*",
)
_KEPT = {
    f"test_hostile.py::test_a_hostile_answer_fails_its_own_blade_only[{case}]"
    for case in (
        "no facts",
        "a key is missing",
        "negative memory",
        "deeply nested",
        "attempts of words",
        "forged advice",
    )
}


def is_left_out(test: str) -> bool:
    """Whether a test, such as `test_x.py::test_y[case]` without its release, is for a whole enclosure only."""
    left_out = test not in _KEPT and any(fnmatchcase(test, pattern) for pattern in _SIBLINGS)
    return left_out and not WHOLE_ENCLOSURE
