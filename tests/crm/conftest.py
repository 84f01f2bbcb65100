"""Settings of the generated tests of rules."""

from hypothesis import settings

# The machine decides how long an example takes; no test of ours asserts a time.
settings.register_profile("rules", deadline=None)
settings.load_profile("rules")
