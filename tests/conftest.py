"""What all tests go by."""

from __future__ import annotations

from hypothesis import settings

# No test measures time: a busy machine is no fault of what is tested.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
