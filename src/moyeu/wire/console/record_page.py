"""One record: its properties by group, the timeline of its writes, what it is associated with.

A change goes through the operation that answers PATCH, with the rules of the newest version, and is
refused in the words of the API.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from moyeu.catalog.associations import AssociationType
from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.properties import PropertyDefinition
from moyeu.catalog.versions import ApiVersion, version_named
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.history import RecordWrite
from moyeu.crm.problems import Problem
from moyeu.crm.property_groups import active_groups
from moyeu.crm.records import RecordInput
from moyeu.crm.values.moment import render_ms
from moyeu.operations.overviews import WholeRecord, display_name, portal_types, whole_record
from moyeu.operations.records import archive_records, restore_records, update_record
from moyeu.operations.turns import definitions_of
from moyeu.wire.console.answers import Moved, Page
from moyeu.wire.console.commands import curl
from moyeu.wire.console.problems import ShownProblem, shown_problem
from moyeu.wire.console.record_list import told_raw
from moyeu.wire.console.values import Cell, cell_of
from moyeu.wire.console.visits import Visit, type_path

VERSION: Final = "2026-09"
"""The version of the API whose rules a change goes by."""

WRITES_SHOWN_MAX: Final = 50
_PAST_VALUES_MAX: Final = 20
_TIMELINE_CHARACTERS_MAX: Final = 240


@dataclass(frozen=True, slots=True)
class PastValue:
    """What a property was set to; text: "" for cleared."""

    text: str
    written_at: str
    written_at_ms: int
    source: str


@dataclass(frozen=True, slots=True)
class ShownProperty:
    """A property of the record. may_edit: whether the API takes values of it.

    past: what it was set to, newest first, the present value included.
    """

    name: str
    label: str
    type: str
    cell: Cell
    may_edit: bool
    past: tuple[PastValue, ...]
    definition: PropertyDefinition | None


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """A property group with those of its properties that are shown."""

    label: str
    properties: tuple[ShownProperty, ...]


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One value that a write set; before: None where there was none."""

    name: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class ShownWrite:
    """One write of the record."""

    number: int
    written_at: str
    written_at_ms: int
    source: str
    correlation_id: str
    trace_id: str
    changes: tuple[ShownChange, ...]


async def record(visit: Visit) -> Page | Moved:
    """`/console/records/{type}/{id}`, and the changes that its forms ask for."""
    object_type = (await portal_types(visit.store, visit.here.id)).find(visit.path["type"])
    if object_type is None:
        return _missing(f"There is no object type {visit.path['type']} in this portal.")
    action = visit.written("action")
    problem = None
    if action:
        outcome = await _change(visit, object_type, action)
        if isinstance(outcome, Moved):
            return outcome
        problem = outcome
    whole = await whole_record(visit.store, visit.here.id, object_type, visit.path["id"])
    if whole is None:
        return _missing(f"There is no {object_type.label} with the id {visit.path['id']}.")
    if str(whole.record.record_id) != visit.path["id"]:
        # It was merged away, and lives on in another.
        return Moved(_link(visit, object_type, str(whole.record.record_id)))
    definitions = await definitions_of(visit.store, visit.here.id, object_type.id)
    return _page(visit, definitions, whole, problem)


def _missing(sentence: str) -> Page:
    return Page("missing.html", {"sentence": sentence}, 404)


def _link(visit: Visit, object_type: ObjectType, record_id: str, **query: str) -> str:
    return visit.link("records", type_path(object_type), record_id, **query)


# --- changes ----------------------------------------------------------------------------------


async def _change(visit: Visit, object_type: ObjectType, action: str) -> Moved | ShownProblem:
    """Carries out what a form asks for: the page afterwards, or why it was refused."""
    if action == "edit":
        return await _edit(visit, object_type)
    record_id = visit.path["id"]
    problem: Problem | ShownProblem | None
    if action == "archive":
        occasion = visit.occasion()
        problem = await archive_records(visit.store, occasion, object_type.id, [record_id])
    elif action == "restore":
        problem = await _restore(visit, object_type)
    else:
        return ShownProblem(400, "", f"There is no action {action}.", (), "")
    if isinstance(problem, ShownProblem):
        return problem
    if problem is not None:
        return shown_problem(problem, visit.here.id, object_type.id)
    return Moved(_link(visit, object_type, record_id, done=action))


