"""What must hold in every database, whatever the clients know: the tables agree with each other."""

from collections.abc import Iterator

from moyeu.catalog.object_types import ObjectType, object_type_by_id
from moyeu.crm.history import fold_history
from tests.faults.contents import Found
from tests.faults.portal import (
    COMPANIES_ID,
    CONTACTS_ID,
    DEFAULT,
    PRIMARY,
    SKU,
    STAGE,
    TYPE_NAMES,
)

ASSOCIATION_VALUES = {
    CONTACTS_ID: ("associatedcompanyid",),
    COMPANIES_ID: ("num_associated_contacts",),
}
"""What follows from associations between contacts and companies, by the type that has it."""


def disagreements(found: Found) -> Iterator[str]:
    """All that does not fit together, in words."""
    if found.verdict != "ok":
        yield f"integrity check: {found.verdict}"
    yield from _records_without_their_history(found)
    yield from _broken_chains(found)
    yield from _unique_values_that_disagree(found)
    yield from _associations_that_dangle(found)
    yield from _several_of_one(found)
    yield from _pairs_without_the_unlabelled_type(found)
    yield from _values_that_disagree_with_associations(found)
    yield from _members_that_cannot_be(found)
    yield from _merges_that_lead_nowhere(found)
    yield from _ids_that_will_be_given_again(found)
    yield from _stages_that_disagree(found)


def _records_without_their_history(found: Found) -> Iterator[str]:
    """Every record is the fold of its history, along its own chain and in the whole sequence."""
    by_record = _by_record(found)
    for type_id, records in found.records.items():
        object_type = _type(type_id)
        for record_id, record in records.items():
            chain = found.histories[record_id][::-1]
            if chain != by_record.pop(record_id, []):
                yield f"the chain of {record_id} misses writes of the sequence"
            if fold_history(chain, object_type.modified_property) != record.properties:
                yield f"the properties of {record_id} are not the fold of its history"
    for record_id in by_record.keys() - found.merged.keys():
        yield f"there are writes of {record_id}, but no record"


def _by_record(found: Found) -> dict[int, list[object]]:
    by_record: dict[int, list[object]] = {}
    for write in found.writes:
        by_record.setdefault(write.record_id, []).append(write)
    return by_record


def _broken_chains(found: Found) -> Iterator[str]:
    """Every write names the one before it, also of records that were merged away."""
    last: dict[int, int] = {}
    for write in found.writes:
        if write.previous != last.get(write.record_id, 0):
            yield f"write {write.number} of {write.record_id} follows {write.previous}"
        last[write.record_id] = write.number


def _unique_values_that_disagree(found: Found) -> Iterator[str]:
    for type_id, records in found.records.items():
        object_type = _type(type_id)
        held: dict[tuple[str, str], int] = {}
        for record_id, record in records.items():
            if record.archived_at_ms is not None:
                continue
            for key in _keys(object_type, record.properties):
                if key in held:
                    yield f"{key} is held by {held[key]} and {record_id}"
                held[key] = record_id
        if held != found.values[type_id]:
            differing = held.items() ^ found.values[type_id].items()
            yield f"the unique index of {TYPE_NAMES[type_id]} differs in {sorted(differing)[:6]}"


