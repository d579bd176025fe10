"""Settings of the site beside the plan: they reach the cluster, and a wrong one never harms it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.cluster.labs import Lab, Said

LIVE = ("/etc/slurm/slurm.conf", "/etc/slurm/cgroup.conf", "/etc/slurm/nodes.json")
# Keys whose value a role, a port or a path elsewhere depends on.
OWNED: dict[str, Any] = {
    "SlurmdPort": 7000,
    "StateSaveLocation": "/srv/state",
    "NodeName": "bld-099 CPUs=1",
}


class Site:
    """The group_vars beside the plan of a lab, and runs with them."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.folder = lab.group_vars

    def run(self, **variables: Any) -> Said:
        """One run over the first compute blade with these variables."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "all.yml").write_text(yaml.safe_dump(variables))
        return self.lab.slurm([self.lab.compute[0]])

    def clear(self) -> Said:
        """One run without any."""
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.lab.slurm([self.lab.compute[0]])


@pytest.fixture
def site(cluster: Lab) -> Iterator[Site]:
    """No setting stays, whatever a test found out."""
    made = Site(cluster)
    yield made
    if made.folder.exists():
        cleared = made.clear()
        assert cleared.code == 0, cleared.text


def _setting(lab: Lab, key: str) -> str:
    """The value that slurmctld works with."""
    for line in lab.ask("scontrol show config").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == key:
            return value.strip()
    return ""


def _files(lab: Lab) -> str:
    return lab.ask(f"sha256sum {' '.join(LIVE)}")


def _is_up(lab: Lab) -> bool:
    return "is UP" in lab.ask("scontrol ping")


def test_settings_are_merged_over_ours_and_taken_back(cluster: Lab, site: Site) -> None:
    before = _files(cluster)
    said = site.run(slurmctld_config={"MessageTimeout": 61, "unkillablestepTimeout": None})
    assert said.code == 0, said.text
    assert _setting(cluster, "MessageTimeout") == "61 sec"
    assert "UnkillableStepTimeout" not in cluster.ask("cat /etc/slurm/slurm.conf")
    # Slurm's own default: 60 s, from 24.05 on at least five times MessageTimeout
    own = {"bookworm": "60 sec", "trixie": "305 sec"}[cluster.release]
    assert _setting(cluster, "UnkillableStepTimeout") == own
    its_copy = cluster.inside(cluster.compute[1], "cat /run/slurm/conf/slurm.conf")
    assert "MessageTimeout=61" in its_copy, "a compute node that was not named has the old file"

    again = site.run(slurmctld_config={"MessageTimeout": 61, "unkillablestepTimeout": None})
    assert (again.code, again.json["changed"]) == (0, 0), again.text
    cleared = site.clear()
    assert cleared.code == 0, cleared.text
    assert _setting(cluster, "MessageTimeout") == "20 sec"
    assert _files(cluster) == before


def test_options_of_the_site_do_not_end_configless(cluster: Lab, site: Site) -> None:
    said = site.run(slurmctld_config={"SlurmctldParameters": "idle_on_node_suspend"})
    assert said.code == 0, said.text
    options = _setting(cluster, "SlurmctldParameters").split(",")
    assert {"enable_configless", "idle_on_node_suspend"} <= set(options)
    # a slurmd that starts now finds nothing on its disk and has to ask
    blade = cluster.compute[0]
    cluster.inside(blade, "systemctl restart slurmd")
    assert cluster.state(blade, "idle") == "idle"
    assert cluster.ask(f"srun --nodelist={blade.lower()} hostname") == blade.lower()


def _refused_at_once(lab: Lab, said: Said, *places: str) -> list[dict[str, Any]]:
    """The problems of a run that was refused with file, line and column before a blade was asked anything."""
    assert said.code == 2, said.text
    told = said.json
    assert told["meaning"].endswith("nothing was touched")
    assert told["next_step"]
    assert "Traceback" not in said.text
    assert "blades" not in told, "Ansible was started"
    file = lab.group_vars / "all.yml"
    found: list[dict[str, Any]] = told["problems"]
    assert [f"{each['line']}:{each['col']}" for each in found] == list(places), found
    assert {each["file"] for each in found} == {str(file)}
    for place in places:
        assert f"group_vars/all.yml:{place}: " in said.err, "a person reads it, too"
    return found


def test_a_misspelt_key_is_refused_at_its_place(cluster: Lab, site: Site) -> None:
    before = _files(cluster)
    said = site.run(slurmctld_config={"MesageTimeout": 61})
    (problem,) = _refused_at_once(cluster, said, "2:3")
    assert "MesageTimeout is no key of slurm.conf" in problem["wrong"]
    assert problem["right"].startswith("did you mean MessageTimeout")
    assert "ClusterName" not in said.text, "not the file, only what is wrong in it"
    assert _files(cluster) == before
    assert _is_up(cluster)
    cleared = site.clear()
    assert (cleared.code, cleared.json["changed"]) == (0, 0), cleared.text


def test_a_misspelt_variable_is_refused_and_never_ignored(cluster: Lab, site: Site) -> None:
    before = _files(cluster)
    said = site.run(slurmctld_confg={"MessageTimeout": 61})
    (problem,) = _refused_at_once(cluster, said, "1:1")
    assert "no role takes slurmctld_confg" in problem["wrong"]
    assert _files(cluster) == before


def test_a_file_that_does_not_parse_is_never_put_in_place(cluster: Lab, site: Site) -> None:
    """A value that only Slurm's own parser knows to be wrong."""
    before = _files(cluster)
    started = cluster.ask("systemctl show --property=ActiveEnterTimestampMonotonic slurmctld")

    said = site.run(slurmctld_config={"MessageTimeout": "soon"})

    assert said.code == 1, said.text
    failure = said.json["blades"][cluster.controller]["failure"]
    assert "does not parse and was not put in place" in failure["message"]
    assert "MessageTimeout" in failure["message"]
    (around,) = [line for line in failure["evidence"].splitlines() if line.endswith("MessageTimeout=soon")]
    assert around.split()[0].isdecimal(), "its number"
    assert len(failure["evidence"].splitlines()) < 10, "not all of slurm.conf"
    assert "Traceback" not in said.text
    assert _files(cluster) == before
    assert _is_up(cluster)
    assert cluster.ask("systemctl show --property=ActiveEnterTimestampMonotonic slurmctld") == started
    assert cluster.ask("ls -A /etc/slurm | grep provision-new || true") == "", "a candidate stays"
    cleared = site.clear()
    assert (cleared.code, cleared.json["changed"]) == (0, 0), cleared.text


