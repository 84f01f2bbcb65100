"""Records as tables of text: which column is which property, and cells that spreadsheets may see.

What bytes a table is made of is the command's business.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem

REASON_TITLE: Final = "refused because"
"""The title of the column of reasons in a table of refused rows; an import passes over it."""

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
_GUARDED: Final = re.compile(r"'+[=+\-@\t\r]")
_NUMBER: Final = re.compile(r"-[0-9]+(\.[0-9]+)?", re.ASCII)


def guard_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: `'` before what begins like one.

    A text that looks guarded gets one more, so that `bare_cell` gives back every text.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def guard_value(text: str, *, is_number: bool) -> str:
    """As above, but a negative number of a number property stays one."""
    return text if is_number and _NUMBER.fullmatch(text) else guard_cell(text)


def bare_cell(cell: str) -> str:
    """The text that was guarded."""
    return cell[1:] if _GUARDED.match(cell) else cell


@dataclass(frozen=True, slots=True)
class TableMapping:
    """Which property each column is, by its title; "" leaves a column out.

    constants: values that every row gets beside its columns, by property name.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


NO_MAPPING: Final = TableMapping()


@dataclass(frozen=True, slots=True)
class ColumnUnknown(Problem):
    """A title that is neither name nor label of a property."""

    title: str


@dataclass(frozen=True, slots=True)
class ColumnAmbiguous(Problem):
    """A title that several properties have; names: theirs, ascending."""

    title: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ColumnReadOnly(Problem):
    """A column of a property that nobody sets; title: "" of a constant."""

    title: str
    name: str


@dataclass(frozen=True, slots=True)
class PropertyGivenTwice(Problem):
    """Two columns, or a column and a constant, are the same property."""

    name: str


@dataclass(frozen=True, slots=True)
class PropertyUnknown(Problem):
    """A property was named that the object type has not."""

    name: str


@dataclass(frozen=True, slots=True)
class MappedColumnMissing(Problem):
    """The mapping names a column that the table has not."""

    title: str


@dataclass(frozen=True, slots=True)
class IdColumnMissing(Problem):
    """No column is the id property."""

    name: str


@dataclass(frozen=True, slots=True)
class TableRefused(Problem):
    """What is wrong with the columns or the mapping."""

    problems: tuple[Problem, ...]


def match_columns(
    titles: Sequence[str],
    definitions: TypeDefinitions,
    mapping: TableMapping = NO_MAPPING,
    id_property: str | None = None,
) -> tuple[str | None, ...] | TableRefused:
    """The property name of each column in order, None for one that is left out.

    A title that the mapping lacks is the name of a property, or else its label: exactly, or else
    whatever the case. id_property: what rows are known by; it has to be a column.
    """
    problems: list[Problem] = []
    columns: list[str | None] = []
    titled = _titled(definitions)
    for title in titles:
        name = _named(title, mapping, titled)
        if isinstance(name, Problem):
            problems.append(name)
            columns.append(None)
            continue
        columns.append(name)
        if name and name in definitions.refused_names and name != id_property:
            problems.append(ColumnReadOnly(title, name))
    mapped = [*mapping.columns.values(), *mapping.constants]
    problems += [
        PropertyUnknown(each) for each in mapped if each and each not in definitions.properties
    ]
    problems += [MappedColumnMissing(each) for each in mapping.columns if each not in titles]
    problems += [
        ColumnReadOnly("", each) for each in mapping.constants if each in definitions.refused_names
    ]
    given = [each for each in (*columns, *mapping.constants) if each]
    problems += [PropertyGivenTwice(each) for each in sorted({*given}) if given.count(each) > 1]
    if id_property is not None and id_property not in columns:
        problems.append(IdColumnMissing(id_property))
    return TableRefused(tuple(problems)) if problems else tuple(columns)


_Titled = Sequence[Mapping[str, Sequence[str]]]
"""The names of properties by title, one mapping for each way to read a title, the best first."""


def _titled(definitions: TypeDefinitions) -> _Titled:
    names = list(definitions.properties)
    labels = [each.label for each in definitions.properties.values()]
    ways: list[dict[str, list[str]]] = []
    for read in (str, str.casefold):
        for texts in (names, labels):
            way: dict[str, list[str]] = {}
            for text, name in zip(texts, names, strict=True):
                way.setdefault(read(text), []).append(name)
            ways.append(way)
    return ways


def _named(title: str, mapping: TableMapping, titled: _Titled) -> str | Problem | None:
    if title in mapping.columns:
        return mapping.columns[title] or None
    if title == REASON_TITLE:
        return None
    text = title.strip()
    for way, read in zip(titled, (text, text, text.casefold(), text.casefold()), strict=True):
        names = way.get(read, ())
        if len(names) == 1:
            return names[0]
        if names:
            return ColumnAmbiguous(title, tuple(sorted(names)))
    return ColumnUnknown(title)
