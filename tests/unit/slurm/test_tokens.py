"""What Slurm is told of tokens."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.slurm.accounting import slurmdbd_settings
from provisioner.slurm.change import Kind, config_change
from provisioner.slurm.config import slurm_config
from provisioner.slurm.releases import SLURM_OF_DEBIAN
from provisioner.slurm.tokens import KEY
from tests.contracts.ansible_files import state_of

CLUSTER = {"name": "demo", "controller": "bld-006", "address": "10.20.0.106", "tmp_fs": "/scratch"}
OURS = f"jwt_key={KEY}"


def settings(site: dict[str, Any], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = slurm_config({**CLUSTER, **more}, {}, [], site)["settings"]
    return found


def conf(**more: Any) -> str:
    return "".join(f"{key}={value}\n" for key, value in settings({}, **more).items())


def test_nobody_shows_a_token_unless_the_plan_says_so() -> None:
    for found in (settings({}), settings({}, tokens=False), slurmdbd_settings("bld-006", {})):
        assert not [key for key in found if key.startswith("AuthAlt")]


def test_slurmctld_and_slurmdbd_take_tokens_of_one_key() -> None:
    for found in (settings({}, tokens=True), slurmdbd_settings("bld-006", {}, tokens=True)):
        assert found["AuthType"] == "auth/munge"
        assert found["AuthAltTypes"] == "auth/jwt"
        assert found["AuthAltParameters"] == OURS


def test_the_key_is_the_one_that_role_jwt_keeps() -> None:
    assert list(state_of("jwt")["secrets"]) == [KEY]


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("disable_token_creation", f"{OURS},disable_token_creation"),
        ("jwt_key=/etc/site.key", "jwt_key=/etc/site.key"),
        ("jwks=/etc/site.jwks,JWT_KEY=/etc/site.key", "jwks=/etc/site.jwks,JWT_KEY=/etc/site.key"),
        ("jwks=/etc/site.jwks", f"{OURS},jwks=/etc/site.jwks"),
        (OURS, OURS),
        ("", OURS),
        (None, OURS),
    ],
)
def test_words_of_the_site_stay_and_so_does_the_key(said: str | None, printed: str) -> None:
    assert settings({"authaltparameters": said}, tokens=True)["AuthAltParameters"] == printed
    assert slurmdbd_settings("bld-006", {"AuthAltParameters": said}, tokens=True)["AuthAltParameters"] == printed


def test_a_site_may_have_tokens_of_its_own() -> None:
    own = {"AuthAltTypes": "auth/jwt", "AuthAltParameters": "jwks=/etc/site.jwks"}
    assert settings(own).items() >= own.items()


@pytest.mark.parametrize("version", SLURM_OF_DEBIAN.values())
@pytest.mark.parametrize("now", [True, False])
def test_slurmctld_hears_of_tokens_at_a_start_only(version: str, now: bool) -> None:
    change = config_change([conf(tokens=not now)], conf(tokens=now), version)
    assert change.kind is Kind.RESTART
    assert change.why == ["authaltparameters changed", "authalttypes changed"]
