"""Each known defect of Debian's Slurm packages has a guard in a role; here is the proof that it holds."""

from __future__ import annotations

from typing import Any

from testinfra.host import Host

from tests.cluster.waiting import until

LOGS = "/var/log/slurm"


def test_pmix_jobs_start_with_a_rank(controller: Host, compute: dict[str, Host], members: dict[str, Host]) -> None:
    """Debian 12's plugin looks for a library name that no package brings."""
    job = f"srun --mpi=pmix --partition=all --nodes={len(compute)} --ntasks-per-node=1 printenv PMIX_RANK"
    answer = controller.run(job)
    assert answer.rc == 0, answer.stderr
    assert sorted(answer.stdout.split()) == [str(rank) for rank in range(len(compute))]


def test_logs_are_free_of_known_complaints(
    controller: Host, compute: dict[str, Host], members: dict[str, Host]
) -> None:
    daemons = [(controller, "slurmctld"), *((host, "slurmd") for host in compute.values())]
    for host, daemon in daemons:
        log = host.check_output(f"cat {LOGS}/{daemon}.log; journalctl --unit {daemon} --output cat --no-pager")
        for complaint in ("MailProg", "can not load PMIx", "fatal:"):
            assert complaint not in log, f"{daemon}: {complaint}"


def test_log_rotation_lets_the_daemons_write_on(
    controller: Host, compute: dict[str, Host], members: dict[str, Host]
) -> None:
    """Debian's own rule leaves slurmctld with the deleted file."""
    daemons = [(controller, "slurmctld"), *((host, "slurmd") for host in compute.values())]
    for host, daemon in daemons:
        # twice, because the second rotation is the one that compresses
        for _ in range(2):
            _rotate(host, daemon)


def _rotate(host: Host, daemon: str) -> None:
    log = f"{LOGS}/{daemon}.log"
    old = host.check_output(f"stat --format %i {log}")
    host.check_output(f"echo 'written by the test' >> {log} && logrotate --force /etc/logrotate.d/{daemon}")
    assert until(lambda: _open_log(host, daemon) not in ("", old), 20), f"{daemon} keeps the old file open"
    assert _open_log(host, daemon) == host.check_output(f"stat --format %i {log}")
    assert host.service(daemon).is_running


def _open_log(host: Host, daemon: str) -> str:
    """The inode of the log that the daemon has open, '' when it has none."""
    script = (
        f"for fd in /proc/$(systemctl show --value --property MainPID {daemon})/fd/*; do "
        f'case "$(readlink $fd)" in {LOGS}/{daemon}.log*) stat --dereference --format %i $fd;; esac; done'
    )
    found: str = host.check_output(script)
    return found.strip()


def test_slurmrestd_does_not_run_as_root(controller: Host, members: dict[str, Host], inventory: dict[str, Any]) -> None:
    """The package starts it at once; as root it refuses to work, and from Debian 13 on listens to everybody."""
    controller.check_output("DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends slurmrestd")
    controller.check_output("systemctl start slurmrestd")
    if "slurmrestd" not in inventory["_meta"]["hostvars"][controller.check_output("hostname")]["node_roles"]:
        assert not controller.service("slurmrestd").is_running, controller.run("systemctl status slurmrestd").stdout
    assert controller.run("systemctl is-failed slurmrestd").rc != 0, "the unit fails where it should be skipped"
    for host in members.values():
        assert host.run("pgrep --uid root slurmrestd").rc == 1


def test_daemons_are_enabled_and_come_back_from_a_crash(
    controller: Host, compute: dict[str, Host], members: dict[str, Host]
) -> None:
    """Debian's units have no Restart=, and apt leaves a masked slurmd disabled."""
    daemons = [(controller, "slurmctld"), *((host, "slurmd") for host in compute.values())]
    for host, daemon in daemons:
        assert host.service(daemon).is_enabled
        shown = host.check_output(f"systemctl show --property Restart --value {daemon}")
        assert shown == "always", daemon


def test_installing_slurmd_did_not_hang_apt(compute: dict[str, Host], members: dict[str, Host]) -> None:
    """On Debian 13 the package starts slurmd and waits 90 s for a controller that is not there yet."""
    for name, host in compute.items():
        tail = (
            'awk \'/^Start-Date/{s=$2" "$3} /^Commandline:.*slurmd/{c=1} /^End-Date/{if(c){print s"|"$2" "$3}; c=0}\''
        )
        start, end = host.check_output(f"{tail} /var/log/apt/history.log").splitlines()[-1].split("|")
        seconds = host.check_output(f"echo $(( $(date -d '{end}' +%s) - $(date -d '{start}' +%s) ))")
        assert int(seconds) < 80, f"{name}: apt took {seconds} s"
