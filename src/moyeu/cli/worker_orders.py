"""What is said on the line between `moyeu serve` and its workers."""

import sys
from typing import Final

import msgspec

from moyeu.cli.flags import SettingFlags

# -P: a module in the working folder must not stand in for one of Python's.
COMMAND: Final = (sys.executable, "-P", "-m", "moyeu.cli.worker_process")
"""Starts a worker, with two numbers of open files behind it."""


class WorkerReady(msgspec.Struct, frozen=True):
    """What a worker tells once it answers. is_empty: whether the database has no portal yet."""

    is_empty: bool


def make_order(flags: SettingFlags) -> bytes:
    """The flags of the command line as one line; environment and file a worker reads itself."""
    return msgspec.json.encode(flags, enc_hook=str) + b"\n"


def read_order(line: bytes) -> SettingFlags:
    """The flags of an order."""
    return msgspec.json.decode(line, type=SettingFlags, dec_hook=lambda kind, text: kind(text))


def make_ready(ready: WorkerReady) -> bytes:
    """The same as a text for `ParentLine.tell_ready`."""
    return msgspec.json.encode(ready)


def read_ready(line: bytes) -> WorkerReady:
    """What a worker told."""
    return msgspec.json.decode(line, type=WorkerReady)
