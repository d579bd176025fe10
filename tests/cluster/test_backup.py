"""A backup of a cluster that lives: no job notices, nothing secret is told, and slurmctld always comes back."""

from __future__ import annotations

import base64
import io
import json
import signal
import tarfile
from pathlib import Path

from tests.cluster.background import background
from tests.cluster.job_tmp import state, submit
from tests.cluster.labs import Lab
from tests.cluster.test_secrets import canaries, found
from tests.cluster.waiting import until


def is_up(lab: Lab) -> bool:
    return "is UP" in lab.ask("scontrol ping || true")


def job_line(lab: Lab, job: str) -> str:
    return lab.ask(f"squeue --noheader --jobs={job} --format='%i %T %S %N'")


def test_a_backup_harms_no_job_and_tells_no_secret(cluster: Lab, tmp_path: Path) -> None:
    job = submit(cluster, cluster.compute[0], "sleep 600")
    try:
        assert until(lambda: state(cluster, job) == "RUNNING", 30)
        before = job_line(cluster, job)
        said = cluster.provision("backup", f"--to={tmp_path}", "--plain", "--json")
        assert said.code == 0, said.text
        assert is_up(cluster)
        assert job_line(cluster, job) == before

        (file,) = tmp_path.iterdir()
        assert (file.stat().st_mode & 0o777, str(file)) == (0o600, said.json["file"])
        with tarfile.open(file) as archive:
            assert archive.getnames()[0] == "manifest.json", "it is read first"
            names = set(archive.getnames())
            key = archive.extractfile("cluster/etc/munge/munge.key").read()  # type: ignore[union-attr]
            packed = archive.extractfile("state.tar.gz").read()  # type: ignore[union-attr]
        assert base64.b64encode(key).decode() == cluster.ask("base64 --wrap=0 /etc/munge/munge.key")
        assert {"cluster/etc/slurm/nodes.json", "cluster/etc/slurm/slurm.conf", "site/plan.yml"} <= names
        with tarfile.open(fileobj=io.BytesIO(packed)) as inner:
            assert f"./hash.{int(job) % 10}/job.{job}/script" in inner.getnames()

        record = Path(cluster.state_folder / "runs").glob("*.json")
        texts = [("output", said.text.encode()), *((str(each), each.read_bytes()) for each in record)]
        assert found(canaries(cluster), iter(texts)) == []
        assert "backup" not in cluster.ask("ls /var/lib/provision").split()

        # A cluster that lives is not overwritten, and nothing is touched.
        refused = cluster.provision("restore", str(file), "--json")
        assert refused.code == 2, refused.text
        assert refused.json["parts"]["munge"] == "is there already"
        assert "--overwrite state" in str(refused.json["problems"])
        assert job_line(cluster, job) == before
    finally:
        cluster.ask(f"scancel {job}")


def test_slurmctld_comes_back_when_the_run_is_killed(cluster: Lab, tmp_path: Path) -> None:
    # It is stopped for a second only: the controller itself watches for that.
    begins = "timeout 60 sh -c 'until [ -e /var/lib/provision/backup/stopping ]; do sleep 0.02; done'; echo begun"
    works = "systemctl is-active --quiet provision-backup && echo yes || true"
    with background(cluster, "backup", f"--to={tmp_path}", "--plain") as run:
        run.reaches(lambda: bool(cluster.ask(begins)))
        run.stop(signal.SIGKILL)
    assert until(lambda: is_up(cluster) and not cluster.ask(works), 90)
    assert list(tmp_path.iterdir()) == []
    said = cluster.provision("backup", f"--to={tmp_path}", "--plain", "--json")
    assert said.code == 0, said.text
    assert "backup" not in cluster.ask("ls /var/lib/provision").split()
    assert json.loads(said.out)["manifest"]["cluster"] == cluster.name
