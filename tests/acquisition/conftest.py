"""Property tests have no wall-time deadline: a shared machine may be slow."""

from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
