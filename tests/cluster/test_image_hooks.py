"""Images that bring a signed host key along: the commands of docs/host-keys.md, as they stand there, on a blade."""

from __future__ import annotations

import contextlib
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from provisioner.names import host_name
from tests.cluster.labs import Lab
from tests.cluster.test_identity import DROP_IN, wants
from tests.cluster.test_trust import Site
from tests.contracts.ansible_files import ROOT
from tests.contracts.test_docs import pieces

PAGE = ROOT / "docs" / "host-keys.md"
KEY = "ssh_host_ed25519_key"
IN_TARGET = (
    "printf '%s\\n' '#!/bin/sh' 'exec chroot / \"$@\"' > /usr/local/bin/in-target; chmod +x /usr/local/bin/in-target"
)
APT = "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends"
# Nothing but the keys is cloud-init's here: accounts, names and addresses of a blade of the lab are the lab's.
CLOUD = {"datasource_list": ["NoCloud"], "network": {"config": "disabled"}, "cloud_init_modules": ["ssh"]}


def block(sign: str) -> str:
    """The only piece of code of the page, in lines of its own, that has these words."""
    (found,) = (text for text, whole in pieces(PAGE) if whole and sign in text)
    return found


@dataclass(frozen=True)
class Images:
    """A machine that makes images: it has the site's host CA, and serves what a blade fetches when it installs."""

    site: Site
    blade: str
    folder: Path
    server: str

    def sign(self, state: str = "state", named: str = "") -> Path:
        """A key pair with its certificate, made as the page says; the folder that has them.

        Args:
            state: of the machine that signs; another one has another CA.
            named: whose name the certificate has.
        """
        commands = block("hostca sign").replace("--blade BLD-008", f"--blade {named or self.blade}")
        commands = commands.replace("BLD-008", self.blade).replace("bld-008", host_name(self.blade))
        home = self.folder / "home"
        home.mkdir()
        served = self.folder / "host-keys"
        served.mkdir(exist_ok=True)
        program = home / "provision"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m provisioner "$@"\n')
        program.chmod(0o755)
        variables = self.site.lab.variables(
            PATH=f"{home}:{os.environ['PATH']}",
            XDG_STATE_HOME=str(self.site.folder / state),
            PROVISION_PLAN=str(self.site.folder / "plan.yml"),
        )
        said = subprocess.run(
            ["sh", "-e"], input=commands, cwd=home, env=variables, capture_output=True, text=True, check=False
        )
        assert said.returncode == 0, said.stderr + said.stdout
        (tar,) = home.glob("*.tar")
        tar.replace(served / tar.name)
        made = self.folder / f"{state}-{named}"
        (home / self.blade).replace(made)
        program.unlink()
        home.rmdir()
        return made

    def preseed(self) -> None:
        """Installs by the lines of the page: debconf reads them, and its shell runs what they say."""
        inside = self.site.lab.inside
        lines = block("preseed/late_command").replace("10.20.0.2", self.server)
        inside(self.blade, f"cat > /root/preseed.cfg <<'END'\n{lines}END\n")
        inside(self.blade, "debconf-set-selections /root/preseed.cfg")
        told = inside(self.blade, "echo 'GET preseed/late_command' | debconf-communicate d-i")
        code, _, command = told.partition(" ")
        assert code == "0", told
        assert command.split()[:1] == ["in-target"], told
        inside(self.blade, command)
        inside(self.blade, "systemctl restart ssh")


@pytest.fixture
def images(cluster: Lab, virgin: str, tmp_path: Path) -> Iterator[Images]:
    """A reimaged blade that nobody has met, and a site that takes no unsigned first key."""
    (tmp_path / "key").write_bytes((cluster.state_folder / "lab" / "id_ed25519").read_bytes())
    (tmp_path / "key").chmod(0o600)
    site = Site(cluster, tmp_path)
    wants(site, "required")
    assert site.run("reimaged", cluster.controller).code == 0
    served = tmp_path / "served"
    served.mkdir()
    with serving(served, f"10.62.{cluster.subnet}.1") as (server, certificate):
        trust = "/usr/local/share/ca-certificates/site-images.crt"
        cluster.inside(virgin, f"cat > {trust} <<'END'\n{certificate}END\nupdate-ca-certificates")
        yield Images(site, virgin, served, server)
    # The lab does not know the keys that this blade has now.
    cluster.lab("reimage", virgin)
    assert cluster.slurm(cluster.compute, f"--forget={virgin}").code == 0
    cluster.ask(f"rm -f {DROP_IN} /etc/ssh/ssh_host_*-cert.pub && systemctl reload ssh")


