"""Batches of chosen kinds, for tests that need to know what a batch is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from moyeu.crm.associations import AssociationSpec, InlineAssociation
from moyeu.crm.records import RecordInput
from tests.faults.ledger import Batch, Link, Sent
from tests.faults.portal import (
    BILLING,
    CONTACT_TO_COMPANY,
    CONTACTS_ID,
    MARK,
    NOTES,
    SERVICES_ID,
    SKU,
    STATIC_LISTS,
)


@dataclass(frozen=True, slots=True)
class There:
    """What a batch may be about.

    skus: of the partner services, by id. contacts: three or more that have no sku and nobody else
    touches. companies: those that stay.
    """

    skus: Mapping[int, str]
    contacts: tuple[int, ...]
    companies: tuple[int, ...]


def updates(
    name: str, values_by_record: Mapping[int, Mapping[str, str]], type_id: str = SERVICES_ID
) -> Batch:
    """Of records by their ids, each with a mark."""
    inputs = []
    for record_id, values in values_by_record.items():
        mark = f"{name}.{record_id}"
        marked = {**values, MARK: mark}
        inputs.append(Sent(RecordInput(str(record_id), dict(marked)), record_id, mark, marked))
    return Batch(name, type_id, inputs)


def creates(name: str, count: int) -> Batch:
    """Of contacts that have nothing but their mark."""
    inputs = []
    for number in range(count):
        mark = f"{name}.{number}"
        values = {MARK: mark}
        inputs.append(Sent(RecordInput("", dict(values)), 0, mark, values))
    return Batch(name, CONTACTS_ID, inputs, "create")


def upserts(name: str, count: int) -> Batch:
    """Of contacts that are not there yet, by e-mail."""
    inputs = []
    for number in range(count):
        mark = f"{name}.{number}"
        values = {MARK: mark}
        given = RecordInput(f"up-{mark}@example.com", dict(values), "email")
        inputs.append(Sent(given, 0, mark, values))
    return Batch(name, CONTACTS_ID, inputs, "upsert")


def _update(name: str, there: There) -> Batch:
    return updates(name, {each: {NOTES[0]: name} for each in sorted(there.skus)[:5]})


def _take(name: str, there: There) -> Batch:
    """Unique values of records that had none."""
    skus = {each: {SKU: f"{name}.{each}"} for each in there.contacts}
    return updates(name, skus, CONTACTS_ID)


def _pass_on(name: str, there: There) -> Batch:
    """One record takes the unique value that another one leaves."""
    first, second = sorted(there.skus)[:2]
    return updates(name, {first: {SKU: name}, second: {SKU: there.skus[first]}})


def _create(name: str, there: There) -> Batch:
    """With unique values, every other one with an association."""
    inputs = []
    spec = (AssociationSpec("HUBSPOT_DEFINED", CONTACT_TO_COMPANY),)
    for number in range(3):
        mark = f"{name}.{number}"
        values = {MARK: mark, SKU: f"new-{mark}", "email": f"{mark}@example.com"}
        targets = there.companies[: number % 2]
        wanted = tuple(InlineAssociation(str(each), spec) for each in targets)
        given = RecordInput("", dict(values), associations=wanted)
        inputs.append(Sent(given, 0, mark, values, targets))
    return Batch(name, CONTACTS_ID, inputs, "create")


def _create_plainly(name: str, _there: There) -> Batch:
    return creates(name, 3)


def _upsert(name: str, _there: There) -> Batch:
    return upserts(name, 3)


def _archive(name: str, there: There) -> Batch:
    return Batch(name, CONTACTS_ID, verb="archive", record_ids=there.contacts)


def _merge(name: str, there: There) -> Batch:
    return Batch(name, CONTACTS_ID, verb="merge", record_ids=there.contacts[:2])


def _erase(name: str, there: There) -> Batch:
    return Batch(name, CONTACTS_ID, verb="erase", record_ids=there.contacts[:1])


def _associate(name: str, there: There) -> Batch:
    links = tuple(Link(each, there.companies[-1], (BILLING,)) for each in there.contacts)
    return Batch(name, CONTACTS_ID, verb="associate", links=links)


def _join(name: str, there: There) -> Batch:
    list_id = STATIC_LISTS[0]
    return Batch(name, CONTACTS_ID, verb="join", record_ids=there.contacts, list_id=list_id)


def _stage(name: str, _there: There) -> Batch:
    return Batch(name, SERVICES_ID, verb="add_stage", definition=f"stage-{name}")


BATCHES: Final[Mapping[str, Callable[[str, There], Batch]]] = {
    "update": _update,
    "take": _take,
    "pass on": _pass_on,
    "create": _create,
    "create plainly": _create_plainly,
    "upsert": _upsert,
    "archive": _archive,
    "merge": _merge,
    "erase": _erase,
    "associate": _associate,
    "join": _join,
    "stage": _stage,
}
"""By what it does: makes a batch of a name that none had before."""