def _keys(object_type: ObjectType, properties: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name in (SKU, *object_type.id_properties):
        if properties.get(name):
            yield name, properties[name]
    for name, further_name in object_type.further_values:
        for text in properties.get(further_name, "").split(";"):
            if text:
                yield name, text


def _associations_that_dangle(found: Found) -> Iterator[str]:
    """Each has its inverse, and records of its types at both ends, archived or not."""
    rows = set(found.associations)
    for row in found.associations:
        kind = found.association_types.find(row.category, row.type_id)
        if kind is None:
            yield f"{row} is of no type"
            continue
        back = row._replace(
            from_object_type_id=row.to_object_type_id,
            from_record_id=row.to_record_id,
            to_object_type_id=row.from_object_type_id,
            to_record_id=row.from_record_id,
            type_id=kind.inverse_id,
        )
        if back not in rows:
            yield f"{row} has no inverse"
        ends = (
            (row.from_object_type_id, row.from_record_id),
            (row.to_object_type_id, row.to_record_id),
        )
        for type_id, record_id in ends:
            if record_id not in found.records[type_id]:
                yield f"{row} is of {record_id}, which is not there"


def _several_of_one(found: Found) -> Iterator[str]:
    """A record has at most one association of a one to one type."""
    held: dict[tuple[int, str, int], int] = {}
    for row in found.associations:
        kind = found.association_types.find(row.category, row.type_id)
        if kind is None or not kind.one_to_one:
            continue
        key = row.from_record_id, row.category, row.type_id
        if key in held:
            yield f"{row.from_record_id} has {kind.name} to {held[key]} and {row.to_record_id}"
        held[key] = row.to_record_id


def _pairs_without_the_unlabelled_type(found: Found) -> Iterator[str]:
    for contact_id, companies in found.linked().items():
        for company_id, ways in companies.items():
            if DEFAULT not in ways:
                yield f"{contact_id} and {company_id} have {sorted(ways)} only"


def _values_that_disagree_with_associations(found: Found) -> Iterator[str]:
    """Of active records; archived ones keep what they had and are not counted."""
    expected = {
        key: dict.fromkeys(ASSOCIATION_VALUES[type_id], "")
        for type_id in ASSOCIATION_VALUES
        for key in found.records[type_id]
        if found.is_active(key)
    }
    counts: dict[int, int] = {}
    for contact_id, companies in found.linked().items():
        for company_id, ways in companies.items():
            if not (found.is_active(contact_id) and found.is_active(company_id)):
                continue
            if PRIMARY in ways:
                expected[contact_id]["associatedcompanyid"] = str(company_id)
            if DEFAULT in ways:
                counts[company_id] = counts.get(company_id, 0) + 1
    for company_id, count in counts.items():
        expected[company_id]["num_associated_contacts"] = str(count)
    for record_id, values in expected.items():
        for name, text in values.items():
            told = found.everything[record_id].properties.get(name, "")
            if told != text and not (told == "0" and not text):
                yield f"{name} of {record_id} is {told!r}, its associations say {text!r}"


def _members_that_cannot_be(found: Found) -> Iterator[str]:
    """Members are active records of the type of their list."""
    for each in found.memberships:
        definition = found.lists.get(each.list_id)
        if definition is None:
            yield f"{each.record_id} is in list {each.list_id}, which is not there"
        elif each.record_id not in found.records[definition.object_type_id]:
            yield f"{each.record_id} is in list {each.list_id} and is not there"
        elif not found.is_active(each.record_id):
            yield f"{each.record_id} is in list {each.list_id} and archived"


def _merges_that_lead_nowhere(found: Found) -> Iterator[str]:
    for record_id, survivor_id in found.merged.items():
        if survivor_id not in found.everything:
            yield f"{record_id} was merged into {survivor_id}, which is not there"
        if record_id in found.everything:
            yield f"{record_id} was merged away, but is there"


def _ids_that_will_be_given_again(found: Found) -> Iterator[str]:
    used = {*found.everything, *found.merged, *(each.record_id for each in found.writes)}
    if used and max(used) >= found.next_record_id:
        yield f"{found.next_record_id} will be given out, {max(used)} was"


def _stages_that_disagree(found: Found) -> Iterator[str]:
    """A stage is there unless its audit ends with its deletion, and records stand in stages."""
    for stage_id, actions in found.audits.items():
        if (actions[-1] == "DELETE") == (stage_id in found.stages):
            yield f"stage {stage_id} disagrees with its audit {actions}"
    for record_id, record in found.everything.items():
        stage_id = record.properties.get(STAGE, "")
        if stage_id and stage_id not in found.stages:
            yield f"{record_id} stands in {stage_id}, which is no stage"


def _type(type_id: str) -> ObjectType:
    found = object_type_by_id(type_id)
    assert found is not None
    return found
