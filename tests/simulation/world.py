"""A portal as plain dictionaries: what a step makes of it, without storage, indexes or plans.

Written from what the operations promise. Records are known by handles, because the id of a record
that nobody was told of is not known. A world is never changed once it was handed on: a step works
on a copy.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from tests.operations.association_scene import COMPANIES
from tests.storage.scene import CONTACTS

TYPES: Final = (CONTACTS, COMPANIES)

MARK, CODE, NOTE, WORD = "mark", "code", "note", "word"
"""Own properties of both types: who made a record, a unique value, and two texts."""

EMAIL, FURTHER = "email", "hs_additional_emails"
COMPANY_ID, CONTACT_COUNT = "associatedcompanyid", "num_associated_contacts"
OWN_NAMES: Final = frozenset({MARK, CODE, NOTE, WORD})
FOLLOWING: Final = {CONTACTS: COMPANY_ID, COMPANIES: CONTACT_COUNT}
"""The property of each type whose value follows from associations."""

UNIQUE: Final = {CONTACTS: (CODE, EMAIL), COMPANIES: (CODE,)}
FLAGGED: Final = frozenset({CODE})
"""What a batch update takes as `idProperty`."""

_NOT_FILLED: Final = frozenset({FURTHER, CONTACT_COUNT})
"""Calculated: a merge takes them from nobody."""

OWN_SIGN: Final = "x_"
"""The names of properties that are defined on the way begin so."""

_HANDLE_SIGN: Final = "@"


class Entry(NamedTuple):
    """One write of the history of a record, as far as the properties here go."""

    at_ms: int
    changed: dict[str, str]


@dataclass(frozen=True, slots=True)
class Thing:
    """A record. values: "" for a cleared one; `@handle` for the id of another record."""

    type_id: str
    values: dict[str, str]
    created_at_ms: int
    updated_at_ms: int
    is_archived: bool = False
    writes: tuple[Entry, ...] = ()

    @property
    def further(self) -> list[str]:
        """The further addresses, in order."""
        return [each for each in self.values.get(FURTHER, "").split(";") if each]

    def held(self) -> Iterator[tuple[str, str]]:
        """The unique values by which it is found while it is active."""
        for name in UNIQUE[self.type_id]:
            if value := self.values.get(name):
                yield name, value
        for value in self.further:
            yield EMAIL, value


class RefusedError(Exception):
    """The call, or one input of it, is refused; the text is the name of the problem."""

    @property
    def kind(self) -> str:
        """The name of the problem's class."""
        return str(self.args[0])


