"""What holds for all tests: no example fails because a machine is slow."""

from hypothesis import settings

settings.register_profile("patient", settings.default, deadline=None)
settings.load_profile("patient")
