"""Slurm's REST interface of a lab, as programs use it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.cluster.labs import Lab

USER = "nobody"
VERSION = {"bookworm": "v0.0.38", "trixie": "v0.0.42"}
PORT = 6820
_ASK = """
import http.client, sys
method, place, path, body, *words = sys.argv[1:]
address, _, port = place.rpartition(":")
headers = dict(word.split(": ", 1) for word in words)
connection = http.client.HTTPConnection(address, int(port), timeout=30)
connection.request(method, path, body or None, headers)
answer = connection.getresponse()
print(answer.status)
print(answer.read().decode())
"""


@dataclass(frozen=True)
class Answer:
    """What the interface said."""

    status: int
    text: str

    @property
    def json(self) -> dict[str, Any]:
        """Its body."""
        answer: dict[str, Any] = json.loads(self.text)
        return answer


def token_of(lab: Lab, blade: str, seconds: int = 600, user: str = USER) -> str:
    """A token that an account made for itself on a blade."""
    said = lab.inside(blade, f"runuser -u {user} -- scontrol token lifespan={seconds}")
    return said.removeprefix("SLURM_JWT=")


def shows(token: str, user: str = USER) -> dict[str, str]:
    """The headers that show a token."""
    return {"X-SLURM-USER-NAME": user, "X-SLURM-USER-TOKEN": token}


def ask(
    lab: Lab,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any] | None = None,
    blade: str = "",
    address: str = "127.0.0.1",
    port: int = PORT,
) -> Answer:
    """An answer over HTTP, by default asked for on the controller; `VERSION` in the path is that of the release."""
    words = [method, f"{address}:{port}", path.replace("VERSION", VERSION[lab.release])]
    words.append(json.dumps(body) if body is not None else "")
    words += [f"{name}: {value}" for name, value in headers.items()]
    words += ["Content-Type: application/json"] if body is not None else []
    said = lab.inside(blade or lab.controller, shlex.join(["python3", "-c", _ASK, *words]))
    status, _, text = said.partition("\n")
    return Answer(int(status), text)


def status(lab: Lab, path: str, headers: Mapping[str, str]) -> int:
    """The HTTP status of a question on the controller."""
    return ask(lab, "GET", path, headers).status


def submit(lab: Lab, headers: Mapping[str, str], script: str) -> Answer:
    """Submits a batch job."""
    job = {
        "name": "over-http",
        "current_working_directory": "/tmp",
        "standard_output": "/dev/null",
        "standard_error": "/dev/null",
        "environment": {"PATH": "/bin"} if lab.release == "bookworm" else ["PATH=/bin"],
    }
    body = {"job": job, "script": f"#!/bin/sh\n{script}\n"}
    return ask(lab, "POST", "/slurm/VERSION/job/submit", headers, body)


def state_of(lab: Lab, headers: Mapping[str, str], number: int) -> str:
    """The state of a job; a word in the older versions, a list of words in the later ones."""
    (job,) = ask(lab, "GET", f"/slurm/VERSION/job/{number}", headers).json["jobs"]
    return job["job_state"] if isinstance(job["job_state"], str) else str(job["job_state"][0])


def say(lab: Lab, **keys: Any) -> None:
    """Writes keys at the left margin of the plan; None takes one away."""
    plan = yaml.safe_load(lab.plan.read_text())
    said = {**plan, **keys}
    lab.plan.write_text(
        yaml.safe_dump({key: value for key, value in said.items() if value is not None}, sort_keys=False)
    )
