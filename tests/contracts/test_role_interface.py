"""What every role promises: a described interface, variables of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest

from provisioner.inventory import GROUPS
from tests.contracts.ansible_files import (
    FOLLOWED,
    INTERNAL,
    KEEPERS,
    ROLES,
    ROOT,
    examples,
    read,
    role_files,
    spec,
    variables_of,
)

per_role = pytest.mark.parametrize("role", ROLES)


def defaults(role: str) -> dict[str, Any]:
    return read(ROOT / "roles" / role / "defaults" / "main.yml") or {}


def test_there_are_roles() -> None:
    assert set(ROLES) >= {"base", "munge", "scratch", "slurmctld", "slurmd"}


@per_role
def test_described_options_are_the_defaults(role: str) -> None:
    options = spec(role)["main"]["options"]
    optional = {name: option for name, option in options.items() if not option.get("required")}
    assert set(optional) == set(defaults(role))
    for name, default in defaults(role).items():
        if isinstance(default, str) and "{{" in default:
            # It goes by something else, which the description names.
            assert "default" not in optional[name], name
            assert "by default" in optional[name]["description"], name
        else:
            assert optional[name]["default"] == default, name


@per_role
def test_required_options_have_no_default(role: str) -> None:
    options = spec(role)["main"]["options"]
    required = {name for name, option in options.items() if option.get("required")}
    assert not required & set(defaults(role))
    assert not [name for name in required if "default" in options[name]]


@per_role
def test_every_entry_point_is_described(role: str) -> None:
    for name, entry in spec(role).items():
        assert entry["short_description"], name
        assert (ROOT / "roles" / role / "tasks" / f"{name}.yml").is_file(), name
        for option, described in entry["options"].items():
            assert option.startswith(f"{role}_")
            assert described["description"], option
            assert described["type"], option


@per_role
def test_every_option_is_used(role: str) -> None:
    used = {name for other, name in FOLLOWED if name in defaults(role)}
    for path in role_files(role, "tasks", "vars", "templates"):
        found = variables_of(path)
        used |= found.read | found.optional
    assert set(spec(role)["main"]["options"]) <= used


@per_role
def test_a_role_says_what_it_is(role: str) -> None:
    galaxy = read(ROOT / "roles" / role / "meta" / "main.yml")["galaxy_info"]
    for key in ("author", "description", "license", "min_ansible_version", "platforms"):
        assert galaxy[key], key
    assert galaxy["license"] == "Apache-2.0"


@per_role
def test_a_role_has_a_readme_with_an_example(role: str) -> None:
    path = ROOT / "roles" / role / "README.md"
    assert path.is_file(), f"roles/{role} has no README.md"
    text = path.read_text()
    assert text.startswith(f"# {role}\n")
    required = [name for name, option in spec(role)["main"]["options"].items() if option.get("required")]
    assert [one for one in examples(role) if role in one and all(name in one for name in required)]
    for name in re.findall(rf"`({role}_\w+)`", text):
        assert name in spec(role)["main"]["options"], name


@per_role
def test_every_template_is_used(role: str) -> None:
    text = "".join(path.read_text() for path in role_files(role, "tasks", "vars", "handlers"))
    for path in role_files(role, "templates"):
        assert f"'{path.name}'" in text or f" {path.name}" in text, path.name


@per_role
def test_no_role_names_a_group(role: str) -> None:
    names = re.compile(rf"\b({'|'.join(GROUPS)}|groups\s*\[|group_names)\b|\bgroups\[")
    for path in role_files(role):
        assert not names.search(path.read_text()), path


@per_role
def test_no_role_uses_another_roles_variables(role: str) -> None:
    """Those of the internal role are shared, but what it keeps to itself; the states are looked up by name there."""
    others = tuple(f"{prefix}{other}_" for other in KEEPERS if other != role for prefix in ("", "__"))
    if role != INTERNAL:
        others = (*others, f"__{INTERNAL}_")
    for path in role_files(role):
        found = variables_of(path)
        # Only where there is another way without it.
        found.optional -= {name for its, name in FOLLOWED if its == role} - found.read
        foreign = {name for name in found.read | found.optional | found.defined if name.startswith(others)}
        assert foreign == set(), path


@per_role
def test_internal_variables_are_marked(role: str) -> None:
    public = set(spec(role)["main"]["options"]) | {f"{INTERNAL}_roles", "item"}
    for path in role_files(role, "tasks", "handlers", "vars"):
        for name in variables_of(path).defined - public:
            # Without the underscores: what the role tells the plays after it.
            assert name.startswith((f"__{role}_", f"{role}_")), f"{path.name}: {name}"
    for name in defaults(role):
        assert not name.startswith("_"), name
