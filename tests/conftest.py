"""What all tests go by."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No test measures time, nor how fast a property draws its examples: a busy machine is no fault of what is tested.
# A gate says the same of the same code, so with SEED (as `make test` has it) the examples are always the same ones.
settings.register_profile(
    "project", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="SEED" in os.environ
)
settings.load_profile("project")
