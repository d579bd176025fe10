"""The words for shape problems know every model and every pattern of the plan."""

from __future__ import annotations

from provisioner.names import NAME
from provisioner.plan import fields, model, node, shape, words


def test_every_model_has_a_place() -> None:
    assert set(shape.MODELS.values()) == {model.PlanFile, node.NodeSsh, *fields.Strict.__subclasses__()} - {model.Plan}


def test_every_pattern_has_words() -> None:
    patterns = {
        value
        for name, value in vars(fields).items()
        if isinstance(value, str) and value.startswith("^") and name.isupper()
    }
    assert patterns | {NAME} == set(words.FORMS)


def test_labels_name_the_owner_first() -> None:
    assert shape.label(()) == "the plan"
    assert shape.label(("cluster",)) == "cluster"
    assert shape.label(("blades", "BLD-007", "disks", 0, "size_gb")) == "disks[0].size_gb of BLD-007"
    assert shape.label(("tiers", "fat", "add", "RAM-007")) == "add.RAM-007 of tier fat"
