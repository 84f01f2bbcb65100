"""Copying the associations of one pair of object types, some records and a commit at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from moyeu.catalog.associations import AssociationType
from moyeu.catalog.object_types import ObjectType
from moyeu.crm.associations import (
    Association,
    AssociationTypes,
    association_types_of,
    both_directions,
)
from moyeu.pull.addresses import Addresses
from moyeu.pull.client import Refused, Upstream
from moyeu.pull.reading import AssociatedBody, LabelBody, Page
from moyeu.storage.contract import ReadTransaction, WriteTransaction

PART: Final = 500
"""Records asked about at a time; HubSpot takes 1,000 (documented)."""


@dataclass(frozen=True, slots=True)
class Told:
    """That one record is associated with another one, and by which types."""

    from_id: int
    to_id: int
    types: tuple[LabelBody, ...]


async def read_part(
    upstream: Upstream,
    addresses: Addresses,
    from_type: ObjectType,
    to_type: ObjectType,
    record_ids: Sequence[int],
) -> list[Told] | Refused:
    """All associations of these records with records of the other type."""
    path = f"{addresses.associations(from_type, to_type)}/batch/read"
    told: list[Told] = []
    asked = [{"id": str(each)} for each in record_ids]
    while asked:
        page = await upstream.post(Page[AssociatedBody], path, "", {"inputs": asked})
        if isinstance(page, Refused):
            return page
        told += [
            Told(int(each.from_.id), int(to.to_object_id), tuple(to.association_types))
            for each in page.results
            for to in each.to
        ]
        asked = [
            {"id": str(each.from_.id), "after": each.after}
            for each in page.results
            if each.after is not None
        ]
    return told


def put_part(
    transaction: WriteTransaction,
    portal_id: int,
    from_type: ObjectType,
    to_type: ObjectType,
    told: Sequence[Told],
) -> tuple[int, int]:
    """Puts associations of records that the portal has, with their other direction.

    Answers how many records are associated and how many of the told labels are not known. Their
    pairs have the unlabelled type nevertheless, as every associated pair; where the catalog guesses
    its id, the other side has it under another one, which is no label.
    """
    types = association_types_of(transaction.object_types(portal_id))
    there = _active(transaction, portal_id, from_type, [each.from_id for each in told])
    targets = _active(transaction, portal_id, to_type, [each.to_id for each in told])
    rows: list[Association] = []
    count = unknown = 0
    for each in told:
        if each.from_id not in there or each.to_id not in targets:
            continue
        kinds = [(body, _kind(types, from_type, to_type, body)) for body in each.types]
        known = [kind for _, kind in kinds if kind is not None]
        unknown += sum(kind is None and bool(body.label) for body, kind in kinds)
        default = types.default(from_type.id, to_type.id)
        if default is not None and default not in known:
            known.append(default)
        for kind in known:
            rows += both_directions(types, kind, each.from_id, each.to_id)
        # Between records of one type, both of them tell.
        is_told_again = from_type.id == to_type.id and each.from_id > each.to_id
        count += bool(known) and not is_told_again
    transaction.put_associations(portal_id, rows)
    return count, unknown


def _kind(
    types: AssociationTypes, from_type: ObjectType, to_type: ObjectType, body: LabelBody
) -> AssociationType | None:
    kind = types.find(body.category, body.type_id)
    pair = (from_type.id, to_type.id)
    if kind is None or (kind.from_object_type_id, kind.to_object_type_id) != pair:
        return None
    return kind


def _active(
    transaction: ReadTransaction, portal_id: int, object_type: ObjectType, ids: Sequence[int]
) -> set[int]:
    found = transaction.records(portal_id, object_type.id, list(dict.fromkeys(ids)))
    return {key for key, each in found.items() if each.archived_at_ms is None}
