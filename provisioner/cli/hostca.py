"""`provision hostca`: the site's host CA, for the machine that makes images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer, say

app = typer.Typer(no_args_is_help=True)
_SIGNED = "-cert.pub"


@app.callback()
def hostca() -> None:
    """Show the site's host CA, and sign host keys before a blade is met for the first time.

    Runs sign the keys of blades by themselves where the plan says `host_ca: true`. The CA's private key stays on this
    machine.

    Examples:

      provision hostca show

      provision hostca sign ssh_host_ed25519_key.pub --blade BLD-008
    """


@app.command("show")
def show(plan: PlanFile = None, as_json: AsJson = False) -> None:
    """Show the CA: its fingerprint, and the line by which ssh trusts it.

    Examples:

      provision hostca show

      provision hostca show --json | jq -r .known_hosts >> ~/.ssh/known_hosts
    """
    from provisioner.errors import UsageError
    from provisioner.hostca import read_ca
    from provisioner.knownhosts import fingerprint

    site, state = _site(plan)
    ca = read_ca(state)
    if ca is None:
        raise UsageError("there is no host CA yet", "`provision slurm` makes it, or `provision hostca sign`")
    line = _trust(site, ca.public)
    if as_json:
        made = {"file": str(ca.file), "public": ca.public, "fingerprint": fingerprint(ca.public), "known_hosts": line}
        answer({"exit_code": 0, **made, "blades": _names(site)})
        return
    say(f"{fingerprint(ca.public)}  {ca.file} (private, for this machine only)")
    say(line)


@app.command("sign")
def sign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The public half of a host key of type ed25519 or rsa.")],
    blade: Annotated[str, typer.Option("--blade", metavar="NAME", help="Whose key it is, as the plan calls it.")],
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How long the certificate is good.")] = 365,
    check: Annotated[bool, typer.Option("--check", "-C", help="Only say what would be done.")] = False,
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Sign a host key, for an image that brings its key along.

    The certificate is written beside FILE, as NAME-cert.pub, where sshd and ssh-keygen look for it. It is good for the
    names and addresses that the plan gives the blade, and for no other host.

    Examples:

      ssh-keygen -q -t ed25519 -N '' -f ssh_host_ed25519_key

      provision hostca sign ssh_host_ed25519_key.pub --blade BLD-008
    """
    from provisioner.errors import UsageError
    from provisioner.hostca import ensure_ca
    from provisioner.hostca import sign as sign_key
    from provisioner.names import host_name
    from provisioner.plan.select import select_nodes
    from provisioner.whole_file import write_whole

    site, state = _site(plan)
    chosen = select_nodes(site, blade)
    if len(chosen) != 1:
        raise UsageError(f"a host key is that of one blade, and {blade} is {len(chosen)}", "name one: --blade BLD-008")
    (name,) = chosen
    names = _names(site).get(name)
    if not names:
        raise UsageError(
            f"the host CA does not vouch for {name}: the plan pins its host key, or another blade has its address",
            f"look at {name} in the plan",
        )
    key, to = _public(file), file.with_name(f"{file.name.removesuffix('.pub')}{_SIGNED}")
    words = f"{to}: good for {', '.join(names)}, for {days} days"
    if check:
        if as_json:
            answer({"exit_code": 0, "check": True, "file": str(to), "names": names})
        else:
            say(f"would be made: {words}")
        return
    text = sign_key(ensure_ca(state, site.cluster.name), host_name(name), key, names, days)
    write_whole(to, text, 0o644)
    if as_json:
        answer({"exit_code": 0, "check": False, "file": str(to), "names": names, "certificate": text.strip()})
    else:
        say(words)


def _site(plan: Path | None) -> tuple[Any, Path]:
    """The plan, which has to want a CA, and the state folder of its cluster."""
    from provisioner.errors import UsageError
    from provisioner.paths import find_plan, state_dir
    from provisioner.plan.load import load_plan

    site = load_plan(find_plan(plan))
    if site.host_ca is False:
        raise UsageError("the plan wants no host CA", "write `host_ca: true` into it")
    return site, state_dir(site.cluster.name)


def _names(site: Any) -> dict[str, list[str]]:
    from provisioner.plan.certified import certified

    return certified(site)


def _public(file: Path) -> str:
    """The key in a file, as `type base64`.

    Raises:
        UsageError: it holds none.
    """
    from provisioner.errors import UsageError
    from provisioner.host_certificate import host_keys

    try:
        text = file.read_bytes()[:100_000].decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", "name the public half of a host key") from None
    keys = list(host_keys(text).values())
    if len(keys) != 1 or "PRIVATE KEY" in text:
        raise UsageError(
            f"{file} is not the public half of one host key of type ed25519 or rsa",
            "name the file that ends with .pub, such as ssh_host_ed25519_key.pub",
        )
    return keys[0]


def _trust(site: Any, public: str) -> str:
    """The line of known_hosts by which ssh trusts the CA for the blades."""
    hosts = ",".join(dict.fromkeys(name for names in _names(site).values() for name in names))
    return f"@cert-authority {hosts} {public} host CA of {site.cluster.name}"
