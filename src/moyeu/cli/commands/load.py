"""`moyeu load`."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from moyeu.cli.console import print_json, progress, show
from moyeu.cli.databases import opened
from moyeu.cli.exits import CommandError, no_portal
from moyeu.cli.flags import DatabaseFlags, JsonFlag, settings_of
from moyeu.cli.json_lines import BadLine, read_lines
from moyeu.cli.occasions import occasion_of
from moyeu.crm.problems import InvalidValues, Problem, RequiredPropertiesMissing
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.operations.loading import (
    PROBLEMS_MAX,
    InvalidRecordId,
    LineProblem,
    Loaded,
    LoadedValueTaken,
    LoadRow,
    RecordIdTaken,
    load_records,
)
from moyeu.operations.portals import PortalNotFound, find_portal
from moyeu.storage.contract import Store
from moyeu.wire.value_words import value_message


def load(
    file: Annotated[
        Path, Parameter(help="The file; - reads standard input.", allow_leading_hyphen=True)
    ],
    /,
    *,
    portal: Annotated[int, Parameter(help="The id of the portal.")],
    flags: DatabaseFlags | None = None,
    json: JsonFlag = False,
) -> None:
    """Load records from a JSON Lines file.

    Each line is one record: {"objectType": "contacts", "properties": {"email": "a@example.com"}},
    with an "id" if it shall have that record id. The values pass the rules of the API. All records
    are loaded or, when one is refused, none; up to 100 refusals are shown with their lines.
    A SQLite database must be open nowhere else.

    Example: moyeu load contacts.jsonl --portal 20000001
    """
    rows = _read(file)
    with opened(settings_of(flags).settings, must_exist=True) as store:
        outcome = asyncio.run(_load(store, portal, rows))
    if isinstance(outcome, Loaded):
        if json:
            total = sum(outcome.counts.values())
            print_json({"loaded": total, "objectTypes": outcome.counts})
        else:
            counts = ", ".join(f"{count:,} {name}" for name, count in outcome.counts.items())
            show(f"loaded: {counts or 'nothing, the file has no records'}")
        return
    raise CommandError(_refusal([(each.line, _words(each.problem)) for each in outcome]))


def _read(file: Path) -> Sequence[LoadRow]:
    try:
        if str(file) == "-":
            read = read_lines(sys.stdin.buffer)
        else:
            with file.open("rb") as lines:
                read = read_lines(lines)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from error
    bad = [each for each in read if isinstance(each, BadLine)]
    if bad:
        raise CommandError(_refusal([(each.line, each.text) for each in bad]))
    return [each for each in read if isinstance(each, LoadRow)]


async def _load(
    store: Store, portal_id: int, rows: Sequence[LoadRow]
) -> Loaded | list[LineProblem]:
    portal = await find_portal(store, portal_id)
    if isinstance(portal, PortalNotFound):
        raise CommandError(no_portal(portal_id))
    with progress("Loading", 2 * len(rows)) as told:
        done = 0

        def count(more: int) -> None:
            nonlocal done
            done += more
            told(done)

        outcome = await load_records(store, occasion_of(portal), rows, count)
    await store.analyze()
    return outcome


def _refusal(problems: Sequence[tuple[int, str]]) -> str:
    lines = [f"line {line}: {text}" for line, text in problems]
    if len(lines) == PROBLEMS_MAX:
        lines.append("there may be more; these are the first 100")
    return "\n".join([*lines, "nothing was loaded"])


def _words(problem: Problem) -> str:
    match problem:
        case InvalidValues(problems):
            return "; ".join(f"{each.name}: {value_message(each)}" for each in problems)
        case RequiredPropertiesMissing(names):
            return f"required properties are missing: {', '.join(names)}"
        case UnknownObjectType(name):
            return f"there is no object type {name!r}"
        case InvalidRecordId(text):
            return f"{text!r} is no record id"
        case RecordIdTaken(text, line):
            return f"record id {text} is taken" + (f" by line {line}" if line else "")
        case LoadedValueTaken(name, value, record_id, line):
            holder = f"line {line}" if record_id is None else f"record {record_id}"
            return f"{name}: {value!r} must be unique and is taken by {holder}"
    raise AssertionError(problem)
