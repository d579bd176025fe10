"""The only module that starts Ansible."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from provisioner.inventory import static_form
from provisioner.run.ansible_program import write_program
from provisioner.run.request import RunnerCall

Event = Mapping[str, Any]
# How long the runner listens to Ansible before it asks whether the run was cancelled; its own default is 5 s.
_LISTEN_SECONDS = 1
# How often Ansible looks for what its workers found; its own default, a thousandth, takes CPU time from them.
_POLL_SECONDS = 0.003


def run_playbook(
    call: RunnerCall,
    folder: Path,
    on_event: Callable[[Event], None],
    cancelled: Callable[[], bool],
) -> int:
    """Runs the playbook and hands on every event; returns Ansible's exit code, 254 when cancelled.

    Args:
        folder: the workplace of the run. Everything Ansible writes goes there: inventory, control sockets, and
            artifacts with facts of the blades and the environment of the caller. It also ends what still works: of
            a run that was stopped the runner ends only the main process, not its workers and their ssh.
    """
    import ansible_runner

    _lay_out(folder, call)
    # The runner prints its own warnings to stdout, which belongs to --json.
    with contextlib.redirect_stdout(io.StringIO()), _only(call.environment):
        runner = ansible_runner.run(
            private_data_dir=str(folder),
            playbook=str(call.playbook),
            limit=",".join(call.limit),
            forks=call.options.forks,
            verbosity=call.options.verbosity or None,
            cmdline=_flags(call) or None,
            extravars=dict(call.options.extra) or None,
            envvars={**_temporary(folder), "PATH": f"{write_program(folder)}{os.pathsep}{call.environment['PATH']}"},
            settings={"pexpect_timeout": _LISTEN_SECONDS},
            event_handler=lambda event: _hand_on(event, on_event),
            cancel_callback=cancelled,
            suppress_env_files=True,
            quiet=True,
        )
    return 254 if runner.status == "canceled" else int(runner.rc or 0)


def _lay_out(folder: Path, call: RunnerCall) -> None:
    """The inventory of the run, with the site's group_vars and host_vars beside it."""
    place = folder / "inventory"
    place.mkdir(mode=0o700)
    (place / "hosts.json").write_text(json.dumps(static_form(call.inventory)))
    for name in ("group_vars", "host_vars"):
        if (call.site / name).is_dir():
            (place / name).symlink_to(call.site / name)
    (folder / "cp").mkdir(mode=0o700)
    (folder / "ansible.cfg").write_text(f"[defaults]\ninternal_poll_interval = {_POLL_SECONDS}\n")


@contextlib.contextmanager
def _only(environment: Mapping[str, str]) -> Iterator[None]:
    """Lets this process have no other variables for a while: ansible-runner adds its own to those it finds here."""
    before = dict(os.environ)
    _set_environment(environment)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(wanted: Mapping[str, str]) -> None:
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    os.environ.update(wanted)


def _temporary(folder: Path) -> dict[str, str]:
    return {
        # A person's own ansible.cfg is left out: it could turn host key checking off behind our back.
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        # Plugins, collections and caches of the person's ~/.ansible are as foreign as the variables that name others.
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp"),
    }


def _flags(call: RunnerCall) -> str:
    chosen = {"--check": call.options.check, "--diff": call.options.diff}
    return " ".join(flag for flag, on in chosen.items() if on)


def _hand_on(event: Event, on_event: Callable[[Event], None]) -> bool:
    """False: ansible-runner need not write the event to a file of its own that nobody reads."""
    on_event(event)
    return False
