"""Copying a portal of another side, HubSpot or another Moyeu, through its own API.

`client` asks and waits, `reading` turns answers into definitions and records, `copying` says what
is copied in which order, `anonymise` replaces what identifies people. Only `moyeu pull` imports it.
"""
