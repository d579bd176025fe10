from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from provisioner.errors import UsageError
from provisioner.lab.aptsource import (
    Source,
    mirror_lines,
    parse_targets,
    seen_from_blade,
    settings_of,
)
from provisioner.lab.settings import Release

HOST = """\
http://mirror.test/debian/|bookworm|main|Debian
http://mirror.test/debian/|bookworm|contrib|Debian
http://mirror.test/debian/|bookworm-updates|main|Debian
http://sec.test/debian-security/|bookworm-security|main|Debian
"""


def test_another_release_comes_from_the_same_mirrors() -> None:
    assert mirror_lines(parse_targets(HOST), Release.TRIXIE) == [
        "deb http://mirror.test/debian trixie main",
        "deb http://mirror.test/debian trixie-updates main",
        "deb http://sec.test/debian-security trixie-security main",
    ]


def test_a_third_party_with_a_debian_suite_is_no_mirror() -> None:
    third = Source("http://vendor.test/apt", "bookworm", "main", "Vendor")
    with pytest.raises(UsageError, match="no Debian mirror") as caught:
        mirror_lines([third], Release.BOOKWORM)
    assert "PROVISION_LAB_MIRROR" in caught.value.next_step
    lines = mirror_lines([third, *parse_targets(HOST)], Release.BOOKWORM)
    assert lines[0] == "deb http://mirror.test/debian bookworm main"


def test_before_the_first_update_the_path_tells() -> None:
    # apt prints the variable's own name while it has no lists
    text = "http://vendor.test/apt/|bookworm|main|$(ORIGIN)\n" + ("http://mirror.test/debian/|bookworm|main|\n")
    assert mirror_lines(parse_targets(text), Release.BOOKWORM) == ["deb http://mirror.test/debian bookworm main"]


DUMP = """\
APT::Architecture "amd64";
Acquire "";
Acquire::http "";
Acquire::http::Proxy "http://127.0.0.1:3142";
Acquire::https::CAInfo "/etc/ssl/ca.pem";
Acquire::Check-Valid-Until "false";
Acquire::Languages:: "none";
Acquire::IndexTargets::deb::Packages::Optional "0";
"""


def test_only_what_decides_how_a_mirror_is_reached_is_taken() -> None:
    assert settings_of(DUMP, {}) == [
        'Acquire::http::Proxy "http://127.0.0.1:3142";',
        'Acquire::https::CAInfo "/etc/ssl/ca.pem";',
        'Acquire::Check-Valid-Until "false";',
    ]


def test_proxies_of_the_environment_count_unless_apt_has_its_own() -> None:
    environment = {"http_proxy": "http://other:1", "HTTPS_PROXY": "http://tls:2"}
    lines = settings_of(DUMP, environment)
    assert 'Acquire::http::Proxy "http://other:1";' not in lines
    assert 'Acquire::https::Proxy "http://tls:2";' in lines


@pytest.mark.parametrize(
    ("host", "blade"),
    [
        ("http://127.0.0.1:3142", "http://10.77.0.1:3142"),
        ("http://localhost/", "http://10.77.0.1/"),
        ("http://[::1]:3142", "http://10.77.0.1:3142"),
        ("http://localhost.test:3142", "http://localhost.test:3142"),
        ("http://proxy.test:3142", "http://proxy.test:3142"),
    ],
)
def test_the_hosts_own_proxy_is_the_gateway_for_a_blade(host: str, blade: str) -> None:
    line = 'Acquire::http::Proxy "{}";'
    seen = seen_from_blade([line.format(host)], IPv4Address("10.77.0.1"))
    assert seen == [line.format(blade)]
