"""The munge key is the canary: it shows up nowhere but in its own file, however loud a run is."""

from __future__ import annotations

import base64
import signal
from collections.abc import Iterator
from pathlib import Path

from tests.cluster.background import background
from tests.cluster.labs import Lab


def canaries(lab: Lab) -> list[bytes]:
    """Pieces of the key in each form that a log could hold it in."""
    key = base64.b64decode(lab.inside(lab.controller, "base64 --wrap=0 /etc/munge/munge.key"))
    assert len(key) >= 64
    encoded = [base64.b64encode(key[shift:]) for shift in range(3)]
    printed = repr(key)[2:-1].encode()
    return [key[8:24], key.hex()[16:48].encode(), printed[16:48], *(text[16:48] for text in encoded)]


def found(canaries: list[bytes], texts: Iterator[tuple[str, bytes]]) -> list[str]:
    """The names of those texts that hold a piece of the key."""
    return [name for name, text in texts if any(canary in text for canary in canaries)]


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of all files of a folder."""
    for file in folder.rglob("*"):
        if file.is_file():
            yield str(file), file.read_bytes()


def test_the_canary_would_be_found(cluster: Lab, tmp_path: Path) -> None:
    key = base64.b64decode(cluster.inside(cluster.controller, "base64 --wrap=0 /etc/munge/munge.key"))
    for name, content in {"raw": key, "base64": base64.b64encode(key), "hex": key.hex().encode()}.items():
        (tmp_path / name).write_bytes(b"before " + content + b" after")
    assert len(found(canaries(cluster), files(tmp_path))) == 3


def test_the_munge_key_is_in_no_output_record_or_journal(cluster: Lab, virgin: str) -> None:
    said = cluster.provision("slurm", f"--nodes={virgin}", "-vvv", "--diff")
    assert said.code == 0, said.text
    assert "munge" in said.text, "nothing was shown at all"
    keys = canaries(cluster)
    journals = {name: cluster.inside(name, "journalctl --no-pager --all") for name in (virgin, cluster.controller)}
    texts = {"output": said.text, **journals}
    assert found(keys, ((name, text.encode()) for name, text in texts.items())) == []
    assert found(keys, files(cluster.state_folder / "runs")) == []


def test_the_munge_key_is_in_no_artifact_of_a_killed_run(cluster: Lab, virgin: str) -> None:
    with background(cluster, "slurm", f"--nodes={virgin}", "--json", "-vvv") as run:
        run.reaches(lambda: bool(cluster.inside(virgin, "pgrep -x munged || true")))
        run.stop(signal.SIGKILL)
        kept = list(files(run.temporary))
        assert kept, "the run left nothing to look at"
        assert found(canaries(cluster), iter(kept)) == []
    assert cluster.slurm([virgin]).code == 0
