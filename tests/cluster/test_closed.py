"""What members tell to whom: time, messages of Slurm, the registry."""

from __future__ import annotations

import yaml

from tests.cluster.labs import Lab

# A container cannot set the clock; chronyd serves all the same with -x, and tells whom it would answer.
ASK_CHRONY = """
timeout 60 chronyd -x -d -U -u root -f /etc/chrony/chrony.conf > /dev/null 2>&1 &
for try in $(seq 100); do chronyc -n tracking > /dev/null 2>&1 && break; sleep 0.1; done
for address in ADDRESSES; do echo "$address $(chronyc -n accheck $address)"; done
kill %1 || true
"""


def test_the_time_server_answers_the_plans_network_alone(cluster: Lab) -> None:
    blades = yaml.safe_load(cluster.plan.read_text())["blades"]
    member, strangers = blades[cluster.compute[0]]["address"], ["192.0.2.1", f"10.62.{cluster.subnet + 1}.1"]
    said = cluster.inside(cluster.controller, ASK_CHRONY.replace("ADDRESSES", " ".join([member, *strangers])))
    answers = {line.split(" ", 1)[0]: line for line in said.splitlines()}
    assert "allowed" in answers[member]
    for stranger in strangers:
        assert "denied" in answers[stranger]


def test_a_node_serves_no_time_at_all(cluster: Lab) -> None:
    said = cluster.inside(cluster.compute[0], ASK_CHRONY.replace("ADDRESSES", "192.0.2.1 10.62.0.1"))
    assert said.count("denied") == 2


def test_the_registry_is_roots_alone(cluster: Lab) -> None:
    assert cluster.ask("stat --format='%a %U %G' /etc/slurm/nodes.json") == "600 root root"
    reads = "cat /etc/slurm/nodes.json > /dev/null 2>&1 && echo read || echo refused"
    for account in ("slurm", "nobody"):
        assert cluster.ask(f"setpriv --reuid={account} --clear-groups sh -c '{reads}'") == "refused"
    cluster.ask("chmod 0644 /etc/slurm/nodes.json")
    said = cluster.slurm(cluster.compute)
    assert said.code == 0, said.text
    assert cluster.ask("stat --format=%a /etc/slurm/nodes.json") == "600"


def test_slurm_refuses_messages_that_are_not_vouched_for(cluster: Lab) -> None:
    shown = cluster.ask("scontrol show config | grep -i '^CommunicationParameters'")
    assert "block_null_hash" in shown
    everywhere = cluster.inside(cluster.compute[0], "scontrol show config | grep -i '^CommunicationParameters'")
    assert "block_null_hash" in everywhere
    host = cluster.compute[0].lower()
    assert cluster.ask(f"srun --nodelist={host} hostname") == host
