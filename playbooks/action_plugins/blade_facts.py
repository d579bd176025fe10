"""What the controlling machine adds to blade_facts: who asks for the lock of the cluster, and what a refusal means."""

from __future__ import annotations

import os

from ansible.plugins.action import ActionBase

from provisioner.run.owner import busy, is_dead, this_owner


class ActionModule(ActionBase):
    """Runs the module blade_facts; where it takes the lock, in the name of this playbook's main process."""

    def run(self, tmp=None, task_vars=None):
        """Runs the module; a second time only where the lock's holder is a dead run of this very machine."""
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        lock = arguments.pop("lock", None)
        if not lock or self._task.check_mode:
            return self._execute_module(module_args=arguments, task_vars=task_vars)
        # A task runs in a fork of the main process.
        owner = {**this_owner(str(lock["run"]), os.getppid()), "silence": lock["silence"]}
        answer = self._execute_module(module_args={**arguments, "lock": owner}, task_vars=task_vars)
        holder = self._other(answer)
        if holder and is_dead(holder):
            stolen = {**owner, "steal": str(holder.get("token") or "")}
            answer = self._execute_module(module_args={**arguments, "lock": stolen}, task_vars=task_vars)
            holder = self._other(answer)
        if holder:
            holder["busy"], holder["next"] = busy(lock["cluster"], holder)
        return answer

    @staticmethod
    def _other(answer):
        """Who else holds the lock, as the controller says; what is no answer of the module is for others to judge."""
        facts = answer.get("ansible_facts")
        blade = facts.get("blade") if isinstance(facts, dict) else None
        lock = blade.get("lock") if isinstance(blade, dict) else None
        return lock if isinstance(lock, dict) and lock.get("held") is False else None
