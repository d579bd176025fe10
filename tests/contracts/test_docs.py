"""The documents keep up with the program: every verb is explained, every command in them exists."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import typer.main
from markdown_it import MarkdownIt
from markdown_it.token import Token

from provisioner.cli.main import app
from tests.contracts.ansible_files import ROLES, ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
DOCUMENTS += sorted((ROOT / "examples").rglob("*.md"))
COMMAND = typer.main.get_command(app)
OPERATORS = {"&&", "||", "|", ";", "&", ">", ">>", "<", "(", ")", "2>"}


def verbs(command: Any = COMMAND, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every verb by its words, such as ("lab", "up"), with its command."""
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield (*path, name), child
        yield from verbs(child, (*path, name))


VERBS = dict(verbs())


def pieces(document: Path) -> Iterator[tuple[str, bool]]:
    """Code of a document, and whether it is a block of its own or stands between backticks in a sentence."""
    tokens = MarkdownIt("commonmark").enable("table").parse(document.read_text())
    for token in flat(tokens):
        if token.type in ("code_block", "fence", "code_inline"):
            yield token.content, token.type != "code_inline"


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def calls(text: str, program: str) -> list[list[str]]:
    """The arguments of every call of a program in lines of shell."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        if program not in line:
            continue
        words = shlex.shlex(line, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        try:
            rest = list(words)
        except ValueError:
            continue  # prose or output with a quote of its own
        starts = [at for at, word in enumerate(rest) if Path(word).name == program and _is_start(rest, at)]
        for start in starts:
            end = next((at for at in range(start, len(rest)) if rest[at] in OPERATORS), len(rest))
            found.append(rest[start + 1 : end])
    return found


def _is_start(words: list[str], at: int) -> bool:
    """Whether a command starts there: at the line's head, behind an operator, a prompt or a VARIABLE=value."""
    return (
        at == 0 or words[at - 1] in OPERATORS | {"$", "sudo"} or re.fullmatch(r"[A-Z_]+=\S*", words[at - 1]) is not None
    )


def documented(program: str) -> list[tuple[str, list[str]]]:
    """Document and arguments of every call, each once; the bare name of a verb in a sentence is none."""
    found = []
    for document in DOCUMENTS:
        for text, is_block in pieces(document) if document.exists() else ():
            for arguments in calls(text, program):
                named = not is_block and tuple(arguments) in {(), *VERBS}
                if not named and (document.name, arguments) not in found:
                    found.append((document.name, arguments))
    return found


def parse(arguments: list[str]) -> None:
    """Parses a call of `provision` as the program does, without running it."""
    if is_name(arguments) or arguments[-1:] in (["--help"], ["-h"]):
        return
    command: Any = COMMAND
    rest, parent = arguments, None
    while True:
        context = command.make_context(command.name or "provision", list(rest), parent=parent)
        words = [*context._protected_args, *context.args]
        if not hasattr(command, "commands") or (not words and command.invoke_without_command):
            return
        _, child, rest = command.resolve_command(context, words)
        assert child is not None
        command, parent = child, context


def is_name(arguments: list[str]) -> bool:
    """`provision lab` in a sentence is the name of a group of verbs, not a call."""
    return not arguments or hasattr(VERBS.get(tuple(arguments)), "commands")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile"])
def test_a_document_that_everybody_looks_for(name: str) -> None:
    path = ROOT / name
    assert path.is_file(), f"{name} is missing"
    assert path.read_text().strip(), f"{name} is empty"


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_has_help_with_examples(verb: tuple[str, ...]) -> None:
    command = VERBS[verb]
    text = command.help or ""
    assert text.strip(), "no help text"
    if not hasattr(command, "commands"):
        assert "Examples:" in text
        assert f"provision {' '.join(verb)}" in text.split("Examples:")[1]
        for option in command.params:
            assert option.param_type_name == "argument" or option.help, option.name


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_examples_in_the_help_are_right(verb: tuple[str, ...]) -> None:
    for line in (VERBS[verb].help or "").partition("Examples:")[2].splitlines():
        for arguments in calls(line, "provision"):
            parse(arguments)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_is_in_the_readme(verb: tuple[str, ...]) -> None:
    """A verb by its name; a verb below another at least in the same line as that."""
    text = (ROOT / "README.md").read_text()
    assert f"`provision {verb[0]}`" in text
    if len(verb) > 1:
        rows = [line for line in text.splitlines() if f"provision {verb[0]}" in line]
        assert [row for row in rows if re.search(rf"(`|provision {verb[0]} ){verb[1]}\b", row)], verb


def test_the_readme_shows_commands() -> None:
    assert len(documented("provision")) >= 8
    assert len(documented("make")) >= 3


@pytest.mark.parametrize(
    ("document", "arguments"),
    documented("provision"),
    ids=lambda part: part if isinstance(part, str) else " ".join(part),
)
def test_every_command_in_the_documents_exists(document: str, arguments: list[str]) -> None:
    with redirect_stdout(io.StringIO()):
        parse(arguments)


def test_what_does_not_exist_is_noticed() -> None:
    for wrong in (["slurm", "--no-such"], ["no-such"], ["lab", "no-such"], ["reimaged"], ["slurm", "--forks", "many"]):
        with pytest.raises(Exception, match=r"(?i)no such|missing|valid integer"):
            parse(wrong)


def test_every_make_target_in_the_documents_exists() -> None:
    makefile = ROOT / "Makefile"
    assert makefile.is_file(), "Makefile is missing"
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile.read_text(), re.MULTILINE))
    for document, arguments in documented("make"):
        for target in (word for word in arguments if "=" not in word):
            assert target in targets, f"{document}: make {target}"


def headings(document: Path) -> set[str]:
    """The headings of a document as links name them: small letters, a dash for each blank."""
    found = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") for title in found}


def test_everything_that_a_document_links_to_exists() -> None:
    documents = [*DOCUMENTS, *(ROOT / "roles" / role / "README.md" for role in ROLES)]
    for document in documents:
        for token in flat(MarkdownIt().parse(document.read_text())):
            target = str(token.attrGet("href") or token.attrGet("src") or "")
            if target and not re.match(r"[a-z]+:", target):
                name, _, heading = target.partition("#")
                file = document.parent / name if name else document
                assert file.exists(), f"{document.relative_to(ROOT)}: {target}"
                assert not heading or heading in headings(file), f"{document.relative_to(ROOT)}: {target}"


def test_the_exit_codes_of_the_readme_are_the_programs() -> None:
    from provisioner.errors import ExitCode

    text = (ROOT / "README.md").read_text()
    for code in ExitCode:
        assert f"| {int(code)} | {code.meaning} |" in text
