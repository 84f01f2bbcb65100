"""Peers measured beside Moyeu: what else somebody would run to change 100 records in one call.

`run.py` is the command. `work.py` holds the job that all of them are given, `exchange.py` the HTTP
client, `measure.py` the figures, `server.py` and `install.py` what is done to a peer's process and
folder, and one `peer_*.py` each what is particular to a peer. Nothing here knows Moyeu's code: it
is measured over HTTP like the others.
"""
