from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from provisioner.plan.model import Plan
from provisioner.run.request import Options, PlaybookRun, RunnerCall, runner_call

ASSETS = Path("/share")


def call_for(site: Plan, plan_file: Path, blades: list[str]) -> RunnerCall:
    return runner_call(PlaybookRun(site, plan_file, blades, "slurm.yml"), ASSETS)


@pytest.mark.parametrize(
    ("blades", "limit"),
    [
        ([], ("bld-006",)),
        (["BLD-008"], ("bld-006", "bld-008")),
        (["BLD-011", "BLD-006"], ("bld-006", "bld-011")),
    ],
)
def test_the_controller_and_the_named_blades_alone(
    site: Plan, plan_file: Path, blades: list[str], limit: tuple[str, ...]
) -> None:
    assert call_for(site, plan_file, blades).limit == limit


def test_all_blades_are_in_the_inventory_whatever_the_limit(site: Plan, plan_file: Path) -> None:
    assert len(call_for(site, plan_file, []).inventory["_meta"]["hostvars"]) == 3


def test_playbook_and_site(site: Plan, plan_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plan_file.parent)
    call = call_for(site, Path("plan.yml"), [])
    assert call.playbook == ASSETS / "playbooks" / "slurm.yml"
    assert call.site == plan_file.parent


def test_the_same_question_gives_the_same_call(site: Plan, plan_file: Path) -> None:
    assert call_for(site, plan_file, ["BLD-008"]) == call_for(site, plan_file, ["BLD-008"])


def test_host_keys_are_checked_and_facts_stay_in_their_place(site: Plan, plan_file: Path) -> None:
    environment = call_for(site, plan_file, []).environment
    assert environment["ANSIBLE_HOST_KEY_CHECKING"] == "True"
    assert environment["ANSIBLE_INJECT_FACT_VARS"] == "False"
    assert int(environment["MAX_EVENT_RES"]) > 10_000_000, "ansible-runner empties results of more than 700,000"
    assert environment["ANSIBLE_ROLES_PATH"] == "/share/roles"
    assert environment["ANSIBLE_LIBRARY"] == "/share/playbooks/library"


def test_the_callers_settings_are_named_and_not_passed(
    site: Plan, plan_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIBLE_DEBUG", "1")
    call = call_for(site, plan_file, [])
    assert "ANSIBLE_DEBUG" not in call.environment
    assert "ANSIBLE_DEBUG" in call.left_out


def test_what_was_chosen_stays_as_it_was_chosen() -> None:
    extra = {"chosen": "yes"}
    options = Options(extra=extra)
    extra["later"] = "no"
    assert options.extra == {"chosen": "yes"}
    with pytest.raises(TypeError):
        options.extra["later"] = "no"  # type: ignore[index]
    assert replace(options, check=True).extra == options.extra