async def _restore(visit: Visit, object_type: ObjectType) -> Problem | ShownProblem | None:
    outcome = await restore_records(
        visit.store, visit.occasion(), object_type.id, [visit.path["id"]]
    )
    if isinstance(outcome, Problem):
        return outcome
    if outcome.taken:
        taken = outcome.taken[0]
        text = (
            f"It stays archived: record {taken.owner_id} has its value of {taken.name} now,"
            f" {taken.value}."
        )
        return ShownProblem(409, "CONFLICT", text, (), "ValueTakenMeanwhile")
    if outcome.missing:
        return ShownProblem(404, "", "It is not archived, or not there.", (), "")
    return None


async def _edit(visit: Visit, object_type: ObjectType) -> Moved | ShownProblem:
    name, record_id = visit.written("property"), visit.path["id"]
    # Forms send line ends of two characters.
    value = visit.written("value").replace("\r\n", "\n")
    version = _version()
    outcome = await update_record(
        visit.store,
        visit.occasion(),
        object_type.id,
        RecordInput(record_id, {name: value}),
        dates_normalised=version.dates_normalised,
        admin_rules=version.admin_rules_enforced,
    )
    if isinstance(outcome, Problem):
        return shown_problem(outcome, visit.here.id, object_type.id)
    return Moved(_link(visit, object_type, record_id, done="edit", property=name))


def _version() -> ApiVersion:
    found = version_named(VERSION)
    assert found is not None, VERSION
    return found


# --- the page ---------------------------------------------------------------------------------


def _page(
    visit: Visit,
    definitions: TypeDefinitions,
    whole: WholeRecord,
    problem: ShownProblem | None,
) -> Page:
    object_type, record_id = definitions.object_type, str(whole.record.record_id)
    editing = visit.written("property") if problem else visit.query.last("edit") or ""
    if whole.record.archived_at_ms is not None:
        editing = ""
    context: dict[str, Any] = {
        "type": object_type,
        "path": type_path(object_type),
        "id": record_id,
        "name": display_name(object_type, whole.record.properties),
        "problem": problem,
        "done": visit.query.last("done") or "",
        "done_property": visit.query.last("property") or "",
        "editing": editing,
        "given": visit.written("value") if problem else None,
        "is_archived": whole.record.archived_at_ms is not None,
        "shows_all": visit.query.flag("all"),
        "neighbours": whole.neighbours,
        "label_of": association_label,
        "type_path": type_path,
        "curl": _curl(visit, object_type, record_id, editing),
        "raw": "",
        "reason": "",
    }
    status = 200 if problem is None else problem.status
    try:
        context |= _told(visit, definitions, whole, editing)
    except Exception as error:  # noqa: BLE001 — whatever is wrong with it, it is shown as it is
        raw, reason = told_raw(whole.record, error)
        context |= {"raw": raw, "reason": reason, "groups": (), "writes": (), "hidden": 0}
        context |= {"created_at": "", "updated_at": "", "archived_at": "", "writes_total": 0}
    return Page("record.html", context, status)


def _told(
    visit: Visit, definitions: TypeDefinitions, whole: WholeRecord, editing: str
) -> dict[str, Any]:
    """What the page says of the record itself."""
    record = whole.record
    past = _past_values(whole.writes)
    shown = _names_shown(definitions, record.properties, editing, shows_all=visit.query.flag("all"))
    archived_at_ms = record.archived_at_ms
    return {
        "groups": _groups(definitions, record.properties, past, shown),
        "hidden": len(definitions.properties.keys() - shown),
        "writes": _writes(whole.writes)[:WRITES_SHOWN_MAX],
        "writes_total": len(whole.writes),
        "created_at": render_ms(record.created_at_ms),
        "updated_at": render_ms(record.updated_at_ms),
        "archived_at": "" if archived_at_ms is None else render_ms(archived_at_ms),
    }


