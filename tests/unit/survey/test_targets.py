"""What a person names as machines, in every form; what is none is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.survey.targets import MOST, HostsError, Target, parse_hosts, parse_scan, read_hosts

HOSTS = Path("hosts.txt")


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        ("10.0.0.11", [Target("10.0.0.11")]),
        ("node01", [Target("node01", "node01")]),
        ("node01.example.org", [Target("node01.example.org", "node01")]),
        ("admin@10.0.0.11:2222", [Target("10.0.0.11", "", "admin", 2222)]),
        ("root@a,root@b", [Target("a", "a", "root"), Target("b", "b", "root")]),
        ("a, b  c", [Target("a", "a"), Target("b", "b"), Target("c", "c")]),
        ("root@node[01-03]", [Target(f"node0{n}", f"node0{n}", "root") for n in (1, 2, 3)]),
        ("x[1,3]:22,y", [Target("x1", "x1", None, 22), Target("x3", "x3", None, 22), Target("y", "y")]),
        ("10.0.0.[11-12]", [Target("10.0.0.11"), Target("10.0.0.12")]),
        ("rack[1-2]-n[1-2]", [Target(f"rack{r}-n{n}", f"rack{r}-n{n}") for r in (1, 2) for n in (1, 2)]),
        ("fd00::11", [Target("fd00::11")]),
        ("admin@[fd00::11]:2200", [Target("fd00::11", "", "admin", 2200)]),
        ("a,A,a:22", [Target("a", "a"), Target("a", "a", None, 22)]),
    ],
)
def test_scan(words: str, targets: list[Target]) -> None:
    assert parse_scan(words) == targets


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "names no machine"),
        (" , ", "names no machine"),
        ("-oProxyCommand=x", "-oProxyCommand=x is no host name"),
        ("root@-v", "-v is no host name"),
        ("@host", "nothing is no account name"),
        ("Root@host", "Root is no account name"),
        ("a;b@host", "a;b is no account name"),
        ("host:0", "0 is no port"),
        ("host:65536", "65536 is no port"),
        ("host:ssh", "ssh is no port"),
        ("host:", "nothing is no port"),
        ("$(id)", "is no host name"),
        ("{{x}}", "is no host name"),
        ("node[01-", "is no set of hosts"),
        ("node[a-b]", "is no set of hosts"),
        ("node[3-1]", "is no set of hosts"),
        ("node[1-99999999999]", f"more than {MOST} hosts"),
        ("a[1-1000]b[1-1000]", f"more than {MOST} hosts"),
        ("node\x1b[31m", "is no"),
    ],
)
def test_what_is_no_machine_is_refused(words: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_scan(words)
    assert said in caught.value.message
    assert caught.value.message.isprintable()
    assert "node[01-04]" in caught.value.next_step


def test_too_many_machines_are_refused() -> None:
    with pytest.raises(UsageError, match="too many"):
        parse_scan(",".join(f"r{n}x[1-1000]" for n in range(2)))


@given(st.text(max_size=40))
def test_whatever_is_written_becomes_hosts_or_a_refusal(words: str) -> None:
    try:
        found = parse_scan(words)
    except UsageError:
        return
    for target in found:
        assert not target.host.startswith("-")
        assert set(target.host) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:")


def test_a_file_of_hosts() -> None:
    text = """\
# the rack
admin@10.0.0.11:2222   # the first
node[02-03]

127.0.0.1 localhost
::1 localhost ip6-localhost
ff02::1 ip6-allnodes
10.0.0.14 node04.example.org node04
fd00::15 node05
"""
    assert parse_hosts(text, HOSTS) == [
        Target("10.0.0.11", "", "admin", 2222),
        Target("node02", "node02"),
        Target("node03", "node03"),
        Target("10.0.0.14", "node04"),
        Target("fd00::15", "node05"),
    ]


def test_all_problems_of_a_file_come_at_once() -> None:
    with pytest.raises(HostsError) as caught:
        parse_hosts("good\n  -bad\nx:y\n10.0.0.1 {{name}}\n", HOSTS)
    assert [line.split(";")[0] for line in caught.value.lines] == [
        "hosts.txt:2:3: -bad is no host name and no address",
        "hosts.txt:3:1: y is no port",
        "hosts.txt:4:1: {{name}} is no host name",
    ]
    assert "the file of hosts has 3 problems" in caught.value.message
    assert len(caught.value.as_dict()["problems"]) == 3


def test_a_file_without_machines_is_refused() -> None:
    with pytest.raises(UsageError, match="names no machine"):
        parse_hosts("# nobody\n127.0.0.1 localhost\n", HOSTS)


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"a\x00b"])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "hosts.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(HostsError) as caught:
        read_hosts(file)
    assert f"{file}:1:" in caught.value.message
    assert "--plan" not in caught.value.message
