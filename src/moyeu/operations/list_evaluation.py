"""Carries the filters of lists out: who joins and who leaves, in parts.

It is done when a list is read, as far as anything can have changed since. After writes the records
written are judged, and those that look at them; after a change of the filters, of the definitions,
of the minute that relative moments count from, of associations or of other lists that a rule looks
at, every record is.

All records are looked at in parts of ascending ids, each in a turn of the writer; how far that has
come is kept with the list, so that whoever reads it meanwhile goes on by the same rule. What is
written meanwhile has a number above the one that was the last at the beginning, and is looked at
again at the end.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from moyeu.crm.lists.conditions import rule_of
from moyeu.crm.lists.conversions import converted
from moyeu.crm.lists.definitions import Evaluation, ListDefinition, with_members_changed
from moyeu.crm.lists.filters import PropertiesOf, read_filters
from moyeu.crm.lists.rules import (
    Rule,
    condition_of,
    digest_of,
    lists_named,
    types_named,
)
from moyeu.crm.problems import Problem, RecordsLocked
from moyeu.crm.search.conditions import Condition
from moyeu.operations.list_judging import accepted, related_mark, touched
from moyeu.operations.turns import write_in_turn
from moyeu.storage.contract import ReadTransaction, Store, StoreFullError, WriteTransaction

_log = logging.getLogger("moyeu.operations")

_PART_RECORDS: Final = 2_000
_PART_FOUND: Final = 10_000
"""Records of one turn: when the turn judges them, and when a search has found them before."""
_PART_WRITES: Final = 20_000
"""Entries of the history that one turn walks."""
_TOGETHER: Final = 16
"""Lists that take turns beside one another, so that one commit has many of them."""


def properties_by_type(transaction: ReadTransaction, portal_id: int) -> PropertiesOf:
    """Looks properties of object types up in the definitions that the transaction sees."""
    types = transaction.object_types(portal_id)
    return lambda type_id: (
        None
        if types.by_id(type_id) is None
        else transaction.definitions(portal_id, type_id).properties
    )


async def bring_up_to_date(
    store: Store, portal_id: int, list_ids: Iterable[int], now_ms: int
) -> None:
    """Lets everyone join and leave these lists who has to, and makes due ones static.

    Where the writer's turn does not come in time, or no space is left for what changes, the lists
    stay as they were and are read so: HubSpot's own are behind, too.
    """

    def stale(transaction: ReadTransaction) -> _Need:
        return _in_need(transaction, portal_id, list_ids, now_ms)

    need = await store.read(stale)
    for begin in range(0, len(need.alone), _TOGETHER):
        some = need.alone[begin : begin + _TOGETHER]
        await asyncio.gather(*(_carry_out(store, portal_id, each, now_ms) for each in some))
    for list_id in need.ordered:
        await _carry_out(store, portal_id, list_id, now_ms)


@dataclass(frozen=True, slots=True)
class _Need:
    """Lists that may have to change.

    alone: those that look at no other one. ordered: the others, each after those it looks at.
    """

    alone: list[int] = field(default_factory=list)
    ordered: list[int] = field(default_factory=list)


def _in_need(
    transaction: ReadTransaction, portal_id: int, list_ids: Iterable[int], now_ms: int
) -> _Need:
    """Those of the lists, and of the lists that they look at, that may have to change.

    A list that looks at one that has to change may have to itself. In a circle of lists each sees
    what the others were.
    """
    last = transaction.last_write(portal_id)
    need, judged, found = _Need(), set[int](), set[int]()
    rules: dict[int, Rule | None] = {}
    # A walk with a stack of its own: chains of lists may be longer than Python's.
    open_lists = list(transaction.lists(portal_id, list(list_ids)).values())[::-1]
    while open_lists:
        definition = open_lists[-1]
        if definition.id not in rules:
            rule = rules[definition.id] = _rule(transaction, portal_id, definition, now_ms)
            named = frozenset() if rule is None else lists_named(rule) - rules.keys()
            open_lists += transaction.lists(portal_id, sorted(named)).values()
            continue
        open_lists.pop()
        rule = rules[definition.id]
        if definition.id in judged:
            continue
        judged.add(definition.id)
        named = frozenset() if rule is None else lists_named(rule)
        waits = not named.isdisjoint(found)
        if waits or _is_stale(transaction, portal_id, definition, rule, last, now_ms):
            found.add(definition.id)
            (need.ordered if named else need.alone).append(definition.id)
    return need


def _is_stale(
    transaction: ReadTransaction,
    portal_id: int,
    definition: ListDefinition,
    rule: Rule | None,
    last: int,
    now_ms: int,
) -> bool:
    if converted(definition, now_ms) is not None:
        return True
    if rule is None:
        return False
    evaluation = definition.evaluation
    if evaluation.scan_from is not None:
        return True
    if definition.processing_type != "DYNAMIC":
        return False
    if evaluation.seen_write < last or evaluation.digest != digest_of(rule):
        return True
    return evaluation.seen_related < related_mark(transaction, portal_id, rule)


def _rule(
    transaction: ReadTransaction, portal_id: int, definition: ListDefinition, now_ms: int
) -> Rule | None:
    """The rule of a list that has one now, None for others and where it cannot be carried out.

    A snapshot is what the filters meant when it was made.
    """
    if definition.is_deleted or definition.filter_branch is None:
        return None
    if definition.processing_type != "DYNAMIC" and definition.is_evaluated:
        return None
    properties_of = properties_by_type(transaction, portal_id)
    type_id = definition.object_type_id
    branch = read_filters(msgspec.json.decode(definition.filter_branch), type_id, properties_of)
    if isinstance(branch, Problem):
        # A property that the filters are about has been archived since.
        return None
    moment_ms = now_ms if definition.processing_type == "DYNAMIC" else definition.created_at_ms
    return rule_of(branch, type_id, properties_of, moment_ms)


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a turn has come.

    condition: by which the next part can be searched for. goal: the `related_mark` that the list
    has to take into account, as it was in the first turn; later changes are later readers'.
    """

    digest: str
    from_id: int
    object_type_id: str
    condition: Condition | None
    goal: int


