"""Reading the file that says which property each column of a table is."""

import tomllib
from pathlib import Path

import msgspec

from moyeu.cli.exits import USAGE, CommandError
from moyeu.operations.tables import NO_MAPPING, TableMapping


class _File(msgspec.Struct, forbid_unknown_fields=True):
    columns: dict[str, str] = {}
    constants: dict[str, str] = {}


def read_mapping(path: Path | None) -> TableMapping:
    """The mapping in a file, JSON where its name ends so and else TOML.

    `columns` has a property name for each title, "" for a column that is left out; `constants` has
    a text for each property name.
    Refused: CommandError with USAGE.
    """
    if path is None:
        return NO_MAPPING
    try:
        text = path.read_bytes()
        if path.suffix.lower() == ".json":
            read = msgspec.json.decode(text, type=_File)
        else:
            read = msgspec.convert(tomllib.loads(text.decode()), _File)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror or error}", USAGE) from error
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError) as error:
        raise CommandError(f"{path} is no mapping: {error}", USAGE) from error
    return TableMapping(read.columns, read.constants)
