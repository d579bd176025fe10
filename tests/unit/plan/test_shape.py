"""The words for shape problems know every model and every pattern of the plan."""

from __future__ import annotations

from provisioner.names import NAME
from provisioner.plan import fields, model, node, shape, words
from provisioner.plan.problems import label


def test_every_model_has_a_place() -> None:
    of_plans = {each for each in fields.Strict.__subclasses__() if each.__module__.startswith("provisioner.plan.")}
    assert set(shape.MODELS.values()) == {model.PlanFile, node.NodeSsh, *of_plans} - {model.Plan}


def test_every_pattern_has_words() -> None:
    patterns = {
        value
        for name, value in vars(fields).items()
        if isinstance(value, str) and value.startswith("^") and name.isupper()
    }
    assert patterns | {NAME} == set(words.FORMS)


def test_a_place_is_written_as_the_keys_that_lead_to_it() -> None:
    assert label(()) == "the plan"
    assert label(("cluster", "name")) == "cluster.name"
    assert label(("blades", "BLD-007", "disks", 0, "size_gb")) == "BLD-007.disks[0].size_gb"
    assert label(("tiers", "fat", "add", "RAM-007")) == "tiers.fat.add.RAM-007"
