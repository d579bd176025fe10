"""One wheel and one environment for all tests of a session."""

from __future__ import annotations

import pytest

from tests.packaging.wheel import Installed, install_wheel


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in a fresh environment outside the checkout."""
    return install_wheel(tmp_path_factory.mktemp("wheel"))
