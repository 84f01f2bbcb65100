"""Records and batches as HubSpot writes them: key order, names and forms as recorded."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

import msgspec

from moyeu.catalog.object_types import RECORD_ID
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.history import RecordWrite
from moyeu.crm.problems import MissingRecords
from moyeu.crm.records import InputProblem, StoredRecord, WrittenRecord
from moyeu.crm.values.moment import render_ms
from moyeu.crm.values.outcome import Normalised
from moyeu.operations.record_reads import ReadRecord
from moyeu.wire.associated import associations_body
from moyeu.wire.bodies import Json, encode_json
from moyeu.wire.record_words import batch_entry

_SHOWN_KEPT_MAX = 1_024


class RecordForm:
    """How records of one type are written in one portal, for the life of one snapshot.

    url_start, url_end: the record id between them is where HubSpot's own pages show the record.

    What a write shows follows from the written names and the names that have a value; most records
    have both in common, so what was worked out for one is kept for the others.
    """

    __slots__ = (
        "_shown",
        "created_property",
        "definitions",
        "modified_property",
        "url_end",
        "url_start",
    )

    def __init__(self, definitions: TypeDefinitions) -> None:
        portal_id, type_id = definitions.portal_id, definitions.object_type.id
        self.definitions = definitions
        self.created_property = definitions.object_type.created_property
        self.modified_property = definitions.object_type.modified_property
        page = definitions.object_type.page.replace("{portal}", str(portal_id))
        start, _, self.url_end = page.replace("{type}", type_id).partition("{record}")
        self.url_start = f"https://app.hubspot.com/{start}"
        self._shown: dict[tuple[tuple[str, ...], tuple[str, ...], bool], _ShownNames] = {}

    def shown(
        self, properties: Mapping[str, str], written: tuple[str, ...], *, made: bool
    ) -> "_ShownNames":
        """What the answer to a write shows of these properties; made: the write made the record."""
        key = (written, tuple(properties), made)
        found = self._shown.get(key)
        if found is None:
            if len(self._shown) >= _SHOWN_KEPT_MAX:
                self._shown.clear()
            shown = self.definitions.shown_names(properties.keys(), written, made=made)
            found = self._shown[key] = _ShownNames(shown, properties.keys())
        return found


@lru_cache(maxsize=64)
def form_of(definitions: TypeDefinitions) -> RecordForm:
    """The form of a snapshot, which is made once: a snapshot is known by its identity."""
    return RecordForm(definitions)


class _ShownNames:
    """The properties in the answer to a write, names ascending.

    The written properties, and every one that HubSpot sets itself and that has a value; others
    are left out (the rule that fits all recordings). A written property without a value (clearing
    what was never set) is null: a guess.
    """

    __slots__ = ("_get", "_struct", "_unset")

    def __init__(self, names: Set[str], having: Set[str]) -> None:
        ordered = sorted(names)
        self._unset = names - having
        self._get = itemgetter(*ordered)
        # A struct with these names as fields is written three times as fast as a mapping.
        fields = {f"f{number}": name for number, name in enumerate(ordered)}
        self._struct = msgspec.defstruct(
            "Properties", [(field, str | None) for field in fields], rename=fields, gc=False
        )

    def of(self, properties: Mapping[str, str]) -> msgspec.Struct:
        """Name and value of each, ready to be encoded."""
        if self._unset:
            return self._struct(*self._get({**dict.fromkeys(self._unset), **properties}))
        return self._struct(*self._get(properties))


class _Written(msgspec.Struct, omit_defaults=True, gc=False):
    """A record in the answer to a write; the fields are those of the wire, in their order."""

    id: str
    properties: msgspec.Struct
    createdAt: str  # noqa: N815 — wire spelling
    updatedAt: str  # noqa: N815
    archived: bool
    new: bool | msgspec.UnsetType
    warnings: list[Json] | msgspec.UnsetType
    url: str
    objectWriteTraceId: str | msgspec.UnsetType = msgspec.UNSET  # noqa: N815


def written_record(form: RecordForm, result: WrittenRecord, *, warn: bool) -> _Written:
    """A record in the answer to a write."""
    properties = result.record.properties
    record_id = properties[RECORD_ID]
    body = _Written(
        record_id,
        form.shown(properties, result.written, made=result.made).of(properties),
        # Where the time can be written it can be cleared too; then the record keeps the first one.
        properties[form.created_property] or render_ms(result.record.created_at_ms),
        properties[form.modified_property],
        False,
        msgspec.UNSET if result.is_new is None else result.is_new,
        [_warning(each) for each in result.warnings] if warn and result.warnings else msgspec.UNSET,
        f"{form.url_start}{record_id}{form.url_end}",
    )
    if result.trace_id:
        # Echoed as upsert does (observed October 2026); its place is a guess.
        body.objectWriteTraceId = result.trace_id
    return body


def _record(form: RecordForm, record: StoredRecord, shown: Mapping[str, str | None]) -> Json:
    properties = record.properties
    return {
        "id": properties[RECORD_ID],
        "properties": shown,
        "createdAt": properties[form.created_property] or render_ms(record.created_at_ms),
        "updatedAt": properties[form.modified_property],
        "archived": False,
    }


def _warning(each: Normalised) -> Json:
    return {
        "category": "PROPERTY_VALUE_NORMALIZED",
        "context": {
            "normalizedValue": each.normalized,
            "propertyName": each.name,
            "rawValue": each.raw,
        },
        "message": f"{each.name} was normalized",
    }


@dataclass(frozen=True, slots=True)
class Wished:
    """Which properties a read answers: names ascending, and those with their history."""

    names: tuple[str, ...]
    with_history: tuple[str, ...]

    @classmethod
    def of(
        cls,
        definitions: TypeDefinitions,
        names: Sequence[str],
        with_history: Sequence[str],
    ) -> "Wished":
        """The asked ones that exist and those that are always there; the default set if none.

        Names that are not defined are left out silently (observed). Those asked with history
        stand among the properties too, and replace the default set (observed 2022).
        """
        object_type = definitions.object_type
        asked = {*names, *with_history}
        wanted = asked or set(object_type.default_properties)
        defined = {name for name in wanted if name in definitions.properties}
        return cls(
            tuple(sorted(defined | set(object_type.always_properties))),
            tuple(name for name in dict.fromkeys(with_history) if name in definitions.properties),
        )


def read_record(form: RecordForm, found: ReadRecord, wished: Wished, base_url: str) -> Json:
    """A record in the answer to a read: an asked property without a value is null (observed).

    base_url: scheme and host for links to further associations.
    """
    record = found.record
    properties = record.properties
    body = _record(form, record, {name: properties.get(name) for name in wished.names})
    if found.writes is not None:
        histories = _histories(form, found.writes, wished.with_history)
        body = {
            "id": body.pop("id"),
            "properties": body.pop("properties"),
            "propertiesWithHistory": histories,
            **body,
        }
    if record.archived_at_ms is not None:
        body["archived"] = True
        body["archivedAt"] = render_ms(record.archived_at_ms)
    if found.associated:
        portal_id, type_id = form.definitions.portal_id, form.definitions.object_type.id
        body["associations"] = associations_body(
            found.associated, base_url, portal_id, type_id, body["id"]
        )
    body["url"] = f"{form.url_start}{body['id']}{form.url_end}"
    return body


def _histories(
    form: RecordForm, writes: Sequence[RecordWrite], names: Sequence[str]
) -> dict[str, list[Json]]:
    """Each property's values, newest first (a guess); a cleared one stands as "" (a guess)."""
    modified_property = form.definitions.object_type.modified_property
    histories: dict[str, list[Json]] = {name: [] for name in names}
    for write in writes:
        for name in names:
            if name == modified_property:
                histories[name].append(_past_value(write, render_ms(write.written_at_ms)))
            elif name in write.changed:
                histories[name].append(_past_value(write, write.changed[name]))
    return histories


