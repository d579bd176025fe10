"""What listens in front of slurmrestd."""

from __future__ import annotations

import pytest

from provisioner.slurm.rest import SOCKET, proxy_settings
from tests.contracts.ansible_files import state_of


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("127.0.0.1", "bind 127.0.0.1:6820"),
        ("10.20.0.6", "bind 10.20.0.6:6820"),
        ("fd00:20::6", "bind [fd00:20::6]:6820"),
    ],
)
def test_it_listens_at_this_address_and_nowhere_else(address: str, line: str) -> None:
    found = [each.strip() for each in proxy_settings(address, 6820).splitlines()]
    assert [each for each in found if each.startswith("bind ")] == [line]


def test_slurmrestd_itself_listens_at_the_socket_that_the_proxy_goes_to() -> None:
    unit = state_of("slurmrestd")["files"]["/etc/systemd/system/slurmrestd.service.d/rest.conf"]["content"]
    assert unit.count(f" unix:{SOCKET}'") == 1
    assert f"server here unix@{SOCKET}\n" in proxy_settings("127.0.0.1", 6820)
