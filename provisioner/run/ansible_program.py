"""The program that ansible-runner finds as `ansible-playbook`: Ansible without the search for cycles of Python, and
with what former runs made (`kept_work`).

The search looks at all objects again and again while Ansible loads its playbooks, and in each of its workers, where it
also copies memory that they share: an eighth of the time of a run that changes nothing. A run ends soon enough that
what it would find need not be found.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from provisioner.paths import assets, state_home

_START = """\
import gc, sys
from pathlib import Path
gc.disable()
from ansible.cli.playbook import main
from provisioner.run.kept_work import keep_work
keep_work(Path({home!r}), Path({project!r}))
sys.exit(main())
"""


def start_text(home: Path, project: Path) -> str:
    """The Python that starts Ansible; `home` and `project` are those of `keep_work`."""
    return _START.format(home=str(home), project=str(project))


def write_program(folder: Path) -> Path:
    """Writes the program into a folder of its own in `folder`; the folder, for the front of PATH.

    Where programs may not run there (a file system mounted `noexec`), the search in PATH passes over it and finds
    Ansible's own.
    """
    place = folder / "bin"
    place.mkdir(mode=0o700)
    start = place / "ansible-playbook.py"
    start.write_text(start_text(state_home() / ".kept", assets()))
    # Through a shell, since the path of Python may be too long for the first line of a script, or hold blanks.
    program = place / "ansible-playbook"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(start))} "$@"\n')
    program.chmod(0o700)
    return place
