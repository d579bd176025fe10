"""A machine with systemd from which a cluster is provisioned: a blade of the lab that is none of its members."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until
from tests.packaging.wheel import CHECKOUT, build_wheel

# A name in which every character means something to systemd, a shell or both.
FOLDER = '/root/a site: 100%n $HOME "x"'
PLAN = f"{FOLDER}/plan.yml"
PROGRAM = "/opt/provision/bin/provision"


@dataclass
class ControlHost:
    """The machine, with the wheel installed and the plan of the lab, without the machine itself.

    Args:
        account: whose timer it is, whose service manager is asked, and who owns the plan.
    """

    lab: Lab
    blade: str
    account: str = "root"
    plan: str = PLAN

    def script(self, script: str) -> str:
        """What a script prints there as root."""
        return self.lab.inside(self.blade, script)

    def provision(self, *words: str) -> Said:
        """`provision WORDS` there, with the plan of the lab."""
        return self.tried(self.command(*words))

    def command(self, *words: str) -> str:
        """The same as a line for a shell."""
        verb = 2 if words[0] in ("timer", "runs") and words[1:] else 1
        return shlex.join([PROGRAM, *words[:verb], f"--plan={self.plan}", *words[verb:]])

    def tried(self, command: str) -> Said:
        """A command of the account, from a shell that has nothing of a login."""
        if self.account == "root":
            return self.lab.tried(self.blade, f"cd / && HOME=/root {command}")
        home = f"/home/{self.account}"
        clean = f"env -i HOME={home} USER={self.account} PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8"
        return self.lab.tried(self.blade, f"cd {home} && runuser -u {self.account} -- {clean} {command}")

    def systemctl(self, words: str) -> Said:
        """`systemctl WORDS` of the service manager that has the timer."""
        if self.account == "root":
            return self.tried(f"systemctl {words}")
        number = self.script(f"id -u {self.account}")
        return self.tried(f"XDG_RUNTIME_DIR=/run/user/{number} systemctl --user {words}")

    def timer(self, verb: str, *words: str) -> dict[str, Any]:
        """`provision timer VERB --json`, whatever its exit code."""
        answer: dict[str, Any] = self.provision("timer", verb, "--json", *words).json
        return answer

    def unit(self, suffix: str) -> str:
        """The name of one of its units."""
        name: str = self.timer("status")["timer"]
        return name.removesuffix(".timer") + suffix

    def show(self, unit: str, name: str) -> str:
        """A property of a unit."""
        said = self.systemctl(f"show --value --property={name} {unit}")
        assert said.code == 0, said.text
        return said.out.strip()

    def ran(self, before: str, seconds: float = 300) -> dict[str, Any]:
        """The last run, once it is another one than `before` and what follows it is over."""
        assert until(lambda: self.last().get("at") and self.last()["invocation"] != before, seconds), self.journal()
        assert until(lambda: self.show(self.unit(".service"), "ActiveState") in ("inactive", "failed"), 60)
        for suffix in ("-notify.service", "-failed.service"):
            unit = self.unit(suffix)
            assert until(lambda unit=unit: self.show(unit, "ActiveState") in ("inactive", "failed"), 60)  # type: ignore[misc]
        return self.last()

    def last(self) -> dict[str, Any]:
        """What is remembered of the last run."""
        found: dict[str, Any] = self.timer("status")["last"]
        return found

    def start(self) -> dict[str, Any]:
        """One run by its unit, as the timer starts it."""
        before = self.last().get("invocation", "")
        self.systemctl(f"start {self.unit('.service')}")
        return self.ran(before)

    def journal(self) -> str:
        """What the units said."""
        of_it = "--unit='provision-*'" if self.account == "root" else f"_UID=$(id -u {self.account})"
        return self.script(f"journalctl --no-pager --lines=60 {of_it}")

    def write_plan(self, **more: Any) -> None:
        """The plan of the lab without this machine, with what is said besides."""
        plan = yaml.safe_load(self.lab.plan.read_text())
        del plan["blades"][self.blade]
        text = yaml.safe_dump({**plan, **more}, sort_keys=False)
        folder, file = shlex.quote(str(Path(self.plan).parent)), shlex.quote(self.plan)
        self.script(f"mkdir -p {folder} && printf %s {shlex.quote(text)} > {file} && chown {self.account}: {file}")


@contextmanager
def control_host(lab: Lab, folder: Path) -> Iterator[ControlHost]:
    """The spare blade as control host; it is fresh from its image again afterwards."""
    lab.lab("reimage", lab.spare)
    host = ControlHost(lab, lab.spare)
    container = lab.container(lab.spare)
    try:
        host.script("python3 -m venv --without-pip /opt/provision && install -d -m 0700 /root/.local/state/provision")
        version = host.script("python3 -c 'import sys; print(*sys.version_info[:2], sep=\".\")'")
        site_packages = f"/opt/provision/lib/python{version}/site-packages"
        for packages in _packages(folder, version):
            _run("podman", "cp", f"{packages}/.", f"{container}:{site_packages}")
        # Not the disks of the lab, which are beside them.
        state = f"/root/.local/state/provision/{lab.name}/lab"
        host.script(f"install -d -m 0700 {state}")
        for name in ("id_ed25519", "known_hosts"):
            _run("podman", "cp", str(lab.state_folder / "lab" / name), f"{container}:{state}/{name}")
        host.script(
            f"sed -i '1s|.*|#!/opt/provision/bin/python3|' {site_packages}/bin/* "
            f"&& mv {site_packages}/bin/* /opt/provision/bin/ && chown -R root: /root/.local /opt/provision"
        )
        host.write_plan()
        yield host
    finally:
        lab.lab("reimage", lab.spare)


def _packages(folder: Path, version: str) -> list[Path]:
    """The wheel and what it needs for another Python, by their hashes, unpacked."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]
    pip += ["--python-version", version, "--implementation", "cp", "--target"]
    needed, own = folder / "needed", folder / "own"
    _run(*pip, str(needed), "--require-hashes", "--requirement", str(CHECKOUT / "requirements.txt"))
    _run(*pip, str(own), str(build_wheel(folder / "dist")))
    return [needed, own]


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def told(host: ControlHost, file: str) -> list[dict[str, Any]]:
    """What the command of the site was given, each time that it ran: `cat >> FILE` of JSON texts."""
    text = host.script(f"cat {file} 2> /dev/null; true")
    decoder, found = json.JSONDecoder(), []
    while text := text.strip():
        one, end = decoder.raw_decode(text)
        found.append(one)
        text = text[end:]
    return found
