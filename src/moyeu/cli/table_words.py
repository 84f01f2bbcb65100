"""What is said of tables that are refused, and of their rows: the API's own words where it has."""

from collections.abc import Mapping

from moyeu.catalog.object_types import RECORD_ID
from moyeu.crm.problems import InvalidValues, NotAUniqueProperty, Problem, UniqueValueTaken
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.operations.table_imports import RowMergedAway, RowTooLong, RowWithoutId, TableShape
from moyeu.operations.tables import (
    ColumnAmbiguous,
    ColumnReadOnly,
    ColumnUnknown,
    IdColumnMissing,
    MappedColumnMissing,
    PropertyGivenTwice,
    PropertyUnknown,
    TableRefused,
)
from moyeu.wire.record_words import word_problem
from moyeu.wire.value_words import value_message


def row_words(problem: Problem, table: TableShape, portal_id: int) -> str:
    """Why a row is refused, each part after the title of its column."""
    titles = table.titles
    match problem:
        case InvalidValues(problems):
            parts = [f"{_column(each.name, titles)}: {value_message(each)}" for each in problems]
            return "; ".join(parts)
        case RowTooLong(cells, columns):
            return f"it has {cells} cells and the first row {columns}"
        case RowWithoutId(name):
            return f"{_column(name, titles)}: no value to know the record by"
        case RowMergedAway(text):
            return f"record {text} was merged into another one"
        case UniqueValueTaken():
            words = word_problem(problem, portal_id, table.object_type_id).message
            return f"{_column(problem.name, titles)}: {words}"
    return word_problem(problem, portal_id, table.object_type_id).message


def _column(name: str, titles: Mapping[str, str]) -> str:
    return f"column {titles[name]}" if name in titles else name


def table_words(problem: Problem) -> str:
    """Why a whole table is refused, a sentence a line."""
    match problem:
        case TableRefused(problems):
            return "\n".join(map(table_words, problems))
        case UnknownObjectType(name):
            return f"the portal has no object type {name!r}"
        case NotAUniqueProperty(_, name):
            return f"--id-property: the values of {name!r} are not unique"
        case ColumnUnknown(title):
            return f"column {title}: the object type has no property of that name or label"
        case ColumnAmbiguous(title, names):
            return f"column {title}: may be {', '.join(names)}; name one in the mapping"
        case ColumnReadOnly(title, name):
            where = f"column {title}" if title else "constants"
            how = f"; --id-property {RECORD_ID} updates by it" if name == RECORD_ID else ""
            return (
                f'{where}: "{name}" is a read only property; its value cannot be set{how};'
                ' the mapping can leave it out: "" in place of a name'
            )
        case PropertyGivenTwice(name):
            return f"several columns or constants are the property {name!r}"
        case PropertyUnknown(name):
            return f"the object type has no property {name!r}"
        case MappedColumnMissing(title):
            return f"the mapping names a column {title!r} that the table has not"
        case IdColumnMissing(name):
            return f"no column is the id property {name!r}"
    raise AssertionError(problem)
