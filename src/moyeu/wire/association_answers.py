"""Associations as HubSpot writes them: key order, names and forms as recorded."""

from collections.abc import Iterable, Iterator
from typing import Final

from moyeu.catalog.associations import AssociationType
from moyeu.crm.association_writes import PairOutcome
from moyeu.operations.association_reads import LinkedPage, LinkedRecord
from moyeu.wire.associated import linked_rows
from moyeu.wire.bodies import Json
from moyeu.wire.paging import paging_body

IDS_ARE_NUMBERS: Final = True
"""Whether record ids outside of `from` and `to` are JSON numbers.

Observed of v4, 2021 to 2026; the descriptions of the dated versions say text, in which this is a
guess.
"""


def named_results(page: LinkedPage) -> list[Json]:
    """The associated records as v3 writes them: one entry for each type of each (observed)."""
    return linked_rows((each.record_id, kind) for each in page.records for kind in each.types)


def results(page: LinkedPage) -> list[Json]:
    """The associated records as v4 and later write them: one entry for each record."""
    return [_linked(each) for each in page.records]


def page_body(shown: list[Json], after: str | None, link: str) -> Json:
    """A page of associations; `paging` only where there is more (observed)."""
    body: Json = {"results": shown}
    return body if after is None else {**body, "paging": paging_body(after, link)}


def page_of_input(from_id: int, shown: list[Json], after: str | None, link: str) -> Json:
    """A result of a batch read; the id in `from` is a text in every version (observed)."""
    body: Json = {"from": {"id": str(from_id)}, "to": shown}
    return body if after is None else {**body, "paging": paging_body(after, link)}


def set_body(outcome: PairOutcome) -> Json:
    """A pair after types were set (observed 2021); labels: their texts, none of the unlabelled."""
    return {
        "fromObjectTypeId": outcome.from_type_id,
        "fromObjectId": _record_id(outcome.from_id),
        "toObjectTypeId": outcome.to_type_id,
        "toObjectId": _record_id(outcome.to_id),
        "labels": [each.label for each in outcome.types if each.label is not None],
    }


def set_bodies(outcomes: Iterable[PairOutcome]) -> list[Json]:
    """The pairs of a batch, as `set_body`."""
    return [set_body(each) for each in outcomes]


def default_bodies(outcomes: Iterable[PairOutcome]) -> list[Json]:
    """Pairs after a default association: that the other direction follows each is a guess."""
    return [body for each in outcomes for body in _both_ways(each)]


def named_bodies(outcomes: Iterable[PairOutcome]) -> list[Json]:
    """Pairs after a create of v3, one for each type; the name is ours also where an id was sent."""
    return [
        {**_pair(each.from_id, each.to_id), "type": kind.name}
        for each in outcomes
        for kind in each.types
    ]


def _both_ways(outcome: PairOutcome) -> Iterator[Json]:
    for kind, inverse in zip(outcome.types, outcome.inverses, strict=True):
        yield _with_spec(outcome.from_id, outcome.to_id, kind)
        yield _with_spec(outcome.to_id, outcome.from_id, inverse)


def _with_spec(from_id: int, to_id: int, kind: AssociationType) -> Json:
    spec = {"associationCategory": kind.category, "associationTypeId": kind.type_id}
    return {**_pair(from_id, to_id), "associationSpec": spec}


def _pair(from_id: int, to_id: int) -> Json:
    return {"from": {"id": str(from_id)}, "to": {"id": str(to_id)}}


def _linked(each: LinkedRecord) -> Json:
    return {
        "toObjectId": _record_id(each.record_id),
        "associationTypes": [
            {"category": kind.category, "typeId": kind.type_id, "label": kind.label}
            for kind in each.types
        ],
    }


def _record_id(record_id: int) -> int | str:
    return record_id if IDS_ARE_NUMBERS else str(record_id)
