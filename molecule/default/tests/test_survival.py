"""Daemons that crash and blades that lose power, in any order: the cluster comes back by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from testinfra.host import Host

from tests.cluster.waiting import until

CONTROLLER, FIRST, SECOND = "BLD-006", "BLD-008", "BLD-011"
ORDERS = {
    "controller first": [[CONTROLLER], [FIRST, SECOND]],
    "compute first": [[FIRST, SECOND], [CONTROLLER]],
}
Lab = Callable[..., str]


def _all_idle(controller: Host) -> bool:
    listed = controller.run("sinfo --noheader --Node --partition=all --format=%T").stdout.split()
    return bool(listed == ["idle"] * 2)


def _works(controller: Host) -> None:
    assert until(lambda: _all_idle(controller), 120), controller.run("sinfo --Node --long; sinfo -R").stdout
    answer = controller.run("srun --partition=all --nodes=2 --ntasks-per-node=1 hostname")
    assert sorted(answer.stdout.split()) == ["bld-008", "bld-011"], answer.stderr


def _pid(host: Host, daemon: str) -> int:
    return int(host.check_output(f"systemctl show --value --property MainPID {daemon}"))


def _crash(host: Host, daemon: str) -> None:
    before = _pid(host, daemon)
    host.check_output(f"kill -9 {before}")
    assert until(lambda: _pid(host, daemon) not in (0, before), 30), f"{daemon} stays away"


def test_daemons_come_back_from_a_crash(controller: Host, compute: dict[str, Host], members: dict[str, Host]) -> None:
    """Debian's units have no Restart=: one crash would leave the cluster without controller."""
    victims = [(controller, "slurmctld"), (next(iter(compute.values())), "slurmd")]
    for host, daemon in victims:
        _crash(host, daemon)
    _works(controller)


def test_a_stopped_slurmd_comes_back(controller: Host, compute: dict[str, Host], members: dict[str, Host]) -> None:
    """A job waits for the node meanwhile, and runs once it is back."""
    name, host = next(iter(compute.items()))
    host.check_output("systemctl stop slurmd")
    controller.check_output(f"scontrol update nodename={name} state=down reason='test: slurmd stopped'")
    submit = "sbatch --parsable --chdir=/ --output=/dev/null --wrap=true"
    job = controller.check_output(f"{submit} --nodelist={name}")
    host.check_output("systemctl start slurmd")
    finished = until(lambda: "JobState=COMPLETED" in controller.check_output(f"scontrol show job {job}"))
    assert finished, controller.check_output(f"scontrol show job {job}")
    _works(controller)


@pytest.mark.parametrize("order", ORDERS)
def test_power_cut_of_all_blades(
    order: str, lab: Lab, controller: Host, compute: dict[str, Host], members: dict[str, Host]
) -> None:
    lab("off", CONTROLLER, FIRST, SECOND)
    for blades in ORDERS[order]:
        lab("on", *blades)
    assert until(lambda: controller.run("scontrol ping").rc == 0), controller.run("scontrol ping").stdout
    # slurmctld saves its state every few seconds: an srun that ended right before the cut runs for ever in
    # what was saved, since nobody is left to say that it is over
    controller.check_output("scancel --user=root")
    _works(controller)
    for name, host in compute.items():
        assert host.mount_point("/scratch").exists, f"{name} boots without its scratch"


def test_one_blade_reboots_alone(lab: Lab, controller: Host, members: dict[str, Host]) -> None:
    lab("reboot", FIRST)
    _works(controller)


def test_the_controller_reboots_under_a_job(lab: Lab, controller: Host, members: dict[str, Host]) -> None:
    wrapped = "sleep 12; echo done > /run/result"
    submit = f"sbatch --parsable --chdir=/ --output=/dev/null --nodelist=bld-011 --wrap='{wrapped}'"
    job = controller.check_output(submit)
    assert until(lambda: "RUNNING" in controller.check_output(f"scontrol show job {job}"), 30)
    # slurmctld saves its state every few seconds; a job younger than that is lost with the power
    assert until(lambda: "RunTime=00:00:07" in controller.check_output(f"scontrol show job {job}"), 30)
    lab("reboot", CONTROLLER)
    done = until(lambda: "JobState=COMPLETED" in controller.run(f"scontrol show job {job}").stdout, 60)
    shown = controller.run(f"scontrol show job {job}").stdout
    assert done, shown
    assert "Restarts=0" in shown
    assert members["bld-011"].file("/run/result").content_string.strip() == "done"
    _works(controller)
