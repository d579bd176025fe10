"""The task `slurm_accounts`: what the accounts file says, compared with what Slurm has, becomes commands of sacctmgr.

At most two calls of the controller: one that asks, and one with all commands.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from provisioner.accounts.commands import Command
from provisioner.accounts.declared import declared_policy
from provisioner.accounts.live import reads
from provisioner.accounts.load import load_accounts
from provisioner.accounts.work import failures, plan_work, why_not_enforced
from provisioner.console_text import their_words
from provisioner.errors import ProvisionError


class ActionModule(ActionBase):
    """`slurm_accounts: {file, cluster, prune, fresh, due, export}`; a preview in check mode.

    Args:
        file: the accounts file on this machine.
        cluster: Slurm's ClusterName.
        prune: how many things may be removed; -1 for none.
        fresh: whether the database may be yet to be made, so that in check mode no answer means that nothing is there.
        due: whether accounts would count from now on, were they all there; `enforce` in the answer says that they are.
        export: only asks, and returns what was answered.
    """

    _VALID_ARGS = frozenset({"file", "cluster", "prune", "fresh", "due", "export"})

    def run(self, tmp=None, task_vars=None):
        """Returns `commands` (the lines of the preview), `notes`, `jobs` and `troubles`."""
        result = super().run(tmp, task_vars)
        given = self._task.args
        answer = self._ask(given, task_vars)
        if answer.get("failed") or answer.get("unreachable"):
            return answer
        fresh = bool(given.get("fresh")) and self._task.check_mode and bool(answer.get("trouble"))
        if fresh:
            answer = {}
        if trouble := str(answer.get("trouble") or ""):
            words = f"slurmdbd does not answer sacctmgr: {their_words(trouble, 300)}"
            return {**result, "commands": [], "troubles": [f"{words}; next: look at `journalctl -u slurmdbd`"]}
        if given.get("export"):
            return {**result, "answers": answer.get("answers"), "people": answer.get("people")}
        try:
            wanted = declared_policy(load_accounts(Path(str(given["file"]))))
        except ProvisionError as error:
            return {**result, "failed": True, "msg": f"{error.message}; next: {error.next_step}"}
        prune = int(given.get("prune", -1))
        jobs = _rows(answer.get("jobs"), fresh)
        work = plan_work(
            wanted, _texts(answer.get("answers")), jobs, str(given["cluster"]), None if prune < 0 else prune
        )
        told: dict[str, Any] = {"notes": list(work.notes), "jobs": list(work.jobs), "commands": work.lines()}
        if work.refused:
            return {**result, **told, "commands": [], "troubles": [work.refused]}
        troubles = []
        if work.lines() and not self._task.check_mode:
            batch = {"commands": _argvs(work.commands), "removals": _argvs(work.removals)}
            done = self._execute_module(module_args=batch, task_vars=task_vars)
            if done.get("failed") or done.get("unreachable"):
                return done
            troubles = failures(work, done)
        told |= {"changed": bool(work.lines()), "troubles": troubles}
        # A file that declares nobody would only lock everybody out.
        if given.get("due") and wanted.users:
            why = why_not_enforced(wanted, work, troubles, jobs)
            told |= {"enforce": not why, "notes": told["notes"] + why}
        return {**result, **told}

    def _ask(self, given, task_vars):
        asked = {"reads": reads(str(given["cluster"])), "people": bool(given.get("export")), "patience": 30}
        if self._task.check_mode:
            asked["patience"] = 0
        return self._execute_module(module_args=asked, task_vars=task_vars)


def _argvs(commands: tuple[Command, ...]) -> list[list[str]]:
    return [list(command.argv) for command in commands]


def _texts(found):
    return {str(name): text for name, text in found.items() if isinstance(text, str)} if isinstance(found, dict) else {}


def _rows(found, fresh):
    """The jobs, None where slurmctld did not tell; where nothing is yet there are none."""
    if not isinstance(found, list):
        return [] if fresh else None
    return [row for row in found if isinstance(row, list) and all(isinstance(each, str) for each in row)]
