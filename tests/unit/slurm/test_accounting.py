"""What slurmdbd is given, and which cluster may start with which database."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.accounting import (
    accounting_address,
    accounting_note,
    applied_address,
    drawn_id,
    identity_problem,
    slurmdbd_settings,
)
from provisioner.slurm.config import slurm_config
from provisioner.slurm.settings import site_problems

HERE = {"host": "bld-006", "address": "10.20.0.106"}
ACCOUNTED = "ClusterName=demo\nAccountingStorageHost=10.20.0.106\n"


def test_slurmdbd_comes_by_the_socket_and_has_no_password() -> None:
    found = slurmdbd_settings("bld-006", {"purgejobafter": "12months"})
    assert (found["StorageHost"], found["StorageUser"]) == ("localhost", "slurm")
    assert "StoragePass" not in found
    assert found["purgejobafter"] == "12months"
    assert "CommunicationParameters" not in found


def test_slurmdbd_hears_ipv6_where_the_cluster_has_nothing_else() -> None:
    assert slurmdbd_settings("bld-006", {}, ipv6=True)["CommunicationParameters"] == "EnableIPv6"
    words = slurmdbd_settings("bld-006", {"CommunicationParameters": "keepaliveinterval=30"}, ipv6=True)
    assert words["CommunicationParameters"] == "EnableIPv6,keepaliveinterval=30"


def test_slurm_conf_says_ipv6_for_an_accounting_host_that_has_nothing_else() -> None:
    cluster = {"name": "demo", "controller": "bld-006", "address": "10.20.0.106", "tmp_fs": "/scratch"}
    found = slurm_config({**cluster, "accounting": "fd00:20::7"}, {}, [], {})["settings"]
    assert found["AccountingStorageHost"] == "fd00:20::7"
    assert found["CommunicationParameters"] == "block_null_hash,EnableIPv6"


@pytest.mark.parametrize(
    "given",
    [
        {"slurmdbd_config": {"StoragePass": "x"}},
        {"slurmdbd_config": {"storagehost": "elsewhere"}},
        {"slurmdbd_config": {"DebugLevel": "info\nStoragePass=x"}},
        {"mariadb_config": {"bind_address": "0.0.0.0"}},
        {"mariadb_config": {"skip_networking": 0}},
        {"slurmctld_config": {"AccountingStorageHost": "x"}, "slurmctld_accounting": HERE},
        {"slurmctld_config": {"accountingstoragetype": None}, "slurmctld_accounting": HERE},
    ],
    ids=str,
)
def test_what_the_roles_rely_on_is_not_the_sites(given: dict[str, Any]) -> None:
    assert [problem for problem in site_problems(given) if "; next: " in problem]


def test_a_site_with_a_database_of_its_own_says_where() -> None:
    given = {"slurmctld_config": {"AccountingStorageHost": "x"}, "slurmctld_accounting": {}}
    assert site_problems(given) == []
    flags = {"slurmctld_config": {"AccountingStoreFlags": "job_script,job_env"}, "slurmctld_accounting": HERE}
    assert site_problems(flags) == []


def test_slurm_conf_says_where_slurmdbd_is() -> None:
    cluster = {"name": "demo", "controller": "bld-006", "address": "10.20.0.106", "tmp_fs": "/scratch"}
    without = slurm_config(cluster, {}, [], {})["settings"]
    found = slurm_config({**cluster, "accounting": "10.20.0.110"}, {}, [], {})["settings"]
    more = {key for key in set(found) - set(without) if not key.startswith("Priority")}
    assert more == {"AccountingStorageType", "AccountingStorageHost"}
    assert "AccountingStorageEnforce" not in found
    assert applied_address("\n".join(f"{key}={value}" for key, value in found.items())) == "10.20.0.110"


@pytest.mark.parametrize(
    ("wanted", "applied", "answers", "address"),
    [
        (HERE, "", True, "10.20.0.106"),
        (HERE, "", False, ""),
        (HERE, ACCOUNTED, True, "10.20.0.106"),
        ({**HERE, "address": "10.20.0.110"}, ACCOUNTED, False, "10.20.0.106"),
        ({**HERE, "address": "10.20.0.110"}, ACCOUNTED, True, "10.20.0.110"),
        ({}, ACCOUNTED, True, ""),
    ],
    ids=["it answers", "it does not", "it stays", "the new one does not answer", "it moves", "it is switched off"],
)
def test_a_cluster_goes_over_to_a_database_that_answers(
    wanted: dict[str, str], applied: str, answers: bool, address: str
) -> None:
    assert accounting_address(wanted, applied, answers) == address
    assert bool(accounting_note(wanted, address)) == bool(wanted and address != wanted["address"])


@pytest.mark.parametrize(
    ("state", "database", "accounted", "words", "drawn"),
    [
        ("", "", False, [], ""),
        ("demo", "answers", False, [], ""),
        ("demo", "answers", True, [], ""),
        ("demo|7", "", True, [], ""),
        ("demo|7", "", False, [], "7"),
        ("demo|7", "answers", False, [], "7"),
        ("demo|7", "answers\nother|9", False, [], "7"),
        ("demo|7", "answers\ndemo|7\nother|9", True, [], ""),
        ("demo|7", "answers\ndemo|7", False, [], ""),
        ("demo|7", "answers\ndemo|9", False, ["id 7", "id 9", "MISMATCH"], ""),
        ("demo|7", "answers\ndemo|9", True, ["id 7", "id 9", "MISMATCH"], ""),
        ("demo|7", "answers", True, ["id 7", "knows no cluster demo"], ""),
        ("old|7", "answers", False, ["cluster old", "the plan says demo"], ""),
    ],
    ids=[
        "nothing yet", "22.05 begins", "22.05", "database away", "switched on before it answers", "switched on",
        "beside another cluster", "the same", "switched on again", "jobs of another life", "database of another life",
        "database made anew", "another cluster",
    ],
)  # fmt: skip
def test_which_cluster_starts_with_which_database(
    state: str, database: str, accounted: bool, words: list[str], drawn: str
) -> None:
    problem = identity_problem("demo", state, database, accounted)
    assert bool(problem) == bool(words)
    assert [word for word in words if word not in problem] == []
    assert not problem or "; next: " in problem
    assert drawn_id("demo", state, database, accounted) == drawn


@given(st.text(max_size=30), st.text(max_size=60), st.booleans())
def test_what_a_node_says_ends_in_one_sentence(state: str, database: str, accounted: bool) -> None:
    """Both are the words of a node."""
    for answer in (database, f"answers\n{database}"):
        problem = identity_problem("demo", state, answer, accounted)
        assert problem.count("; next: ") <= 1
        assert problem.isprintable()
