"""Whom the rule of a list holds for, and what may have changed that.

What a rule looks at beside the values of a record is read for many records at once.
"""

from collections.abc import Mapping, Sequence

from moyeu.crm.lists.definitions import NOTHING_SEEN
from moyeu.crm.lists.rules import (
    Associated,
    Every,
    InList,
    Meets,
    Not,
    Rule,
    Some,
    associations_in,
    lists_named,
    looks_beyond,
    types_named,
)
from moyeu.crm.records import StoredRecord
from moyeu.crm.search.conditions import Linked, meets
from moyeu.storage.contract import ReadTransaction


def related_mark(transaction: ReadTransaction, portal_id: int, rule: Rule) -> int:
    """A number that grows whenever what the rule looks at beside values of records changes.

    That is who is in other lists, what is associated, and which associated records are active.
    `NOTHING_SEEN` for a rule that looks at values alone.
    """
    if not looks_beyond(rule):
        return NOTHING_SEEN
    lists = transaction.lists(portal_id, sorted(lists_named(rule)))
    changes = sum(each.member_changes for each in lists.values())
    if types := types_named(rule):
        changes += transaction.related_changes(portal_id, sorted(types))
    return changes


def touched(
    transaction: ReadTransaction,
    portal_id: int,
    type_id: str,
    rule: Rule,
    written: Mapping[str, set[int]],
    count_max: int,
) -> set[int] | None:
    """The records of a type for which the rule may have changed since records were written.

    written: record ids by object type. None for more than `count_max`. Statements: one for each
    association that the rule looks at.
    """
    found = set(written.get(type_id, ()))
    for each in associations_in(rule):
        other_id = each.object_type_id
        others = touched(transaction, portal_id, other_id, each.rule, written, count_max)
        if others is None:
            return None
        starts = [(record_id, 0) for record_id in sorted(others)]
        linked = transaction.linked_ids(portal_id, other_id, type_id, starts, count_max + 1)
        found.update(*linked.values())
    return found if len(found) <= count_max else None


def accepted(
    transaction: ReadTransaction,
    portal_id: int,
    type_id: str,
    rule: Rule,
    records: Sequence[StoredRecord],
) -> frozenset[int]:
    """The ids of those records of a type that a rule holds for.

    Statements: one for each list that it looks at, two for each association.
    """
    if isinstance(rule, Meets):
        return frozenset(
            each.record_id
            for each in records
            if meets(rule.condition, each.properties, _not_linked)
        )
    if isinstance(rule, Every):
        for part in rule.parts:
            ids = accepted(transaction, portal_id, type_id, part, records)
            records = [each for each in records if each.record_id in ids]
        return frozenset(each.record_id for each in records)
    if isinstance(rule, Some):
        found: frozenset[int] = frozenset()
        for part in rule.parts:
            rest = [each for each in records if each.record_id not in found]
            found |= accepted(transaction, portal_id, type_id, part, rest)
        return found
    ids = frozenset(each.record_id for each in records)
    if isinstance(rule, Not):
        return ids - accepted(transaction, portal_id, type_id, rule.part, records)
    if isinstance(rule, InList):
        return transaction.members_among(portal_id, rule.list_id, sorted(ids))
    assert isinstance(rule, Associated)
    return _associated(transaction, portal_id, type_id, rule, sorted(ids))


def _associated(
    transaction: ReadTransaction,
    portal_id: int,
    type_id: str,
    rule: Associated,
    ids: Sequence[int],
) -> frozenset[int]:
    to_type = rule.object_type_id
    rows = transaction.associations_by_type(portal_id, type_id, to_type, [rule.key], ids)
    others = sorted({row.to_record_id for found in rows.values() for row in found})
    records = transaction.records(portal_id, to_type, others)
    active = [each for each in records.values() if each.archived_at_ms is None]
    right = accepted(transaction, portal_id, to_type, rule.rule, active)
    return frozenset(
        record_id
        for record_id, found in rows.items()
        if any(row.to_record_id in right for row in found)
    )


def _not_linked(_link: Linked) -> bool:
    """Filters of lists make no condition that asks for it."""
    raise AssertionError