@contextlib.contextmanager
def serving(folder: Path, address: str) -> Iterator[tuple[str, str]]:
    """Serves a folder over HTTPS; where (`address:port`), and the certificate by which it is known."""
    key, certificate = folder.parent / "server.key", folder.parent / "server.crt"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made += ["-subj", "/CN=images", "-addext", f"subjectAltName=IP:{address}", "-days", "2"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer((address, 0), partial(SimpleHTTPRequestHandler, directory=str(folder))) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"{address}:{server.server_port}", certificate.read_text()
        finally:
            server.shutdown()
            thread.join()


def refused(images: Images) -> None:
    said = images.site.run("slurm", f"--nodes={images.blade}", "--json")
    assert said.code == 1, said.text
    assert said.json["blades"][images.site.lab.controller]["failure"] is None, said.text
    told = said.failure(images.blade)
    assert "it shows no certificate of the host CA" in told
    assert f"provision reimaged {images.blade}" in told
    assert "provision hostca sign" in told


def taken(images: Images) -> None:
    """Nobody has announced the blade; a second run finds nothing to do."""
    blade, site = images.blade, images.site
    said = site.run("slurm", f"--nodes={blade}", "--json")
    assert said.code == 0, said.text
    assert f"{blade}: first contact; the host CA has signed its host key" in said.err
    assert f"ED25519 {site.fingerprint(blade)}" in said.json["host_keys"][blade]
    assert "HostCertificate" not in str(said.json["blades"][blade]["notes"])
    assert site.lab.state(blade, "idle") == "idle"
    again = site.run("slurm", f"--nodes={blade}", "--json")
    assert (again.code, again.json["changed"]) == (0, 0), again.text


def test_a_preseeded_blade_is_known_by_its_certificate_and_by_no_other(images: Images) -> None:
    site, blade = images.site, images.blade
    refused(images)
    site.lab.inside(blade, f"{APT} wget && {IN_TARGET}")
    images.sign(state="another")
    images.preseed()
    refused(images)
    images.sign(named=site.lab.compute[0])
    images.preseed()
    refused(images)
    folder = images.sign()
    images.preseed()
    public = (folder / f"{KEY}.pub").read_text()
    assert site.lab.inside(blade, f"cat /etc/ssh/{KEY}.pub") == public.strip()
    assert site.lab.inside(blade, f"stat --format=%a:%U:%G /etc/ssh/{KEY}") == "600:root:root"
    taken(images)
    # The run has completed what the image has.
    assert "rsa" in site.lab.inside(blade, f"cat {DROP_IN}")


def test_a_preseeded_installation_stops_where_the_key_does_not_come(images: Images) -> None:
    images.site.lab.inside(images.blade, f"{APT} wget && {IN_TARGET}")
    with pytest.raises(AssertionError, match="not look like a tar archive"):
        images.preseed()
    assert images.site.lab.tried(images.blade, f"ls {DROP_IN}").code != 0


def test_a_blade_of_cloud_init_is_known_by_its_certificate(images: Images) -> None:
    site, blade, folder = images.site, images.blade, images.sign()
    private, public, certificate = ((folder / f"{KEY}{end}").read_text() for end in ("", ".pub", "-cert.pub"))
    text = block("ssh_keys:")
    for place, value in (
        ("(all lines of ssh_host_ed25519_key)\n", private.replace("\n", "\n    ").rstrip(" ")),
        ("ssh-ed25519 AAAA... BLD-008", public.strip()),
        ("ssh-ed25519-cert-v01@openssh.com AAAA...", certificate.strip()),
    ):
        assert text.count(place) == 1
        text = text.replace(place, value)
    site.lab.inside(blade, f"{APT} cloud-init")
    seed = "/var/lib/cloud/seed/nocloud"
    site.lab.inside(blade, f"mkdir -p {seed} && echo 'instance-id: {blade}' > {seed}/meta-data")
    site.lab.inside(blade, f"umask 077; cat > {seed}/user-data <<'END'\n{text}END\n")
    site.lab.inside(blade, f"cat > /etc/cloud/cloud.cfg.d/99-lab.cfg <<'END'\n{yaml.safe_dump(CLOUD)}END\n")
    said = site.lab.tried(blade, f"cloud-init schema --config-file {seed}/user-data")
    assert said.code == 0, said.text
    assert "Valid" in said.text
    site.lab.inside(blade, "cloud-init init --local && cloud-init init && systemctl restart ssh")
    assert site.lab.inside(blade, f"cat /etc/ssh/{KEY}.pub").split()[:2] == public.split()[:2]
    taken(images)
