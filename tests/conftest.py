"""What holds for every property test: no limit in wall time, for a shared machine may be slow; at every change the same
examples, so that a failure is the change's, and by night (`make nightly`) others each time."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

slow = [HealthCheck.too_slow]
settings.register_profile("default", deadline=None, suppress_health_check=slow, derandomize=True)
settings.register_profile("nightly", deadline=None, suppress_health_check=slow)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
