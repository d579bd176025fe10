"""Ansible's own ssh, which takes from a blade no more than a run can use: see `provisioner.answer`.

Everything that any module says comes through here, in the process of one task of one blade.
"""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.json_utils import _filter_non_json_lines
from ansible.plugins.connection import ssh

# The options are those of ssh, in the words of this release of Ansible.
DOCUMENTATION = ssh.DOCUMENTATION.replace("name: ssh", "name: blade_ssh", 1)


# Ansible's plugins come without types, so mypy sees a base class of Any.
class Connection(ssh.Connection):  # type: ignore[misc]
    """A connection to a blade that may be anybody's by now."""

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Runs a command; the answer of a module is checked, and nothing longer than LARGEST comes back."""
        from provisioner.answer import LARGEST
        from provisioner.run.quick_modules import quick

        in_data = quick(in_data) if in_data else in_data
        with _little_memory(4 * LARGEST):
            try:
                code, out, err = super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
            except MemoryError:
                raise AnsibleError(_too_long(LARGEST)) from None
        if len(out) > LARGEST or len(err) > LARGEST:
            raise AnsibleError(_too_long(LARGEST))
        return code, _checked(out), err


@contextmanager
def _little_memory(more: int) -> Iterator[None]:
    """Lets this process grow by no more than so many bytes: ssh keeps what it reads until the other side ends.

    The process is that of one task of one blade.
    """
    before, most = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + more, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, most))


def _too_long(most: int) -> str:
    from provisioner.answer import failure

    return str(failure(f"its answer is longer than {most // 2**20} MiB")["msg"])


def _checked(out: bytes) -> bytes:
    """The answer of a module as Ansible is to read it; output that is none stays as it is, and Ansible refuses it."""
    from provisioner.answer import bulky, checked_answer, failure

    if bulky(out):
        return json.dumps(failure("its answer has too many values")).encode()
    try:
        found, _ = _filter_non_json_lines(out.decode("utf-8", "replace"), objects_only=True)
        # Python takes NaN for a number, JSON does not.
        data: Any = json.loads(found, parse_constant=lambda name: None)
    except ValueError:
        return out
    except RecursionError:
        return json.dumps(failure("its answer is nested too deep")).encode()
    # Half of a surrogate pair is no text, and no file, pipe or terminal takes it.
    return json.dumps(checked_answer(data), ensure_ascii=False).encode("utf-8", "replace")