def _names_shown(
    definitions: TypeDefinitions, properties: Mapping[str, str], editing: str, *, shows_all: bool
) -> set[str]:
    filled = {name for name, text in properties.items() if text}
    return filled | ({*definitions.properties} if shows_all else {editing} - {""})


def _groups(
    definitions: TypeDefinitions,
    properties: Mapping[str, str],
    past: Mapping[str, Sequence[PastValue]],
    shown: Iterable[str],
) -> list[ShownGroup]:
    """The properties under the labels of their groups; last, those that nobody defines any more."""
    by_group: defaultdict[str, list[ShownProperty]] = defaultdict(list)
    for name in sorted(shown):
        definition = definitions.properties.get(name)
        group = "" if definition is None else definition.group_name
        by_group[group].append(_property(definitions, name, properties.get(name, ""), past))
    labels = {each.name: each.label for each in active_groups(definitions)}
    ordered = [*labels, *sorted(by_group.keys() - labels.keys() - {""}), ""]
    return [
        ShownGroup(labels.get(name, name) or "Not defined any more", tuple(by_group[name]))
        for name in ordered
        if name in by_group
    ]


def _property(
    definitions: TypeDefinitions,
    name: str,
    text: str,
    past: Mapping[str, Sequence[PastValue]],
) -> ShownProperty:
    definition = definitions.properties.get(name)
    archived = definitions.archived.get(name)
    known = definition or archived
    return ShownProperty(
        name,
        known.label if known else name,
        known.type if known else "",
        cell_of(definitions, name, text),
        definition is not None and name not in definitions.refused_names,
        tuple(past.get(name, ())[:_PAST_VALUES_MAX]),
        definition,
    )


def _past_values(writes: Iterable[RecordWrite]) -> dict[str, list[PastValue]]:
    """What each property was set to, newest first."""
    past: defaultdict[str, list[PastValue]] = defaultdict(list)
    for write in writes:
        at, source = render_ms(write.written_at_ms), source_of(write)
        for name, text in write.changed.items():
            past[name].append(PastValue(text, at, write.written_at_ms, source))
    return past


def _writes(writes: Sequence[RecordWrite]) -> list[ShownWrite]:
    """The writes, newest first, each with what was there before."""
    told = []
    values: dict[str, str] = {}
    for write in reversed(writes):
        changes = tuple(
            ShownChange(name, _short(values.get(name)), _short(text) or "")
            for name, text in write.changed.items()
        )
        values |= write.changed
        told.append(
            ShownWrite(
                write.number,
                render_ms(write.written_at_ms),
                write.written_at_ms,
                source_of(write),
                write.correlation_id,
                write.trace_id or "",
                changes,
            )
        )
    return told[::-1]


def _short(text: str | None) -> str | None:
    if text is None or len(text) <= _TIMELINE_CHARACTERS_MAX:
        return text
    return text[:_TIMELINE_CHARACTERS_MAX] + "…"


def source_of(write: RecordWrite) -> str:
    """Who wrote: `INTEGRATION 808080`, and the user if there was one."""
    user = "" if write.user_id is None else f", user {write.user_id}"
    return f"{write.source_type} {write.source_id}{user}"


def association_label(kind: AssociationType) -> str:
    """What an association is called on a page."""
    words = {"primary": "Primary", "unlabeled": ""}
    return kind.label or words.get(kind.kind, kind.name)


def _curl(visit: Visit, object_type: ObjectType, record_id: str, editing: str) -> str:
    path = f"/crm/v3/objects/{type_path(object_type)}/{record_id}"
    if editing:
        path = path.replace("/crm/v3/objects", f"/crm/objects/{VERSION}")
        return curl(visit, "PATCH", path, {"properties": {editing: visit.written("value")}})
    return curl(visit, "GET", path)