@dataclass(frozen=True, slots=True)
class _FoundPart:
    """What a search found from a place on, up to an id; None for the end."""

    place: _Place
    ids: Sequence[int]
    last_id: int | None


async def _carry_out(store: Store, portal_id: int, list_id: int, now_ms: int) -> None:
    goal: int | None = None
    part: _FoundPart | None = None
    while True:
        try:
            place = await write_in_turn(store, _Turn(portal_id, list_id, now_ms, goal, part))
        except StoreFullError:
            _log.warning("no space is left to bring list %s up to date: read as it was", list_id)
            return
        if place is None or isinstance(place, RecordsLocked):
            return
        goal = place.goal
        part = await _search(store, portal_id, place)


async def _search(store: Store, portal_id: int, place: _Place) -> _FoundPart | None:
    """The next part as the search machinery finds it, beside the writer."""
    if place.condition is None:
        return None
    ids = await store.matching_ids(
        portal_id, place.object_type_id, place.condition, place.from_id, _PART_FOUND
    )
    return _FoundPart(place, ids, ids[-1] if len(ids) == _PART_FOUND else None)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One turn of the writer; goal: see `_Place`, None in the first turn of a reader."""

    portal_id: int
    list_id: int
    now_ms: int
    goal: int | None
    part: _FoundPart | None

    def __call__(self, transaction: WriteTransaction) -> _Place | None:
        """Does one part; where to go on, None at the end."""
        definition = transaction.lists(self.portal_id, [self.list_id]).get(self.list_id)
        if definition is None:
            return None
        moment_ms = self._moment_ms(definition.evaluation)
        rule = _rule(transaction, self.portal_id, definition, moment_ms)
        if rule is None:
            self._keep(transaction, definition, converted(definition, self.now_ms) or definition)
            return None
        mark = related_mark(transaction, self.portal_id, rule)
        goal = mark if self.goal is None else self.goal
        last = transaction.last_write(self.portal_id)
        begun = Evaluation(digest_of(rule), 0, last, moment_ms, mark)
        moved = self._move(transaction, definition, rule, begun, goal)
        is_done = _has_seen(moved, last, goal)
        if is_done:
            moved = converted(moved, self.now_ms) or moved
        self._keep(transaction, definition, moved)
        if is_done:
            return None
        evaluation = moved.evaluation
        from_id, type_id = evaluation.scan_from, moved.object_type_id
        condition = None if from_id is None else condition_of(rule)
        return _Place(evaluation.digest, from_id or 0, type_id, condition, goal)

    def _moment_ms(self, evaluation: Evaluation) -> int:
        """The now of the rule: the reader's own in its first turn, then that of whoever began last.

        Readers in different minutes would else begin again after one another without end.
        """
        is_first = self.goal is None or not evaluation.digest
        return self.now_ms if is_first else evaluation.moment_ms

    def _keep(
        self, transaction: WriteTransaction, before: ListDefinition, after: ListDefinition
    ) -> None:
        if after != before:
            transaction.put_list(self.portal_id, after)

    def _move(
        self,
        transaction: WriteTransaction,
        definition: ListDefinition,
        rule: Rule,
        begun: Evaluation,
        goal: int,
    ) -> ListDefinition:
        """The list after one part; begun: its evaluation if that has to begin now."""
        evaluation = definition.evaluation
        is_scanned = evaluation.scan_from is None
        has_to_begin = evaluation.digest != begun.digest or (
            is_scanned
            and definition.processing_type == "DYNAMIC"
            and evaluation.seen_related < goal
        )
        if not has_to_begin and is_scanned:
            return self._judge_written(transaction, definition, rule, begun)
        if has_to_begin:
            definition = replace(definition, evaluation=begun)
        if condition_of(rule) is None:
            return self._judge_part(transaction, definition, rule)
        # What a search finds from now on is not older than the numbers that were seen.
        return definition if has_to_begin else self._take_part(transaction, definition)

    def _take_part(
        self, transaction: WriteTransaction, definition: ListDefinition
    ) -> ListDefinition:
        """Takes over what a search found, if it is what comes next."""
        evaluation, part = definition.evaluation, self.part
        if part is None or (part.place.digest, part.place.from_id) != (
            evaluation.digest,
            evaluation.scan_from,
        ):
            return definition
        return self._replace(transaction, definition, part.place.from_id, part.last_id, part.ids)

    def _judge_part(
        self, transaction: WriteTransaction, definition: ListDefinition, rule: Rule
    ) -> ListDefinition:
        """Judges the next records by id."""
        type_id, from_id = definition.object_type_id, definition.evaluation.scan_from or 0
        page = transaction.page(self.portal_id, type_id, from_id, _PART_RECORDS, archived=False)
        ids = accepted(transaction, self.portal_id, type_id, rule, page)
        last_id = page[-1].record_id if len(page) == _PART_RECORDS else None
        return self._replace(transaction, definition, from_id, last_id, sorted(ids))

    def _replace(
        self,
        transaction: WriteTransaction,
        definition: ListDefinition,
        from_id: int,
        last_id: int | None,
        ids: Sequence[int],
    ) -> ListDefinition:
        """Makes those of the range the members that were found in it."""
        left = transaction.leave_range(self.portal_id, self.list_id, from_id, last_id, ids)
        joined = self._join(transaction, definition, ids)
        evaluation = replace(
            definition.evaluation, scan_from=None if last_id is None else last_id + 1
        )
        moved = replace(definition, evaluation=evaluation)
        return self._counted(transaction, moved, joined=joined, left=left)

    def _judge_written(
        self,
        transaction: WriteTransaction,
        definition: ListDefinition,
        rule: Rule,
        begun: Evaluation,
    ) -> ListDefinition:
        """Judges records that were written since, and those that look at them."""
        type_id, seen = definition.object_type_id, definition.evaluation.seen_write
        if definition.processing_type != "DYNAMIC" or seen == begun.seen_write:
            return definition
        until = min(begun.seen_write, seen + _PART_WRITES)
        types = sorted({type_id} | types_named(rule))
        rows = transaction.written_between(self.portal_id, types, seen, until, _PART_RECORDS)
        reached = rows[-1][0] if len(rows) == _PART_RECORDS else until
        written: defaultdict[str, set[int]] = defaultdict(set)
        for _, written_type_id, record_id in rows:
            written[written_type_id].add(record_id)
        judged = touched(transaction, self.portal_id, type_id, rule, written, _PART_RECORDS)
        if judged is None:
            return replace(definition, evaluation=begun)
        evaluation = replace(definition.evaluation, seen_write=reached)
        moved = replace(definition, evaluation=evaluation)
        return self._judge(transaction, moved, rule, sorted(judged))

    def _judge(
        self,
        transaction: WriteTransaction,
        definition: ListDefinition,
        rule: Rule,
        record_ids: Sequence[int],
    ) -> ListDefinition:
        """Lets those of the records join and leave that have to."""
        type_id = definition.object_type_id
        found = transaction.records(self.portal_id, type_id, record_ids)
        active = [each for each in found.values() if each.archived_at_ms is None]
        ids = accepted(transaction, self.portal_id, type_id, rule, active)
        leaving = [each for each in record_ids if each not in ids]
        left = len(transaction.leave_list(self.portal_id, self.list_id, leaving))
        joined = self._join(transaction, definition, sorted(ids))
        return self._counted(transaction, definition, joined=joined, left=left)

    def _join(
        self, transaction: WriteTransaction, definition: ListDefinition, ids: Sequence[int]
    ) -> int:
        type_id = definition.object_type_id
        return len(transaction.join_list(self.portal_id, self.list_id, type_id, ids, self.now_ms))

    def _counted(
        self, transaction: WriteTransaction, definition: ListDefinition, *, joined: int, left: int
    ) -> ListDefinition:
        if not joined and not left:
            return definition
        size = transaction.list_sizes(self.portal_id, [self.list_id])[self.list_id]
        return with_members_changed(definition, size, self.now_ms, joined=joined, left=left)


def _has_seen(definition: ListDefinition, last: int, goal: int) -> bool:
    """Whether all records were looked at, after the last write and the related changes too."""
    evaluation = definition.evaluation
    if evaluation.scan_from is not None or definition.processing_type != "DYNAMIC":
        return evaluation.scan_from is None
    return evaluation.seen_write >= last and evaluation.seen_related >= goal
