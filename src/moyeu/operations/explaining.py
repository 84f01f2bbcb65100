"""Why a logged request was answered so, and what it changed.

Rules come from the notes of the log, changes from the history of the records: the log may forget a
request, and the history never does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from moyeu.catalog.rules import Rule, rules
from moyeu.crm.history import RecordWrite
from moyeu.crm.records import read_record_id
from moyeu.storage.contract import LoggedRequest, ReadTransaction, RuleNote, Store

_KEYS: Final = ("objectWriteTraceId", "id", "name")
"""What an answer may call an input of a batch, by the key of its body."""
_IDS: Final = ("id", "objectId", "primaryObjectId")
"""Where bodies name records of the request's object type."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that decided, and the property whose value it is about."""

    rule: Rule
    property: str | None


@dataclass(frozen=True, slots=True)
class InputOutcome:
    """What became of one input of a batch: carried out, unless there are reasons why not.

    place: from 0. keys: what the answer may call it, as the body has it.
    """

    place: int
    keys: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """A value that the request wrote; before: None where the property had none. "" is cleared."""

    name: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What the request wrote to one record, by the number of the entry in the history."""

    record_id: int
    number: int
    values: tuple[ChangedValue, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a request was answered so.

    reasons: of the whole call, or of inputs that are not told apart. inputs: of a batch whose body
    is kept whole, in its order; none of them is carried out when the whole call was refused.
    changes: in the order in which they were written.
    """

    request: LoggedRequest
    reasons: tuple[Reason, ...]
    inputs: tuple[InputOutcome, ...]
    changes: tuple[RecordChange, ...]


async def explain_request(store: Store, request: LoggedRequest) -> Explanation:
    """The explanation of a logged request that has its bodies."""
    inputs = _inputs_of(request)
    noted: dict[int, list[Reason]] = {}
    whole: list[Reason] = []
    for note in request.notes:
        places = _places(note, inputs)
        for place in places:
            noted.setdefault(place, []).append(_reason(note))
        if not places:
            whole.append(_reason(note))
    outcomes = tuple(
        InputOutcome(place, keys, tuple(noted.get(place, ()))) for place, keys in enumerate(inputs)
    )
    changes = await _changes(store, request)
    return Explanation(request, tuple(dict.fromkeys(whole)), outcomes, changes)


def _reason(note: RuleNote) -> Reason:
    known = rules().get(note.rule)
    unknown = Rule(note.rule, "A rule that this version does not know.", "guess", "")
    return Reason(known or unknown, note.property)


def _inputs_of(request: LoggedRequest) -> list[tuple[str, ...]]:
    """The keys of each input of a batch."""
    body = _read(request.request_body)
    inputs = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(inputs, list):
        return []
    return [tuple(_keys(each)) for each in inputs]


def _keys(given: object) -> Iterable[str]:
    if isinstance(given, dict):
        yield from (str(given[key]) for key in _KEYS if given.get(key) is not None)
        if isinstance(given.get("from"), dict):
            yield str(given["from"].get("id"))
    elif given is not None:
        yield str(given)


def _places(note: RuleNote, inputs: Sequence[tuple[str, ...]]) -> list[int]:
    """The inputs that a note is about."""
    named = {*note.keys}
    by_key = [place for place, keys in enumerate(inputs) if not named.isdisjoint(keys)]
    return sorted({*by_key, *(place for place in note.inputs if place < len(inputs))})


def _read(body: bytes) -> Any:
    """A body as JSON; None where it is none, or was cut."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None


# --- changes ---------------------------------------------------------------------------------


async def _changes(store: Store, request: LoggedRequest) -> tuple[RecordChange, ...]:
    type_id = request.object_type_id
    record_ids = _record_ids(request)
    if type_id is None or not record_ids:
        return ()

    def work(transaction: ReadTransaction) -> Mapping[int, list[RecordWrite]]:
        found = transaction.records(request.portal_id, type_id, record_ids)
        return transaction.history(request.portal_id, type_id, list(found.values()))

    histories = await store.read(work)
    changes = [
        RecordChange(write.record_id, write.number, tuple(_values(write, writes[place + 1 :])))
        for writes in histories.values()
        for place, write in enumerate(writes)
        if write.correlation_id == request.correlation_id
    ]
    return tuple(sorted(changes, key=lambda each: each.number))


def _values(write: RecordWrite, earlier: Sequence[RecordWrite]) -> Iterable[ChangedValue]:
    """What a write changed; earlier: the writes before it, newest first."""
    for name, after in write.changed.items():
        before = next((each.changed[name] for each in earlier if name in each.changed), None)
        yield ChangedValue(name, before, after)


def _record_ids(request: LoggedRequest) -> list[int]:
    """The records that the path, the body and the answer name."""
    texts: list[str] = []
    parts = zip((request.route or "").split("/"), request.path.split("/"), strict=False)
    texts += [unquote(given) for name, given in parts if name == "{objectId}"]
    for body in (_read(request.request_body), _read(request.response_body)):
        if isinstance(body, dict):
            texts += _ids_in(body)
            for key in ("inputs", "results"):
                if isinstance(body.get(key), list):
                    texts += [each for entry in body[key] for each in _ids_in(entry)]
    numbers = (read_record_id(each) for each in dict.fromkeys(texts) if each)
    return [each for each in numbers if each is not None]


def _ids_in(entry: object) -> list[str]:
    if not isinstance(entry, dict):
        return []
    return [str(entry[key]) for key in _IDS if key in entry]