@dataclass(slots=True)
class World:
    """All that is in a portal.

    ids: by handle, of records that are gone too; a handle without one is of a record whose id
    nobody was told. handles: the other way round. merged: handle of a record that was merged away,
    and where it went. links: (contact, company). primary: the company of each contact that has one.
    lists: handles of the members. names: the active properties that may be written, by object type.
    """

    things: dict[str, Thing] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    handles: dict[int, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    links: frozenset[tuple[str, str]] = frozenset()
    primary: dict[str, str] = field(default_factory=dict)
    lists: dict[int, frozenset[str]] = field(default_factory=dict)
    names: dict[str, frozenset[str]] = field(default_factory=dict)

    def copy(self) -> "World":
        """One that may be changed."""
        return World(
            dict(self.things),
            dict(self.ids),
            dict(self.handles),
            dict(self.merged),
            self.links,
            dict(self.primary),
            dict(self.lists),
            dict(self.names),
        )

    # --- finding -----------------------------------------------------------------------------

    def handle_of(self, record_id: str) -> str | None:
        """Whose id that is, of records that are gone too."""
        return self.handles.get(int(record_id)) if record_id.isdecimal() else None

    def find(self, type_id: str, record_id: str) -> str | None:
        """The handle of the record of that type with its own id, archived or not."""
        handle = self.handle_of(record_id)
        thing = self.things.get(handle or "")
        return handle if thing is not None and thing.type_id == type_id else None

    def forward(self, type_id: str, record_id: str) -> str | None:
        """As `find`; a record that was merged away is found where it went."""
        handle = self.handle_of(record_id)
        handle = self.merged.get(handle, handle) if handle else None
        thing = self.things.get(handle or "")
        return handle if thing is not None and thing.type_id == type_id else None

    def active(self, handle: str | None) -> bool:
        """Whether there is such a record and it is not archived."""
        return handle in self.things and not self.things[handle].is_archived

    def actives(self, type_id: str) -> list[str]:
        """The active records of a type."""
        return [
            handle
            for handle, each in self.things.items()
            if each.type_id == type_id and not each.is_archived
        ]

    def holder(self, type_id: str, name: str, value: str) -> str | None:
        """The active record that has a unique value."""
        if name == EMAIL:
            value = value.strip().lower()
        for handle, each in self.things.items():
            if each.type_id == type_id and not each.is_archived and (name, value) in each.held():
                return handle
        return None

    def is_merged_away(self, type_id: str, record_id: str) -> bool:
        """Whether the record with that id lives on in another."""
        handle = self.handle_of(record_id)
        survivor = self.things.get(self.merged.get(handle or "", ""))
        return survivor is not None and survivor.type_id == type_id

    # --- binding ids -------------------------------------------------------------------------

    def bind(self, handle: str, record_id: int) -> bool:
        """Whether the record may have that id; from then on it has it."""
        if handle in self.ids:
            return self.ids[handle] == record_id
        if record_id in self.handles:
            return False
        self.ids[handle] = record_id
        self.handles[record_id] = handle
        return True

    def bind_text(self, expected: str, told: str) -> bool:
        """Whether a value is as expected; the id of a record may be told by it for the first time.

        None and an empty text are the same.
        """
        if expected.startswith(_HANDLE_SIGN):
            return told.isdecimal() and self.bind(expected.removeprefix(_HANDLE_SIGN), int(told))
        return expected == told

    # --- writing -----------------------------------------------------------------------------

    def put(
        self, handle: str, changed: Mapping[str, str], now_ms: int, *, again: bool = False
    ) -> None:
        """One write of a record: values, the time of it, and an entry of the history.

        again: it was written by the same call before, and has one entry for both.
        """
        thing = self.things[handle]
        at_ms = max(thing.updated_at_ms, now_ms)
        earlier = thing.writes[:-1] if again else thing.writes
        before = thing.writes[-1].changed if again else {}
        self.things[handle] = replace(
            thing,
            values={**thing.values, **changed},
            updated_at_ms=at_ms,
            writes=(*earlier, Entry(at_ms, {**before, **changed})),
        )

    def add(self, handle: str, type_id: str, values: Mapping[str, str], now_ms: int) -> None:
        """A new record; nobody is associated with a new company."""
        if type_id == COMPANIES:
            values = {**values, CONTACT_COUNT: "0"}
        kept = {name: text for name, text in values.items() if text}
        entry = Entry(now_ms, dict(kept))
        self.things[handle] = Thing(type_id, kept, now_ms, now_ms, writes=(entry,))

    def check_free(
        self, type_id: str, handle: str | None, values: Mapping[str, str], mains: "Mains"
    ) -> None:
        """RefusedError where one of the unique values belongs to another record.

        mains: which values were main addresses before the call; a new record with one of them is a
        conflict.
        """
        for name, value in values.items():
            if name not in UNIQUE[type_id] or not value:
                continue
            holder = self.holder(type_id, name, value)
            if holder in (None, handle):
                continue
            is_conflict = handle is None and name == EMAIL and value in mains
            raise RefusedError("RecordExists" if is_conflict else "UniqueValueTaken")

    def mains(self, type_id: str) -> "Mains":
        """The main addresses of the active records."""
        return frozenset(self.things[each].values.get(EMAIL, "") for each in self.actives(type_id))

    def changes(self, handle: str, given: Mapping[str, str]) -> dict[str, str]:
        """The values that differ from the record's.

        A further address that becomes the main one changes places with it.
        """
        thing = self.things[handle]
        changed = {name: text for name, text in given.items() if text != thing.values.get(name, "")}
        main = changed.get(EMAIL)
        if main and main in thing.further:
            before = thing.values.get(EMAIL, "")
            swapped = (before if each == main else each for each in thing.further)
            changed[FURTHER] = ";".join(filter(None, swapped))
        return changed

    def archive(self, handle: str) -> None:
        """Takes an active record out of sight and out of its lists."""
        self.things[handle] = replace(self.things[handle], is_archived=True)
        self._leave_lists({handle})

    def unarchive(self, handle: str) -> None:
        """Makes an archived record active again; it is in no list."""
        self.things[handle] = replace(self.things[handle], is_archived=False)

    def erase(self, handle: str) -> None:
        """Nothing is left, of what went into it neither."""
        del self.things[handle]
        self.links = frozenset(each for each in self.links if handle not in each)
        self.primary = {
            contact: company
            for contact, company in self.primary.items()
            if handle not in (contact, company)
        }
        self.merged = {old: new for old, new in self.merged.items() if new != handle}
        self._leave_lists({handle})

    def _leave_lists(self, handles: set[str]) -> None:
        self.lists = {key: members - handles for key, members in self.lists.items()}

    def link(self, contact: str, company: str) -> None:
        """Associates two active records; a contact without primary company gets it as such."""
        self.links |= {(contact, company)}
        if not self.active(self.primary.get(contact)):
            self.primary[contact] = company

    def unlink(self, contact: str, company: str) -> None:
        """Ends all there is between two records."""
        self.links -= {(contact, company)}
        if self.primary.get(contact) == company:
            del self.primary[contact]

    def merge(self, primary: str, other: str, new: str, now_ms: int) -> None:
        """Both become a new record: what the primary one lacks comes from the other."""
        one, two = self.things[primary], self.things[other]
        values = dict(one.values)
        for name, text in two.values.items():
            if text and not values.get(name) and name not in _NOT_FILLED:
                values[name] = text
        main = values.get(EMAIL, "")
        texts = dict.fromkeys([*one.further, two.values.get(EMAIL, ""), *two.further])
        if further := [each for each in texts if each not in ("", main)]:
            values[FURTHER] = ";".join(further)
        at_ms = max(now_ms, one.updated_at_ms, two.updated_at_ms)
        created_at_ms = min(one.created_at_ms, two.created_at_ms)
        entry = Entry(at_ms, dict(values))
        self.things[new] = Thing(one.type_id, values, created_at_ms, at_ms, writes=(entry,))
        self._move_links(primary, other, new)
        for each in (primary, other):
            del self.things[each]
        self.merged = {
            old: new if survivor in (primary, other) else survivor
            for old, survivor in self.merged.items()
        } | {primary: new, other: new}
        self.lists = {
            key: members - {primary, other} | {new} if members & {primary, other} else members
            for key, members in self.lists.items()
        }

    def _move_links(self, primary: str, other: str, new: str) -> None:
        def moved(handle: str) -> str:
            return new if handle in (primary, other) else handle

        # Of two primary companies that of the primary contact stays, unless it alone is archived.
        companies = [self.primary.pop(each, None) for each in (primary, other)]
        if companies[0] and companies[1] and not self.active(companies[0]):
            companies.sort(key=self.active, reverse=True)
        company = companies[0] or companies[1]
        if company is not None:
            self.primary[new] = company
        self.primary = {contact: moved(company) for contact, company in self.primary.items()}
        self.links = frozenset((moved(contact), moved(company)) for contact, company in self.links)

    def let_follow(self, now_ms: int) -> None:
        """Gives active records the values that follow from their associations."""
        counts: dict[str, int] = {}
        for contact, company in self.links:
            if self.active(contact):
                counts[company] = counts.get(company, 0) + 1
        for handle, each in list(self.things.items()):
            if each.is_archived:
                continue
            if each.type_id == CONTACTS:
                company = self.primary.get(handle, "")
                text = _HANDLE_SIGN + company if self.active(company) else ""
            else:
                text = str(counts.get(handle, 0))
            name = FOLLOWING[each.type_id]
            before = each.values.get(name, "")
            if text != before and not (text == "0" and not before):
                self.put(handle, {name: text}, now_ms)


Mains = frozenset[str]
"""Main addresses."""


def names_written(type_id: str) -> frozenset[str]:
    """The properties of a type that may be written from the beginning."""
    return OWN_NAMES | {EMAIL} if type_id == CONTACTS else OWN_NAMES


def told_names(type_id: str, names: Iterable[str] = ()) -> list[str]:
    """All properties of a type that the worlds know of, ascending. names: further ones."""
    more = {EMAIL, FURTHER} if type_id == CONTACTS else set()
    return sorted({*names, *OWN_NAMES, FOLLOWING[type_id], *more})


def known(type_id: str, values: Mapping[str, str]) -> dict[str, str]:
    """Those values that the worlds know of."""
    names = told_names(type_id)
    return {
        name: text for name, text in values.items() if name in names or name.startswith(OWN_SIGN)
    }
