"""What apt 2.6 (Debian 12) and 3.0 (Debian 13) print for a simulated upgrade."""

from __future__ import annotations

from provisioner.slurm.upgrade import upgrade_lines, upgrade_problems, upgrade_steps

SECURITY = """\
Inst slurmd [22.05.8-4] (22.05.8-4+deb12u3 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64]) []
Inst slurm-wlm-basic-plugins [22.05.8-4] (22.05.8-4+deb12u3 Debian-Security:12/oldstable-security [amd64])
Conf slurmd (22.05.8-4+deb12u3 Debian-Security:12/oldstable-security [amd64])
"""
CROSSING = "Inst slurmd [22.05.8-4] (24.11.5-4 Debian:13.1/stable [amd64])\n"
OWN_ARCHIVE = "Inst slurmd [22.05.8-4] (24.11.5-4 site:now/main [amd64])\n"
OWN_BUILD = "Inst slurmd [22.05.8-4] (22.05.8-4+site1 site:now/main [amd64])\n"


def test_a_line_per_package_in_the_order_of_apt() -> None:
    assert upgrade_lines(SECURITY) == [
        "slurmd 22.05.8-4 -> 22.05.8-4+deb12u3",
        "slurm-wlm-basic-plugins 22.05.8-4 -> 22.05.8-4+deb12u3",
    ]
    assert upgrade_steps(SECURITY)[1].origins == "Debian-Security:12/oldstable-security"
    assert upgrade_lines("") == []


def test_updates_of_the_release_are_made() -> None:
    assert upgrade_problems(SECURITY, "12") == []
    assert upgrade_problems(OWN_BUILD, "12") == []
    assert upgrade_problems("", "12") == []


def test_another_release_of_debian_is_refused() -> None:
    (problem,) = upgrade_problems(CROSSING, "12")
    assert "slurmd 24.11.5-4 from another release than Debian 12" in problem
    assert "next:" in problem
    (problem,) = upgrade_problems(SECURITY, "13")
    assert "Debian 13" in problem


def test_another_release_of_slurm_is_refused_whatever_archive_it_comes_from() -> None:
    assert len(upgrade_problems(OWN_ARCHIVE, "12")) == 1


def test_a_package_of_both_releases_is_of_ours() -> None:
    both = "Inst munge [1] (2 Debian:12.15/oldstable, Debian:13.1/stable [amd64])\n"
    assert upgrade_problems(both, "12") == []


def test_nothing_is_removed_for_it() -> None:
    (problem,) = upgrade_problems("Remv slurm-wlm-basic-plugins [22.05.8-4]\n" + SECURITY, "12")
    assert "would remove slurm-wlm-basic-plugins" in problem


def test_a_new_package_that_an_update_needs_is_shown() -> None:
    assert upgrade_lines("Inst libnew (1.0 Debian:12.15/oldstable [amd64])\n") == ["libnew (new) -> 1.0"]


def test_an_upgrade_that_apt_finds_no_way_for_is_refused() -> None:
    failed = "Cand slurmd: 22.05.8-4 22.05.8-5\nE: Unable to correct problems, you have held broken packages.\nFailed\n"
    (problem,) = upgrade_problems(failed, "12")
    assert "no way to upgrade it: Unable to correct problems" in problem
    (problem,) = upgrade_problems(failed.replace("22.05.8-5", "24.11.5-4"), "12")
    assert "slurmd 24.11.5-4 from another release" in problem
