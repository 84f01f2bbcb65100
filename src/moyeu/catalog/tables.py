"""Reading the package's own tables; nothing else in the package opens a file."""

from pathlib import Path
from typing import TypeVar

import msgspec

Table = TypeVar("Table", bound=msgspec.Struct)

# A path beside this module, not `importlib.resources`, which costs 10 ms of every start for
# packages inside zip files; wheels are installed unpacked.
_TABLES = Path(__file__).parent / "tables"


def read_table(name: str, shape: type[Table]) -> Table:
    """The table `tables/{name}.json`, decoded strictly: an unknown key is an error of ours.

    name: `/` between folders, without the ending.
    """
    return msgspec.json.decode(_path(name).read_bytes(), type=shape)


def has_table(name: str) -> bool:
    """Whether the package has the table; the name is as for `read_table`."""
    return _path(name).is_file()


def _path(name: str) -> Path:
    return _TABLES / f"{name}.json"
