"""The task `host_certificates`: signs host keys of a node on this machine; asks no node."""

from __future__ import annotations

from pathlib import Path

from ansible.plugins.action import ActionBase

from provisioner.errors import ProvisionError
from provisioner.host_certificate import host_keys
from provisioner.hostca import HostCa, sign


class ActionModule(ActionBase):
    """`host_certificates: {signer, node, keys, kinds, names, days}`; returns `certificates` by kind of key."""

    _VALID_ARGS = frozenset({"signer", "node", "keys", "kinds", "names", "days"})
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Signs the keys of these kinds; what a node says its keys are was checked where it came in."""
        given, result = self._task.args, super().run(tmp, task_vars)
        ca = HostCa(Path(str(given["signer"])).expanduser(), "")
        keys = host_keys("\n".join(map(str, given["keys"])))
        try:
            made = {
                str(kind): sign(ca, str(given["node"]), keys[kind], map(str, given["names"]), int(given["days"]))
                for kind in given["kinds"]
            }
        except ProvisionError as error:
            return {**result, "failed": True, "msg": f"{error.message}; next: {error.next_step}"}
        return {**result, "changed": False, "certificates": made}
