"""slurm-metrics on a machine without Slurm: it says what is wrong in a sentence, and writes nothing that is not so."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.on_node.metrics.main import main


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program sets both for its commands."""
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("LC_ALL", "C")


def test_without_slurm_conf_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(str(tmp_path / "slurm.prom"), str(tmp_path / "missing")) == 1
    assert capsys.readouterr().err == f"{tmp_path / 'missing'} cannot be read: No such file or directory\n"
    assert list(tmp_path.iterdir()) == []


def test_commands_that_are_missing_leave_their_figures_out(tmp_path: Path) -> None:
    conf = tmp_path / "slurm.conf"
    conf.write_text("ClusterName=demo\n")
    assert main(str(tmp_path / "slurm.prom"), str(conf)) == 1
    text = (tmp_path / "slurm.prom").read_text()
    assert 'slurm_exporter_collector_success{collector="nodes"} 0' in text
    assert "slurm_nodes_total" not in text
