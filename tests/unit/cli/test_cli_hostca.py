"""`provision hostca`: the CA is shown and signs, and never leaves its place."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from provisioner.cli.main import app
from provisioner.errors import UsageError
from provisioner.host_certificate import parse_certificate
from provisioner.hostca import read_ca

runner = CliRunner()


@pytest.fixture
def key(site: Path) -> Path:
    """A host key of an image, and a plan that wants a CA."""
    with (site / "plan.yml").open("a") as plan:
        plan.write("host_ca: true\n")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", site / "ssh_host_ed25519_key"], check=True)
    return site / "ssh_host_ed25519_key.pub"


def refused(*words: str) -> UsageError:
    error = runner.invoke(app, ["hostca", *words]).exception
    assert isinstance(error, UsageError), error
    assert error.next_step
    return error


def state(site: Path) -> Path:
    return site / "state" / "provision" / "demo"


def test_a_key_of_an_image_is_signed_for_its_blade_alone(key: Path) -> None:
    done = runner.invoke(app, ["hostca", "sign", str(key), "--blade", "bld-008", "--days", "30", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    made = key.with_name("ssh_host_ed25519_key-cert.pub")
    assert (said["file"], said["names"]) == (str(made), ["bld-008", "10.20.0.108"])
    found = parse_certificate(made.read_text())
    assert found.names == ("bld-008", "10.20.0.108")
    assert found.key == " ".join(key.read_text().split()[:2])

    shown = json.loads(runner.invoke(app, ["hostca", "show", "--json"]).stdout)
    assert shown["public"] == found.signer
    assert shown["known_hosts"].startswith("@cert-authority bld-006,10.20.0.106,bld-008,10.20.0.108,")
    private = Path(shown["file"]).read_text()
    assert (
        private.splitlines()[1] not in done.output + json.dumps(shown) + runner.invoke(app, ["hostca", "show"]).output
    )


def test_a_check_makes_nothing(site: Path, key: Path) -> None:
    done = runner.invoke(app, ["hostca", "sign", str(key), "--blade", "BLD-008", "--check"])
    assert (done.exit_code, "would be made: " in done.output) == (0, True)
    assert not key.with_name("ssh_host_ed25519_key-cert.pub").exists()
    assert read_ca(state(site)) is None
    assert "no host CA yet" in refused("show").message


def test_a_plan_that_wants_none_has_none(site: Path) -> None:
    assert "the plan wants no host CA" in refused("show").message
    assert "the plan wants no host CA" in refused("sign", "x.pub", "--blade", "BLD-008").message
    assert not (state(site) / "host_ca").exists()


@pytest.mark.parametrize("blade", ["BLD-[006,008]", "@thin", "BLD-099"])
def test_it_is_signed_for_one_blade_of_the_plan(key: Path, blade: str) -> None:
    assert refused("sign", str(key), "--blade", blade)


@pytest.mark.parametrize("text", [None, "", "nonsense", "\x1b[31m", "ssh-ed25519 AAAA", "private"])
def test_what_is_no_public_host_key_is_refused(site: Path, key: Path, text: str | None) -> None:
    odd = site / "odd.pub"
    if text is not None:
        odd.write_text(key.with_suffix("").read_text() if text == "private" else text)
    assert "odd.pub" in refused("sign", str(odd), "--blade", "BLD-008").message
    assert not (site / "odd-cert.pub").exists()
