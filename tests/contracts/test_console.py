"""What nodes, users and Slurm say reaches a terminal through one place, and gives no advice in our name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.advice import MODULES_ADVICE
from tests.contracts.ansible_files import PLAYBOOKS, ROLES, ROOT, module_of, read, role_files, tasks_in

PACKAGE = ROOT / "provisioner"
SOURCES = sorted(PACKAGE.rglob("*.py"))
# Makes a console, or writes to a stream, by itself. What runs on a node prints there.
ALLOWED = {
    "cli/output.py": {"Console"}, "cli/say.py": {"typer.echo"},
    "on_node/health/main.py": {"print"}, "on_node/metrics/main.py": {"print"},
}  # fmt: skip
PRINTERS = {
    "Console", "rich.print", "print", "pprint", "typer.echo", "typer.secho", "click.echo", "sys.stdout.write",
    "sys.stderr.write", "stdout.write", "stderr.write",
}  # fmt: skip
TASK_FILES = [
    *PLAYBOOKS,
    *sorted((ROOT / "playbooks" / "tasks").glob("*.yml")),
    *(path for role in ROLES for kind in ("tasks", "handlers") for path in role_files(role, kind)),
]
# Names of blades come from the plan; what our own filters made of hardware is numbers.
PLAIN = re.compile(
    r"blade_id|inventory_hostname|munge_key_host|hostvars\[munge_key_host\]\.blade_id|__verdict_next|__drift\[inventory_hostname\].*"
    r"|slurm_work\.problems.*|__slurmctld_problems.*|__slurmctld_mismatch|__state_upgrade_problems.*|__state_apt_patience"
    # What roles keep is named by them, and the host that has it by the plan.
    r"|slurm_work\.masked.*|__state_place\.path|__state_place\.as_on|__state_unit|__state_complaint"
    # provisioner.run.owner took what a lock says with care.
    r"|slurm_work\.busy|__lock\.(busy|next)"
    r"|__verdict\.problems \| slurm_verdict.*"
    # An address by its parser.
    r"|firewall_shut_out \| firewall_shut_out_problems.*"
)


def _called(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
        if isinstance(node, ast.ClassDef):
            yield from (ast.unparse(base) for base in node.bases)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_one_place_prints(source: Path) -> None:
    found = set(_called(ast.parse(source.read_text()))) & PRINTERS
    assert found <= ALLOWED.get(str(source.relative_to(PACKAGE)), set()), source


def test_nothing_is_styled_by_markup_in_a_text() -> None:
    """The terminal reads none, so a style in a text would be shown."""
    for source in SOURCES:
        assert not re.search(r"\[/\]|rich\.markup", source.read_text()), source


def fails() -> Iterator[tuple[Path, str]]:
    """The messages of all tasks that fail in our own words."""
    for path in TASK_FILES:
        for task in tasks_in(read(path)):
            module = module_of(task)
            if module in ("fail", "assert"):
                told = task[f"ansible.builtin.{module}"]
                yield path, str(told.get("msg") or told.get("fail_msg"))


def test_there_are_messages() -> None:
    assert len(list(fails())) >= 5


@pytest.mark.parametrize(("path", "message"), list(fails()), ids=lambda value: getattr(value, "stem", "msg"))
def test_words_of_others_are_marked_before_our_next_step(path: Path, message: str) -> None:
    """Whatever stands before `next:` might hold a `next:` of its own; behind the first line it is evidence."""
    head = message.split("\n")[0]
    before, _, step = head.partition("next:")
    for expression in re.findall(r"{{(.*?)}}", before if step else head, re.DOTALL):
        assert "their_words" in expression or PLAIN.fullmatch(expression.strip()), expression
    for expression in re.findall(r"{{(.*?)}}", step, re.DOTALL):
        assert PLAIN.fullmatch(expression.strip()) or expression.strip().startswith("'"), expression


def remote_sources() -> list[Path]:
    folders = [ROOT / "playbooks" / "library", ROOT / "playbooks" / "module_utils"]
    return [path for folder in folders for path in folder.glob("**/*.py")] + TASK_FILES


@pytest.mark.parametrize("step", sorted(MODULES_ADVICE))
def test_a_step_that_modules_may_give_is_given_by_one(step: str) -> None:
    """One that no module gives any more would only serve others."""
    here = [*remote_sources(), PACKAGE / "answer.py"]
    assert any(step in path.read_text() for path in here), step
