"""The one exception that ends the measurement of a peer but not the run."""

import asyncio
import http.client
import re
import sqlite3
import subprocess


class PeerFailed(Exception):  # noqa: N818 - it names what happened; "Error" would add nothing
    """A peer could not be installed, started or used; the sentence becomes its row."""


# What may come up while a peer is handled and says something about the peer, not about our code.
EXPECTED = (
    PeerFailed,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    asyncio.LimitOverrunError,
    http.client.HTTPException,
    sqlite3.Error,
    subprocess.SubprocessError,
)


def reason(failure: BaseException) -> str:
    """One line for a table: the kind of failure and its words, without addresses, cut at 300."""
    words = " ".join(re.sub(r"https?://\S+", "(address)", str(failure)).split())
    kind = "" if isinstance(failure, PeerFailed) else f"{type(failure).__name__}: "
    return (kind + words)[:300]


def last_words(output: str) -> str:
    """The end of what a program printed, for a reason."""
    return " / ".join(line.strip() for line in output.splitlines()[-4:] if line.strip())
