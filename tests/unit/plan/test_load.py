"""Files that are no plan, and the promise that nothing but a Plan or a PlanError comes out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.errors import ExitCode
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.plan.problems import PlanError
from provisioner.plan.source import MAX_BYTES

ASGARD = Path(__file__).parents[3] / "inventories" / "asgard" / "plan.yml"


def only_problem(path: Path) -> str:
    with pytest.raises(PlanError) as raised:
        load_plan(path)
    (line,) = raised.value.lines
    return line.removeprefix(f"{path}:")


def test_asgard_loads() -> None:
    plan = load_plan(ASGARD)
    assert len(plan.blades) == 16
    assert plan.cluster.controller == "BLD-006"


def test_a_missing_file(tmp_path: Path) -> None:
    assert only_problem(tmp_path / "plan.yml").startswith("1:1: there is no such file;")


def test_a_directory(tmp_path: Path) -> None:
    assert only_problem(tmp_path).startswith("1:1: this is a directory;")


def test_no_permission(plan_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert only_problem(plan_file).startswith("1:1: no permission to read this file;")


def test_a_file_of_50_megabytes_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "plan.yml"
    with path.open("wb") as file:
        file.truncate(50 * MAX_BYTES)
    assert only_problem(path).startswith("1:1: larger than 1 MiB;")


def test_an_endless_file_is_refused() -> None:
    assert only_problem(Path("/dev/zero")).startswith("1:1: larger than 1 MiB;")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "1:1: the file is empty;"),
        (b" \n\n", "1:1: the file is empty;"),
        (b"a: 1\nb: caf\xe9\n", "2:7: byte 0xe9 is not UTF-8;"),
        ("a: 1\n".encode("utf-16"), "1:1: byte 0xff is not UTF-8;"),
        (b"a: 1\nb: \x00\n", "2:4: control character 0x00;"),
    ],
)
def test_a_file_that_is_no_text(tmp_path: Path, raw: bytes, expected: str) -> None:
    path = tmp_path / "plan.yml"
    path.write_bytes(raw)
    assert only_problem(path).startswith(expected)


def test_a_byte_order_mark_is_nothing(tmp_path: Path, plan_file: Path) -> None:
    path = tmp_path / "plan.yml"
    path.write_bytes(b"\xef\xbb\xbf" + plan_file.read_bytes())
    assert load_plan(path) == load_plan(plan_file)


def test_problems_come_sorted_with_the_path_as_given_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("site").mkdir()
    Path("site/plan.yml").write_text("tiers: {}\nblades: []\ncluster: []\nx: 1\n")
    with pytest.raises(PlanError) as raised:
        load_plan(Path("site/plan.yml"))
    error = raised.value
    assert error.exit_code == ExitCode.USAGE
    assert [problem.line for problem in error.problems] == [2, 3, 4]
    assert error.message.splitlines()[0] == "the plan has 3 problems"
    assert all(line.startswith("site/plan.yml:") for line in error.message.splitlines()[1:])


@pytest.mark.parametrize("anchors", [10, 1000])
def test_a_long_chain_of_aliases_is_refused_quickly(tmp_path: Path, anchors: int) -> None:
    """Each alias doubles the tree, and nests it one deeper."""
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, anchors)]
    path = tmp_path / "plan.yml"
    path.write_text("\n".join(lines))
    with pytest.raises(PlanError) as raised:
        load_plan(path)
    assert raised.value.problems


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "{? ", "[[[{? - "])
def test_no_nesting_is_too_deep_to_be_refused(tmp_path: Path, opening: str) -> None:
    path = tmp_path / "plan.yml"
    path.write_text(opening * 50_000)
    assert only_problem(path)


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "1e999", ".inf", ".nan", "1_0", "0b1", "190:20:30"])
def test_odd_numbers_are_problems(tmp_path: Path, plan_file: Path, number: str) -> None:
    path = tmp_path / "plan.yml"
    path.write_text(
        plan_file.read_text().replace("link_gbit: 10", f"link_gbit: {number}").replace("bay: 11", f"bay: {number}")
    )
    with pytest.raises(PlanError) as raised:
        load_plan(path)
    assert [problem.line for problem in raised.value.problems] == [1, 8]


def load_or_problems(path: Path) -> Plan | PlanError:
    try:
        return load_plan(path)
    except PlanError as error:
        return error


def assert_plan_or_problems(path: Path) -> None:
    found = load_or_problems(path)
    if isinstance(found, PlanError):
        assert found.problems
        assert all(problem.line >= 1 and problem.col >= 1 for problem in found.problems)
        assert len(found.message.splitlines()) == len(found.problems) + 1


SCALARS = st.one_of(
    st.sampled_from(["off", "null", "010", "1:30", "[", "{}", "*a", "&a x", "<<", "2 x 300 GB", "'", "all", "="]),
    st.text(max_size=8),
    st.integers().map(str),
)


@settings(max_examples=300)
@given(raw=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8"))))
def test_any_file_gives_a_plan_or_a_plan_error(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "plan.yml"
    path.write_bytes(raw)
    assert_plan_or_problems(path)


@settings(max_examples=400)
@given(data=st.data())
def test_any_word_of_a_plan_may_be_replaced_by_anything(
    tmp_path_factory: pytest.TempPathFactory, plan_file: Path, data: st.DataObject
) -> None:
    words = plan_file.read_text().split(" ")
    for _ in range(data.draw(st.integers(1, 3))):
        words[data.draw(st.integers(0, len(words) - 1))] = data.draw(SCALARS)
    path = tmp_path_factory.mktemp("mutant") / "plan.yml"
    path.write_text(" ".join(words), encoding="utf-8")
    assert_plan_or_problems(path)
