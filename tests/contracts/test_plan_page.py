"""docs/plan.md has every key of a plan, and its example is one."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from provisioner.plan.findings import findings
from provisioner.plan.load import load_plan
from provisioner.plan.shape import MODELS
from tests.contracts.ansible_files import ROOT

PAGE = ROOT / "docs" / "plan.md"


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plan_page", ROOT / "docs" / "plan.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_as_the_models_say(writer: ModuleType) -> None:
    assert writer.page(PAGE.read_text()) == PAGE.read_text(), "python docs/plan.py"


def test_every_model_and_every_key_is_in_it(writer: ModuleType) -> None:
    text = PAGE.read_text()
    # A tier's `ssh` has the keys of the plan's.
    assert {model for place, model in MODELS.items() if place != ("tiers", "*", "ssh")} <= set(writer.TABLES.values())
    for name, model in writer.TABLES.items():
        assert f"<!-- keys of: {name} -->" in text
        for key, field in model.model_fields.items():
            assert f"| `{key}` |" in text
            assert field.description, f"{model.__name__}.{key} says nothing"


def test_its_example_is_a_plan(tmp_path: Path) -> None:
    example = PAGE.read_text().split("```yaml\n")[1].split("```")[0]
    (tmp_path / "plan.yml").write_text(example)
    assert len(load_plan(tmp_path / "plan.yml").blades) == 45


def test_its_partitions_are_some_of_that_plan(tmp_path: Path) -> None:
    first, second = (text.split("```")[0] for text in PAGE.read_text().split("```yaml\n")[1:3])
    (tmp_path / "plan.yml").write_text(first + second)
    plan = load_plan(tmp_path / "plan.yml")
    assert list(plan.partitions) == ["batch", "gpu", "urgent", "low"]
    assert [found for found in findings(plan) if "partition" in found.message] == []
