"""What a server has to answer about the contents of its database while nobody writes."""

from collections.abc import Iterator, Set

from moyeu.crm.search.requests import Filter
from tests.faults.contents import Found
from tests.faults.portal import (
    BESIDE,
    BESIDE_LIST,
    COMPANIES_ID,
    CONTACTS_ID,
    DEFAULT,
    MARK,
    NOTED_LIST,
    NOTES,
    SERVICES_ID,
    STATIC_LISTS,
)
from tests.faults.questions import Members, Question, Search, by_ids

SAMPLE = 7
"""So many records of a type are searched for."""


def questions_about(found: Found) -> Iterator[Question]:
    """Searches and lists of all kinds that there are."""
    active = {
        type_id: {key: each.properties for key, each in of.items() if found.is_active(key)}
        for type_id, of in found.records.items()
    }
    for type_id, records in active.items():
        yield Search(type_id, (), frozenset(records))
        for record_id in sorted(records)[:: max(1, len(records) // SAMPLE)]:
            mark = records[record_id].get(MARK, "")
            same = frozenset(key for key, each in records.items() if each.get(MARK) == mark)
            if mark:
                yield Search(type_id, (Filter(MARK, "EQ", mark),), same)
        archived = tuple(found.records[type_id].keys() - records.keys())[:SAMPLE]
        gone = archived + tuple(found.merged)[:SAMPLE]
        if gone:
            yield by_ids(type_id, gone, frozenset())
    noted = frozenset(key for key, each in active[SERVICES_ID].items() if each.get(NOTES[0]))
    yield Search(SERVICES_ID, (Filter(NOTES[0], "HAS_PROPERTY"),), noted)
    yield Members(NOTED_LIST, noted)
    yield from _about_associations(found, active[CONTACTS_ID].keys())
    members = found.members()
    for list_id in STATIC_LISTS:
        yield Members(list_id, frozenset(members.get(list_id, ())))


def _about_associations(found: Found, contacts: Set[int]) -> Iterator[Question]:
    beside: dict[int, set[int]] = {}
    for contact_id, companies in found.linked().items():
        for company_id, ways in companies.items():
            if contact_id in contacts and found.is_active(company_id) and DEFAULT in ways:
                beside.setdefault(company_id, set()).add(contact_id)
    records = found.records[COMPANIES_ID]
    for company_id in sorted(beside)[:SAMPLE]:
        linked = Filter("associations.company", "EQ", str(company_id))
        yield Search(CONTACTS_ID, (linked,), frozenset(beside[company_id]))
    right = [ids for key, ids in beside.items() if records[key].properties.get(NOTES[0]) == BESIDE]
    yield Members(BESIDE_LIST, frozenset().union(*right))
