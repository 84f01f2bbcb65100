"""Moyeu: a self-hosted server that speaks HubSpot's CRM API on the wire.

Compatible with HubSpot's API; not affiliated with HubSpot.
"""

__version__ = "0.1.0"
