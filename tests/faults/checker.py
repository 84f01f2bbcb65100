"""Compares what is in the database with what the clients know."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from operator import itemgetter

from moyeu.crm.history import RecordWrite
from moyeu.crm.merging import MERGED_IDS
from tests.faults.agreement import disagreements
from tests.faults.contents import Found, read_database
from tests.faults.databases import Database
from tests.faults.ledger import Batch, Ledger, Verb
from tests.faults.portal import MARK
from tests.faults.promises import Replay


class Checker:
    """Looks at one database again and again; what it saw once must still be there."""

    def __init__(self, ledger: Ledger, complaints_max: int = 20) -> None:
        self._ledger = ledger
        self._complaints_max = complaints_max
        self._seen: list[RecordWrite] = []
        self._seen_merged: dict[int, int] = {}

    def check(self, database: Database) -> Found:
        """The contents; AssertionError listing everything that breaks a promise."""
        found = read_database(database)
        known = _Known(self._ledger, found)
        # Several writers at once cannot number their writes in the order of their commits.
        late = known.applied_late() if isinstance(database, str) else known.numbered_late()
        problems = [
            *self._ledger.unexpected,
            *disagreements(found),
            *known.broken_promises(),
            *late,
            *self._changed_past(found, known.erased),
        ]
        assert not problems, "\n".join(problems[: self._complaints_max])
        return found

    def _changed_past(self, found: Found, erased: set[int]) -> Iterator[str]:
        """History is only appended to, but for that of records that were erased."""
        now = {each.number: each for each in found.writes}
        for earlier in self._seen:
            survivor = self._seen_merged.get(earlier.record_id, earlier.record_id)
            if not erased.isdisjoint((earlier.record_id, survivor)):
                continue
            if earlier.number not in now:
                yield f"write {earlier.number} that was seen is gone"
            elif now[earlier.number] != earlier:
                yield f"write {earlier.number} was {earlier} and is {now[earlier.number]}"
        self._seen, self._seen_merged = found.writes, found.merged


class _Known:
    """What the clients know, held against what is found.

    erased: the records that are erased, with those that went into them.
    """

    def __init__(self, ledger: Ledger, found: Found) -> None:
        self._ledger = ledger
        self._found = found
        self._complaints: list[str] = []
        self._by_mark = self._marked()
        self._begun = {each.record_id: each for each in found.writes if not each.previous}
        self._removed = self._settle_removals()
        self.erased = self._erased()
        self._taken: defaultdict[Verb, set[int]] = defaultdict(set)
        self._surely_taken: defaultdict[Verb, set[int]] = defaultdict(set)
        for batch in ledger.batches:
            if batch.outcome != "refused":
                self._taken[batch.verb].update(batch.record_ids)
            if batch.outcome == "applied":
                self._surely_taken[batch.verb].update(batch.record_ids)

    def broken_promises(self) -> Iterator[str]:
        """What was acknowledged and is not there, or was refused and is, or is there in part."""
        yield from self._complaints
        for batch in self._ledger.batches:
            yield from self._broken_by(batch)
        yield from self._label_ids_given_again()
        replay = Replay(self._ledger, self._found, self.erased, self._record_ids)
        yield from replay.broken_promises()

    def numbered_late(self) -> Iterator[str]:
        """Batches with a number below those of one that had been answered before they were sent."""
        applied_to = [0]
        for batch in self._ledger.acknowledged:
            numbers = [each.number for each in self._writes(batch)]
            applied_to.append(max([applied_to[-1], *numbers]))
        for batch in self._ledger.batches:
            writes = self._writes(batch)
            before = applied_to[batch.sent_after]
            if writes and min(each.number for each in writes) <= before:
                yield f"{batch.name} was applied before one that had been answered earlier"

    def applied_late(self) -> Iterator[str]:
        """The same by record: a batch that was sent later has to find what was answered before."""
        # By record, how many had been answered and which number the record had come to.
        answered: defaultdict[int, list[tuple[int, int]]] = defaultdict(lambda: [(0, 0)])
        for count, batch in enumerate(self._ledger.acknowledged, 1):
            for each in self._writes(batch):
                highest = max(each.number, answered[each.record_id][-1][1])
                answered[each.record_id].append((count, highest))
        for batch in self._ledger.batches:
            for each in self._writes(batch):
                of_record = answered[each.record_id]
                place = bisect_right(of_record, batch.sent_after, key=itemgetter(0))
                if each.number <= of_record[place - 1][1]:
                    yield f"{batch.name} was applied before one that had been answered earlier"

    def _label_ids_given_again(self) -> Iterator[str]:
        given: dict[int, Batch] = {}
        for batch in self._ledger.batches:
            for each in batch.answered_ids if batch.verb == "add_label" else ():
                if each in given:
                    yield f"{batch.name} was answered {each}, as {given[each].name} was"
                given[each] = batch

    def _broken_by(self, batch: Batch) -> Iterator[str]:
        match batch.verb:
            case "create" | "update" | "upsert":
                yield from self._misfits(batch)
            case "merge":
                yield from self._broken_merge(batch)
            case "archive":
                yield from _in_part(batch, [self._is_archived(each) for each in self._told(batch)])
            case "erase":
                gone = [not self._is_there(each) for each in self._told(batch)]
                yield from _in_part(batch, gone)
            case "add_stage" | "remove_stage" | "add_label" | "remove_label":
                yield from self._broken_definition(batch)

    def _told(self, batch: Batch) -> list[int]:
        """The records by which one can tell whether the batch was carried out.

        None that were erased later, of a refused batch none that another one like it took, and of
        an open one none that another one took for sure: a client goes on with the records of a
        call that was cut off.
        """
        told = set(batch.record_ids)
        if batch.verb != "erase" or batch.outcome == "refused":
            told -= self.erased
        if batch.outcome == "refused":
            told -= self._taken[batch.verb]
        elif batch.is_open:
            told -= self._surely_taken[batch.verb]
        return sorted(told)

    def _is_archived(self, record_id: int) -> bool:
        record = self._found.everything.get(record_id)
        return record is not None and record.archived_at_ms is not None

    # --- writes by mark ----------------------------------------------------------------------

    def _marked(self) -> dict[str, RecordWrite]:
        by_mark: dict[str, RecordWrite] = {}
        for write in self._found.writes:
            mark = write.changed.get(MARK)
            # A merge begins with the values of the primary record, its mark among them.
            if mark is None or MERGED_IDS in write.changed:
                continue
            if mark in by_mark:
                self._complaints.append(
                    f"{mark} was applied twice: {by_mark[mark].number} and {write.number}"
                )
            by_mark[mark] = write
        return by_mark

    def _writes(self, batch: Batch) -> list[RecordWrite]:
        """The writes of a batch, of a merge the first one of what it made."""
        if batch.verb == "merge":
            return [self._begun[each] for each in batch.answered_ids if each in self._begun]
        return [self._by_mark[each.mark] for each in batch.inputs if each.mark in self._by_mark]

    def _misfits(self, batch: Batch) -> Iterator[str]:
        written = [
            each.mark in self._by_mark
            for number, each in enumerate(batch.inputs)
            if self._record_id(batch, number) not in self.erased
        ]
        yield from _in_part(batch, written)
        for number, sent in enumerate(batch.inputs):
            write = self._by_mark.get(sent.mark)
            if write is None:
                continue
            wrong = {key for key, value in sent.values.items() if write.changed.get(key) != value}
            if wrong:
                yield f"{sent.mark} was written with other values of {sorted(wrong)}"
            if sent.record_id and write.record_id != sent.record_id:
                yield f"{sent.mark} was written to {write.record_id} instead of {sent.record_id}"
            if batch.answered_ids and write.record_id != batch.answered_ids[number]:
                answered = batch.answered_ids[number]
                yield f"{sent.mark} was answered as {answered}, is {write.record_id}"
        if batch.is_open:
            ids = [each.record_id for each in self._writes(batch)]
            batch.settle(applied=bool(ids), ids=ids)

    def _record_id(self, batch: Batch, number: int) -> int:
        return batch.answered_ids[number] if batch.answered_ids else batch.inputs[number].record_id

    def _record_ids(self, batch: Batch) -> list[int]:
        """Those of the records that inputs were written to, as far as they can be told."""
        if batch.answered_ids:
            return list(batch.answered_ids)
        return [each.record_id for each in self._writes(batch)]

    # --- merges, erasures, definitions ------------------------------------------------------------

    def _broken_merge(self, batch: Batch) -> Iterator[str]:
        told = self._told(batch)
        if batch.outcome != "refused" and len(told) < len(batch.record_ids):
            return
        merged = self._found.merged
        yield from _in_part(batch, [each in merged for each in told])
        survivors = {merged[each] for each in told if each in merged}
        expected = {self._found.survivor(each) for each in batch.answered_ids}
        if len(survivors) > 1 or (batch.answered_ids and survivors != expected):
            yield f"{batch.name} was answered as {expected}, its records are {survivors}"
        batch.settle(applied=bool(survivors), ids=sorted(survivors))

    def _erased(self) -> set[int]:
        erased: set[int] = set()
        for batch in reversed(self._ledger.batches):
            if batch.verb == "erase":
                batch.settle(applied=not self._is_there(batch.record_ids[0]))
                erased.update(batch.record_ids if batch.outcome == "applied" else ())
            elif batch.verb == "merge" and not erased.isdisjoint(batch.answered_ids):
                erased.update(batch.record_ids)
        return erased

    def _is_there(self, record_id: int) -> bool:
        return record_id in self._found.everything or record_id in self._found.merged

    def _settle_removals(self) -> set[str]:
        verbs = ("remove_stage", "remove_label")
        removals = [each for each in self._ledger.batches if each.verb in verbs]
        for batch in removals:
            batch.settle(applied=not self._found.is_defined(batch.definition))
        return {each.definition for each in removals if each.outcome == "applied"}

    def _broken_definition(self, batch: Batch) -> Iterator[str]:
        is_there = self._found.is_defined(batch.definition)
        if batch.verb in ("remove_stage", "remove_label"):
            again = batch.outcome == "refused" and batch.definition in self._removed
            yield from _in_part(batch, [] if again else [not is_there])
        elif batch.definition not in self._removed:
            yield from _in_part(batch, [is_there])
            batch.settle(applied=is_there)


def _in_part(batch: Batch, carried_out: list[bool]) -> Iterator[str]:
    """Whether the parts of a batch are there as its outcome says; open ones are there all or none.

    The open outcome of an archive is settled by it.
    """
    count, of = sum(carried_out), len(carried_out)
    if batch.outcome == "applied" and count != of:
        yield f"{batch.name} was acknowledged, {of - count} of its {of} inputs are lost"
    if batch.outcome == "refused" and count:
        yield f"{batch.name} was refused, but {count} inputs were applied"
    if batch.is_open and count not in (0, of):
        yield f"{batch.name} is there in part: {count} of {of} inputs"
    if batch.verb == "archive":
        batch.settle(applied=bool(count))
