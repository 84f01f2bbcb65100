"""What the run has to know of a peer, and what a peer is given to work with."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.peers.measure import Target

MOYEU = "moyeu"
"""The name of the subject that the peers are compared with."""


@dataclass(frozen=True)
class Subject:
    """What is measured, in words for those who compare the figures."""

    name: str
    version: str
    call: str
    """The request that is measured."""
    promises: str
    """What a 200 means."""


@dataclass(frozen=True)
class Stage:
    """Where one measurement of a peer takes place."""

    installed: Path
    """The folder that the peer was installed into."""
    folder: Path
    """An empty folder for its data and log."""
    rows: int
    rng: random.Random


@dataclass(frozen=True)
class Peer:
    """A program that somebody might run instead of Moyeu, at one pinned version."""

    subject: Subject
    """Its name is that of its package, too."""
    rows_max: int | None
    """The most rows that it is reasonable to give it; None for as many as asked."""
    install: Callable[[Path, str, str], None]
    """Folder, package, version; see install.py. Raises PeerFailed."""
    started: Callable[[Stage], AbstractContextManager[Target]]
    """Fills it with rows, starts it, and stops it at the end. Raises PeerFailed."""
