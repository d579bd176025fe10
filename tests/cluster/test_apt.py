"""Lists of packages that lie are fetched anew; an apt that is at work is waited for, then named."""

from __future__ import annotations

import pytest

from tests.cluster.background import background
from tests.cluster.labs import Lab

LISTS = "/var/lib/apt/lists"
LOCK = "/var/lib/dpkg/lock-frontend"
AWAY = "apt-get purge --yes chrony >/dev/null 2>&1; apt-get clean; rm -f /var/cache/apt/*.bin"
# All of these have just been written, so they count as fresh.
LIES = {
    "gone": f"rm -rf {LISTS}/*",
    "half fetched": (
        f"rm -f {LISTS}/*_Packages*; echo half > {LISTS}/partial/x_Packages; echo junk > /var/cache/apt/pkgcache.bin"
    ),
    "cut off": f"for each in {LISTS}/*_Packages; do head -c 100000 $each > /root/cut; cat /root/cut > $each; done",
    "of another release": f"cd {LISTS}; for each in *_*; do mv $each other_$each; done",
    "of a version that the mirror has not": f"sed -i 's,^Filename: .*/chrony_,&0old-,' {LISTS}/*_Packages",
}


@pytest.mark.parametrize("lie", LIES)
def test_what_fresh_looking_lists_do_not_have_is_tried_once_more(cluster: Lab, lie: str) -> None:
    blade = cluster.compute[0]
    # The image may have no lists at all, or compressed ones.
    cluster.inside(blade, f"apt-get -o Acquire::GzipIndexes=false update -qq; {AWAY}; {LIES[lie]}")
    said = cluster.slurm([blade])
    assert said.code == 0, said.text
    assert "package chrony: absent -> installed" in said.json["blades"][blade]["changed"]
    assert cluster.inside(blade, "dpkg-query --show --showformat '${db:Status-Status}' chrony") == "installed"
    again = cluster.slurm([blade])
    assert (again.code, again.json["changed"]) == (0, 0), again.text


def test_what_installed_packages_lack_comes_first(cluster: Lab) -> None:
    """apt refuses what brings new packages along as long as something installed lacks what it needs."""
    blade = cluster.compute[0]
    cluster.inside(blade, "dpkg --remove --force-depends procps munge")
    with cluster.variables_of_the_site(base_extra_packages=["nftables"]):
        said = cluster.slurm([blade])
        assert said.code == 0, said.text
        assert cluster.inside(blade, "apt-get check && command -v nft")
        assert cluster.slurm([blade]).json["changed"] == 0
    cluster.inside(blade, "apt-get purge --yes nftables > /dev/null 2>&1")
    assert cluster.slurm([blade]).code == 0


def test_an_apt_that_does_not_end_is_named(cluster: Lab) -> None:
    blade, member = cluster.compute[:2]
    hold = f"import fcntl, time; f = open('{LOCK}', 'w'); fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(600)"
    cluster.inside(blade, f'{AWAY}; systemd-run --quiet --unit=holder python3 -c "{hold}"')
    try:
        with cluster.variables_of_the_site(base_apt_patience=3):
            said = cluster.slurm([blade, member])
    finally:
        cluster.inside(blade, "systemctl stop holder")
    assert said.code == 3, said.text
    assert "(process " in said.failure(blade)
    assert "python3" in said.failure(blade)
    assert said.json["blades"][member]["status"] == "ok"
    assert cluster.slurm([blade]).code == 0


def test_an_apt_that_ends_is_waited_for_and_named_meanwhile(cluster: Lab) -> None:
    """That of apt-get update, which holds another lock."""
    blade = cluster.compute[0]
    hold = f"import fcntl, time; f = open('{LISTS}/lock', 'w'); fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(600)"
    cluster.inside(blade, f'{AWAY}; rm -rf {LISTS}/*_*; systemd-run --quiet --unit=holder python3 -c "{hold}"')
    with background(cluster, "slurm", f"--nodes={blade}") as run:
        try:
            run.reaches(lambda: "waits for python3 (process " in run.text)
            assert "at most 120 s" in run.text
        finally:
            cluster.inside(blade, "systemctl stop holder")
        assert run.process.wait(timeout=300) == 0, run.text
