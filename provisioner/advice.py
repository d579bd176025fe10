"""Next steps that modules on the blades may give in our name: these very sentences, and nothing else.

An answer of a module comes from the blade. A step that is not listed here is shown as the blade's own.
"""

from __future__ import annotations

from provisioner.answer import LOOK

MODULES_ADVICE = frozenset(
    {
        LOOK,
        "look at `chronyc tracking` there",
        "correct what it is made from; the file in use stays as it was",
        "look at `journalctl -u mariadb` there",
        "look at `journalctl -u provision-backup -u slurmctld` there",
        "look at `journalctl -u provision-backup-dump` there",
        "look at `journalctl -u provision-rotation` there",
        "look at `journalctl -u slurmctld` there",
        "look at `systemctl status slurmctld` there, then run again",
        "look at `systemctl status slurmdbd` there, then run again",
        "look at `systemctl status` there",
        "look who, then run again",
        "make room there",
        "move what is not Slurm's elsewhere",
        "name an account without rights that all nodes have (--user, or provision_deep_user in group_vars)",
        "put a plain file in its place, then run again",
        "run `provision slurm` first",
        "run `systemctl restart munge` there and run again",
        "run again",
        "take another backup",
        "`provision slurm` makes one",
    }
)
