"""For tests that use Moyeu: `client` speaks to the control plane, `plugin` is that of pytest.

Nothing is imported here, so that it costs nothing where it is installed and not used.
"""
