"""What an SQL engine asks, and how rows become values.

The parts of a transaction that are the same whatever the engine: parameters, the statement's name
and the shape of its rows. An engine brings its statements by these names and the hooks of `rows`.
"""
