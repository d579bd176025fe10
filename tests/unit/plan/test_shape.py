"""The words for shape problems know every model and every pattern of the plan."""

from __future__ import annotations

from provisioner.plan import model, shape
from provisioner.plan.problems import label


def test_every_model_has_a_place() -> None:
    assert set(shape.MODELS.values()) == set(model.Strict.__subclasses__())


def test_every_pattern_has_words() -> None:
    patterns = {
        value
        for name, value in vars(model).items()
        if isinstance(value, str) and value.startswith("^") and name.isupper()
    }
    assert patterns == set(shape.FORMS)


def test_a_place_is_written_as_the_keys_that_lead_to_it() -> None:
    assert label(()) == "the plan"
    assert label(("cluster", "name")) == "cluster.name"
    assert label(("blades", "BLD-007", "disks", 0, "size_gb")) == "blades.BLD-007.disks[0].size_gb"
    assert label(("tiers", "fat", "add", "RAM-007")) == "tiers.fat.add.RAM-007"
