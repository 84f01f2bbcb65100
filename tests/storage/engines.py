"""The storage engines that the contract suite runs against, one row each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from moyeu.storage.contract import Store
from moyeu.storage.sqlite import open_store


@dataclass(frozen=True, slots=True)
class Engine:
    """How to open a store of one kind.

    open: from an empty folder (or one that such a store was closed in) and the seconds that a
    write waits for its turn at most.
    """

    name: str
    open: Callable[[Path, float], Store]


def _open_sqlite(folder: Path, write_wait_max_s: float) -> Store:
    return open_store(folder / "moyeu.db", write_wait_max_s=write_wait_max_s)


ENGINES: Final = (Engine("sqlite", _open_sqlite),)