def _past_value(write: RecordWrite, value: str) -> Json:
    entry: Json = {
        "value": value,
        "timestamp": render_ms(write.written_at_ms),
        "sourceType": write.source_type,
        "sourceId": write.source_id,
    }
    if write.user_id is not None:
        entry["updatedByUserId"] = write.user_id
    return entry


def batch_body(
    results: Sequence[Json | msgspec.Struct],
    errors: Sequence[Json],
    started_at_ms: int,
    completed_at_ms: int,
) -> bytes:
    """The body of a batch answer, in the key order of November 2025 and later."""
    body: Json = {
        "completedAt": render_ms(completed_at_ms),
        "status": "COMPLETE",
        "startedAt": render_ms(started_at_ms),
        "results": results,
    }
    if errors:
        body["errors"] = errors
        body["numErrors"] = len(errors)
    return encode_json(body)


def batch_errors(
    form: RecordForm, problems: Sequence[InputProblem], missing: MissingRecords | None
) -> list[Json]:
    """The entries of `errors`: one per bad input, and one for all missing ids together."""
    portal_id, type_id = form.definitions.portal_id, form.definitions.object_type.id
    entries = [batch_entry(each.problem, each.trace_id, portal_id, type_id) for each in problems]
    if missing is not None:
        entries.append(batch_entry(missing, None, portal_id, type_id))
    return entries
