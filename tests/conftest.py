"""What holds for every test: no wall-time deadline in property tests, for a shared machine may be slow."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("anywhere", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("anywhere")
