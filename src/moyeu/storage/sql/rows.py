"""What the parts of a transaction ask of their engine: rows, and how values are bound."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from moyeu.storage.sql.statements import Statements

Row = tuple[Any, ...]

read_document = msgspec.json.Decoder(dict[str, str]).decode
"""Values by property name, from the JSON text that they are kept as."""

_write_json = msgspec.json.Encoder().encode


class SqlRows(ABC):
    """What the reads ask of an engine.

    Every statement gets its parameters by name and may leave some of them unused.
    """

    _sql: Statements
    """The engine's statements."""

    @abstractmethod
    def _rows(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """All rows that a statement answers; JSON documents are texts."""

    @abstractmethod
    def _ids(self, ids: Iterable[int]) -> object:
        """A set of ids as a statement binds it."""

    def _value_key(self, value: str) -> str:
        """How a unique value is kept in `unique_value.value`; two values never look alike there."""
        return value


class SqlChanges(SqlRows):
    """What the writes ask of an engine."""

    @abstractmethod
    def _run(self, statement: str, parameters: Mapping[str, Any]) -> None:
        """Carries out a statement, or sees to it that it is carried out before the next read."""

    @abstractmethod
    def _count(self, statement: str, parameters: Mapping[str, Any]) -> int:
        """Carries out a statement; how many rows it changed."""

    @abstractmethod
    def _run_many(self, statement: str, portal_id: int, rows: Sequence[Row]) -> None:
        """Carries out a statement for each row of values, in order; none does nothing.

        A row's values are text, integers, booleans or None, in the order that the statement says,
        after the portal.
        """

    def _note_removal(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int] | None
    ) -> None:
        """Hears of records that came, went or were archived without an entry in the history.

        None stands for all records of the type.
        """

    def _note_other_contents(self, portal_id: int) -> None:
        """Hears that any records of a portal, of whatever type, came or went in that way."""

    def _numbers_restored(self, portal_id: int) -> None:
        """Hears that numbers of writes are taken that the engine did not give out."""


def json_text(value: object) -> str:
    """A value as the JSON text that a statement binds."""
    return _write_json(value).decode()
