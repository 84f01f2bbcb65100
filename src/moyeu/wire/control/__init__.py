"""The control plane, `/_moyeu/v1/…`: what a portal has is set, kept and looked at from outside.

It is no part of HubSpot's API: its own token, its own routes, the API's words and error envelope.
"""
