"""What the clients know of associations and members of lists, played again call by call.

A contact belongs to one client at a time, so the calls on it have one order. What is not known,
because a call was cut off and later ones hide what became of it, stays open and is not compared.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TypeVar

from tests.faults.contents import Found
from tests.faults.ledger import Batch, Ledger, Link, Way
from tests.faults.portal import BILLING, COMPANIES_ID, CONTACTS_ID, DEFAULT, PRIMARY

T = TypeVar("T")

UNKNOWN = -1
"""Stands for a company that nobody can name."""


@dataclass(slots=True)
class Contact:
    """What has to be there of one contact.

    is_whole: whether all of it is known, from its create on. companies: by company and type whether
    it is there, None for unknown; but for the primary type. primary: the id of the company, None
    for none. lists: whether it is in them.
    """

    is_whole: bool = False
    companies: dict[int, dict[Way, bool | None]] = field(default_factory=dict)
    primary: int | None = UNKNOWN
    lists: dict[int, bool | None] = field(default_factory=dict)

    @property
    def otherwise(self) -> bool | None:
        """Whether what is not named is there."""
        return False if self.is_whole else None


class Replay:
    """The calls of a ledger held against what is found; those that are open are settled by it.

    All calls but those on links and lists must have been settled before. record_ids: those of the
    inputs of a batch, in their order.
    """

    def __init__(
        self,
        ledger: Ledger,
        found: Found,
        erased: set[int],
        record_ids: Callable[[Batch], list[int]],
    ) -> None:
        self._batches = [each for each in ledger.batches if each.outcome != "refused"]
        self._erased = erased
        self._record_ids = record_ids
        self._found = found
        self._linked = found.linked()
        self._members = found.members()
        self._contacts: dict[int, Contact] = {}
        self._last_touch: dict[int, Batch] = {}
        for batch in self._batches:
            for each in _contacts_of(batch):
                self._last_touch[each] = batch

    def broken_promises(self) -> Iterator[str]:
        """Of what was acknowledged, in words."""
        for batch in self._batches:
            match batch.verb:
                case "create" | "upsert":
                    self._make(batch)
                case "merge":
                    self._merge(batch)
                case _ if _is_ours(batch):
                    if batch.is_open:
                        yield from self._settle(batch)
                    else:
                        self._apply(batch, self._contacts)
        for contact_id in sorted(self._contacts.keys() - self._erased):
            yield from self._conflicts(contact_id, self._contacts[contact_id])

    # --- what calls do -----------------------------------------------------------------------

    def _make(self, batch: Batch) -> None:
        for record_id, each in zip(self._record_ids(batch), batch.inputs, strict=False):
            if batch.type_id == CONTACTS_ID and not each.record_id:
                self._contacts[record_id] = Contact(True, primary=None)
            for target in each.targets:
                of_contact = batch.type_id == CONTACTS_ID
                pair = (record_id, target) if of_contact else (target, record_id)
                self._link(self._contacts, Link(*pair))

    def _apply(self, batch: Batch, contacts: dict[int, Contact]) -> None:
        for each in batch.links:
            if batch.verb in ("associate", "associate_default"):
                self._link(contacts, each)
            else:
                _unlink(contacts.setdefault(each.contact_id, Contact()), each)
        if batch.list_id:
            for record_id in batch.record_ids:
                contact = contacts.setdefault(record_id, Contact())
                contact.lists[batch.list_id] = batch.verb == "join"

    def _link(self, contacts: dict[int, Contact], link: Link) -> None:
        contact = contacts.setdefault(link.contact_id, Contact())
        ways = contact.companies.setdefault(link.company_id, {})
        ways.update({way: True for way in (DEFAULT, *link.ways) if way != PRIMARY})
        if PRIMARY in link.ways or contact.primary is None:
            contact.primary = link.company_id
        elif contact.primary != link.company_id and not self._was_active(contact.primary):
            contact.primary = UNKNOWN

    def _was_active(self, company_id: int) -> bool:
        """Whether it was active all the time; when an archived one was archived is not known."""
        return self._found.is_active(self._found.survivor(company_id))

    def _merge(self, batch: Batch) -> None:
        if len(batch.answered_ids) != 1:
            return
        (survivor,) = batch.answered_ids
        if batch.type_id == COMPANIES_ID:
            for contact in self._contacts.values():
                _merge_companies(contact, batch.record_ids, survivor)
            return
        first, second = (self._contacts.pop(each, Contact()) for each in batch.record_ids)
        self._contacts[survivor] = Contact(
            first.is_whole and second.is_whole,
            {
                each: _either(
                    first, second, first.companies.get(each, {}), second.companies.get(each, {})
                )
                for each in first.companies.keys() | second.companies.keys()
            },
            self._primary_of_both(first, second),
            _either(first, second, first.lists, second.lists),
        )

    def _primary_of_both(self, first: Contact, second: Contact) -> int | None:
        if first.primary is None or first.primary == second.primary:
            return second.primary
        if self._was_active(first.primary) or second.primary is None:
            return first.primary
        return UNKNOWN

    # --- calls without an answer -------------------------------------------------------------

    def _settle(self, batch: Batch) -> Iterator[str]:
        """Tells by those contacts that no later call is about; they all say the same."""
        touched = dict.fromkeys(_contacts_of(batch))
        before = {each: self._contacts.get(each, Contact()) for each in touched}
        after = deepcopy(before)
        self._apply(batch, after)
        votes = set()
        for each in touched:
            if self._last_touch[each] is batch and each not in self._erased:
                fits = [not any(self._conflicts(each, of[each])) for of in (before, after)]
                if fits[0] != fits[1]:
                    votes.add(fits[1])
        if len(votes) == 2:
            yield f"{batch.name} is there in part"
        elif votes:
            (applied,) = votes
            batch.settle(applied=applied)
            self._contacts.update(after if applied else before)
            return
        self._contacts.update({each: _blend(before[each], after[each]) for each in touched})

    # --- comparing ---------------------------------------------------------------------------

    def _conflicts(self, contact_id: int, contact: Contact) -> Iterator[str]:
        linked = self._linked.get(contact_id, {})
        for company, ways in contact.companies.items():
            there = linked.get(company, set())
            for way, expected in ways.items():
                if expected is not None and expected != (way in there):
                    fate = "is lost" if expected else "was removed, but is there"
                    yield f"{contact_id} and {company} are associated by {way}: that {fate}"
        primary = next((key for key, ways in linked.items() if PRIMARY in ways), None)
        if contact.primary not in (UNKNOWN, primary):
            yield f"the primary company of {contact_id} is {primary}, not {contact.primary}"
        for company, there in linked.items() if contact.is_whole else ():
            if stray := there - contact.companies.get(company, {}).keys() - {PRIMARY}:
                yield f"{contact_id} and {company}: nobody asked for {sorted(stray)}"
        if self._found.is_active(contact_id):
            for list_id, expected in contact.lists.items():
                is_in = contact_id in self._members.get(list_id, ())
                if expected is not None and expected != is_in:
                    fate = "was put there and is lost" if expected else "left, but is there"
                    yield f"{contact_id} in list {list_id}: it {fate}"


def _is_ours(batch: Batch) -> bool:
    return bool(batch.links or batch.list_id)


def _contacts_of(batch: Batch) -> Iterator[int]:
    if batch.type_id == CONTACTS_ID or batch.links:
        yield from batch.record_ids
        yield from (each.contact_id for each in batch.links)
    if batch.verb == "create" and batch.type_id == COMPANIES_ID:
        yield from (target for each in batch.inputs for target in each.targets)


def _unlink(contact: Contact, link: Link) -> None:
    ways = contact.companies.setdefault(link.company_id, {})
    takes_all = not link.ways or DEFAULT in link.ways
    known = {*ways, DEFAULT, BILLING}
    ways.update({way: False for way in (known if takes_all else link.ways) if way != PRIMARY})
    if (takes_all or PRIMARY in link.ways) and contact.primary == link.company_id:
        contact.primary = None


def _or(one: bool | None, other: bool | None) -> bool | None:
    if one or other:
        return True
    return None if None in (one, other) else False


def _either(
    first: Contact, second: Contact, one: dict[T, bool | None], other: dict[T, bool | None]
) -> dict[T, bool | None]:
    """What one of two contacts has that became one; one, other: a part of what is known of each."""
    return {
        key: _or(one.get(key, first.otherwise), other.get(key, second.otherwise))
        for key in one.keys() | other.keys()
    }


def _merge_companies(contact: Contact, ids: tuple[int, ...], survivor: int) -> None:
    if not contact.companies.keys().isdisjoint(ids):
        one, other = (contact.companies.pop(each, {}) for each in ids)
        contact.companies[survivor] = _either(contact, contact, one, other)
    if contact.primary in ids:
        contact.primary = survivor


def _blend(before: Contact, after: Contact) -> Contact:
    """What both have; the rest is not known."""

    def both(one: dict[T, bool | None], other: dict[T, bool | None]) -> dict[T, bool | None]:
        return {
            key: one.get(key) if one.get(key) == other.get(key) else None for key in one | other
        }

    return Contact(
        before.is_whole,
        {
            key: both(before.companies.get(key, {}), after.companies.get(key, {}))
            for key in before.companies | after.companies
        },
        before.primary if before.primary == after.primary else UNKNOWN,
        both(before.lists, after.lists),
    )