def test_what_slurmctld_refuses_is_rolled_back(cluster: Lab, site: Site) -> None:
    before = _files(cluster)

    said = site.run(slurmctld_config={"SelectType": "select/nonsense"})

    assert said.code == 1, said.text
    failure = said.failure(cluster.controller)
    assert "does not take its configuration" in failure
    assert "nonsense" in failure
    assert "the last good configuration is back in place" in failure
    assert "Traceback" not in said.text
    assert _is_up(cluster)
    assert _files(cluster) == before
    blade = cluster.compute[0]
    assert cluster.state(blade, "idle") == "idle"
    assert cluster.ask(f"srun --nodelist={blade.lower()} hostname") == blade.lower()


def test_keys_that_are_not_the_sites_are_refused_by_name(cluster: Lab, site: Site) -> None:
    before = _files(cluster)
    # Slurm reads keys without regard to case
    said = site.run(slurmctld_config={key.lower(): value for key, value in OWNED.items()})
    found = _refused_at_once(cluster, said, "2:3", "2:3", "3:3", "4:3")
    owned = [each["wrong"] for each in found if "slurmctld_config may not set" in each["wrong"]]
    assert len(owned) == len(OWNED)
    for key in OWNED:
        assert any(key.lower() in wrong.lower() for wrong in owned)
    assert _files(cluster) == before
    assert _is_up(cluster)
    cleared = site.clear()
    assert (cleared.code, cleared.json["changed"]) == (0, 0), cleared.text
