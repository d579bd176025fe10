"""A blade whose interpreter answers as a test wants it to."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.labs import Lab

WRAPPER = Path(__file__).parent / "hostile_python.py"


@contextmanager
def taken_over(lab: Lab, blade: str) -> Iterator[None]:
    """The interpreter of the blade is not its own, and answers as the mutation says; first it is honest."""
    subprocess.run(["podman", "cp", str(WRAPPER), f"{lab.container(blade)}:/root/wrapper"], check=True)
    lab.inside(
        blade,
        "echo pass > /root/mutation; cp --no-dereference /usr/bin/python3 /usr/bin/python3.honest; "
        '{ echo "#!$(readlink -f /usr/bin/python3)"; cat /root/wrapper; } > /usr/bin/python3.new; '
        "chmod 755 /usr/bin/python3.new; mv -T /usr/bin/python3.new /usr/bin/python3",
    )
    try:
        yield
    finally:
        lab.inside(blade, "mv -T /usr/bin/python3.honest /usr/bin/python3; rm -f /root/mutation /root/wrapper")


def mutate(lab: Lab, blade: str, code: str) -> None:
    """The code as the blade's mutation."""
    subprocess.run(
        ["podman", "exec", "-i", lab.container(blade), "sh", "-c", "cat > /root/mutation"],
        input=code,
        text=True,
        check=True,
    )
