"""A client that never runs out of batches: mixed kinds and sizes, from a seed.

Every client may write plain texts of every partner service, but the skus and stages of its own
share only; contacts and companies belong to the client that made or was given them, with their
associations and memberships. So no two clients want the same unique value, no record is merged
under another's hands, and no refusal is ever deserved.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from moyeu.crm.associations import AssociationSpec, InlineAssociation
from moyeu.crm.records import RecordInput
from moyeu.crm.search.requests import Filter
from tests.faults.ledger import Batch, Sent, Way
from tests.faults.pairs import Pairs
from tests.faults.portal import (
    COMPANIES_ID,
    COMPANY_TO_CONTACT,
    CONTACT_TO_COMPANY,
    CONTACTS_ID,
    FIRST_STAGE,
    MARK,
    NOTES,
    SERVICES_ID,
    SKU,
    STAGE,
)
from tests.faults.questions import Question, Search, by_ids

SIZES = (1, 1, 2, 5, 10, 20, 50, 100)
CREATE_SIZES = (1, 3, 10)
FEW = (1, 2, 4)
ASKED = 0.25
"""How often a client asks after a batch."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What upserts name a contact by. emails: the main one first; none of an archived contact."""

    emails: tuple[str, ...] = ()
    sku: str = ""


@dataclass(slots=True)
class Start:
    """What there is before the first batch of a client.

    skus, stages: of all partner services, by id. contacts, companies: those to be owned; archived
    contacts are among `archived`. targets: companies that nobody owns, which stay. linked: types by
    contact and company. members: contacts by list. labels: by name.
    """

    skus: dict[int, str] = field(default_factory=dict)
    stages: dict[int, str] = field(default_factory=dict)
    own_stages: list[str] = field(default_factory=list)
    contacts: dict[int, Contact] = field(default_factory=dict)
    archived: list[int] = field(default_factory=list)
    companies: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    linked: dict[int, dict[int, set[Way]]] = field(default_factory=dict)
    members: dict[int, set[int]] = field(default_factory=dict)
    labels: dict[str, Way] = field(default_factory=dict)


class Client:
    """Makes batches; told after each one what became of it. index, of: which share it owns."""

    def __init__(self, name: str, seed: int, index: int, of: int, start: Start) -> None:
        self.name = name
        self._chance = random.Random(f"{seed}-{name}")
        self._all = sorted(start.skus)
        self._own = {key: start.skus[key] for key in self._all[index::of]}
        self._contacts = {key: start.contacts[key] for key in sorted(start.contacts)[index::of]}
        self._archived = sorted(start.archived)[index::of]
        self._companies = sorted(start.companies)[index::of]
        self._targets = start.targets
        self._stages = _Stages(index, start, self._own)
        self._pairs = Pairs(self._chance, index, start.linked, start.members, start.labels)
        self._count = 0
        kinds: Mapping[Callable[[str], Batch], int] = {
            self._contact_creates: 7,
            self._company_creates: 5,
            self._upserts: 9,
            self._merge: 7,
            self._archive: 4,
            self._erasure: 4,
            self._stage_step: 8,
            self._link: 14,
            self._unlink: 8,
            self._label_step: 5,
            self._list_change: 7,
            self._own_updates: 22,
            self._shared_updates: 26,
        }
        self._kinds = list(kinds)
        self._weights = list(kinds.values())

    def next_batch(self) -> Batch:
        """A new batch of a random kind."""
        self._count += 1
        (make,) = self._chance.choices(self._kinds, self._weights)
        return make(f"{self.name}.{self._count}")

    def applied(self, batch: Batch) -> None:
        """The batch was acknowledged."""
        _LEARN[batch.verb](self, batch)

    def question(self, batch: Batch) -> Question | None:
        """A read that has to see the batch that was just acknowledged; mostly none."""
        if self._chance.random() > ASKED:
            return None
        match batch.verb:
            case "create" | "upsert":
                mark = self._chance.choice(batch.inputs).mark
                (record_id,) = (
                    answered
                    for answered, each in zip(batch.answered_ids, batch.inputs, strict=True)
                    if each.mark == mark
                )
                return Search(batch.type_id, (Filter(MARK, "EQ", mark),), frozenset((record_id,)))
            case "update":
                chosen = frozenset(self._chance.sample(sorted(self._own), min(5, len(self._own))))
                skus = tuple(self._own[each] for each in chosen)
                return Search(SERVICES_ID, (Filter(SKU, "IN", values=skus),), chosen)
            case "merge" | "archive" | "erase":
                ids = batch.record_ids + batch.answered_ids
                return by_ids(batch.type_id, ids, frozenset(batch.answered_ids))
            case "join" | "leave":
                return self._pairs.question_about_lists(batch)
            case "associate" | "associate_default" | "dissociate" | "dissociate_types":
                return self._pairs.question_about_companies(batch)
        return None

    # --- partner services --------------------------------------------------------------------

    def _shared_updates(self, name: str) -> Batch:
        chosen = self._chance.sample(self._all, min(self._size(), len(self._all)))
        return self._updates(name, [(each, self._notes(), None) for each in chosen])

    def _own_updates(self, name: str) -> Batch:
        """Half of the records are named by sku; a third get a new one; some pass theirs on."""
        chosen = self._chance.sample(sorted(self._own), min(self._size(), len(self._own)))
        rows: list[tuple[int, dict[str, str], str | None]] = []
        passed_on: str | None = None
        for number, each in enumerate(chosen):
            values = self._notes()
            if passed_on is not None:
                values[SKU], passed_on = passed_on, None
                rows.append((each, values, None))
                continue
            id_property = SKU if self._chance.random() < 0.5 else None
            if self._chance.random() < 0.35:
                values[SKU] = f"{name}.{number}"
                if id_property is None and self._chance.random() < 0.5:
                    passed_on = self._own[each]
            rows.append((each, values, id_property))
        return self._updates(name, rows)

    def _updates(self, name: str, rows: list[tuple[int, dict[str, str], str | None]]) -> Batch:
        traced = self._chance.random() < 0.5
        inputs = []
        for number, (record_id, texts, id_property) in enumerate(rows):
            mark = f"{name}.{number}"
            values = texts | {MARK: mark}
            given = RecordInput(
                self._own[record_id] if id_property else str(record_id),
                dict(values),
                id_property,
                mark if traced else None,
            )
            inputs.append(Sent(given, record_id, mark, values))
        return Batch(name, SERVICES_ID, inputs)

    def _stage_step(self, name: str) -> Batch:
        """A stage is added, records move into it, all of them leave it, it is removed."""
        stages = self._stages
        if stages.current is None:
            stage_id = f"{stages.prefix}{name}"
            return Batch(name, SERVICES_ID, verb="add_stage", definition=stage_id)
        if stages.is_new:
            inside = self._chance.sample(sorted(self._own), min(5, len(self._own)))
            return self._updates(name, [(each, {STAGE: stages.current}, None) for each in inside])
        if inside := sorted(stages.inside):
            return self._updates(name, [(each, {STAGE: FIRST_STAGE}, None) for each in inside[:60]])
        return Batch(name, SERVICES_ID, verb="remove_stage", definition=stages.current)

    def _updated(self, batch: Batch) -> None:
        for each in batch.inputs:
            if each.record_id in self._own and SKU in each.values:
                self._own[each.record_id] = each.values[SKU]
            if STAGE in each.values:
                self._stages.moved(each.record_id, each.values[STAGE])

    def _stage_added(self, batch: Batch) -> None:
        self._stages.added(batch.definition)

    def _stage_removed(self, batch: Batch) -> None:
        self._stages.removed(batch.definition)

    # --- contacts and companies --------------------------------------------------------------

    def _contact_creates(self, name: str) -> Batch:
        inputs = []
        for number in range(self._chance.choice(CREATE_SIZES)):
            mark = f"{name}.{number}"
            values = {MARK: mark, SKU: f"new-{mark}", "email": f"{mark}@example.com"}
            targets = self._some(self._targets, 2)
            inputs.append(_create(mark, values, targets, CONTACT_TO_COMPANY))
        return Batch(name, CONTACTS_ID, inputs, "create")

    def _company_creates(self, name: str) -> Batch:
        inputs = []
        for number in range(self._chance.choice(FEW)):
            mark = f"{name}.{number}"
            targets = self._some(sorted(self._contacts), 3)
            values = {MARK: mark, SKU: f"new-{mark}"}
            inputs.append(_create(mark, values, targets, COMPANY_TO_CONTACT))
        return Batch(name, COMPANIES_ID, inputs, "create")

    def _upserts(self, name: str) -> Batch:
        """By e-mail, also by a further one, or by sku; some of the contacts are there already."""
        there = self._some(sorted(self._contacts), 10)
        names = [(each, self._name_of(self._contacts[each])) for each in there]
        for number in range(self._chance.choice(FEW)):
            new = f"{name}.{number}"
            key = ("email", f"{new}@up.example.com") if number % 2 else (SKU, f"up-{new}")
            names.append((0, key))
        self._chance.shuffle(names)
        traced = self._chance.random() < 0.5
        inputs = []
        for number, (record_id, (id_property, text)) in enumerate(names):
            mark = f"{name}.{number}"
            values = self._notes() | {MARK: mark}
            given = RecordInput(text, dict(values), id_property, mark if traced else None)
            inputs.append(Sent(given, record_id, mark, values))
        return Batch(name, CONTACTS_ID, inputs, "upsert")

    def _name_of(self, contact: Contact) -> tuple[str, str]:
        if contact.emails and (not contact.sku or self._chance.random() < 0.6):
            return "email", self._chance.choice(contact.emails)
        return SKU, contact.sku

    def _merge(self, name: str) -> Batch:
        of_contacts = self._chance.random() < 0.8
        records = sorted(self._contacts) if of_contacts else self._companies
        if len(records) < 2:
            return self._contact_creates(name)
        type_id = CONTACTS_ID if of_contacts else COMPANIES_ID
        pair = tuple(self._chance.sample(records, 2))
        return Batch(name, type_id, verb="merge", record_ids=pair)

    def _archive(self, name: str) -> Batch:
        of_contacts = self._chance.random() < 0.8 or not self._companies
        records = sorted(self._contacts) if of_contacts else self._companies
        if not records:
            return self._contact_creates(name)
        type_id = CONTACTS_ID if of_contacts else COMPANIES_ID
        chosen = tuple(self._some(records, 3)) or (records[0],)
        return Batch(name, type_id, verb="archive", record_ids=chosen)

    def _erasure(self, name: str) -> Batch:
        """Archived contacts are erased too."""
        records = [*sorted(self._contacts), *self._archived]
        if not records:
            return self._contact_creates(name)
        chosen = (self._chance.choice(records),)
        return Batch(name, CONTACTS_ID, verb="erase", record_ids=chosen)

    # --- what contacts are beside and in -----------------------------------------------------

    def _link(self, name: str) -> Batch:
        contacts, companies = sorted(self._contacts), self._targets + self._companies
        if not contacts:
            return self._contact_creates(name)
        return self._pairs.link(name, contacts, companies)

    def _unlink(self, name: str) -> Batch:
        contacts, companies = sorted(self._contacts), self._targets + self._companies
        if not contacts:
            return self._contact_creates(name)
        return self._pairs.unlink(name, contacts, companies)

    def _label_step(self, name: str) -> Batch:
        contacts, companies = sorted(self._contacts), self._targets + self._companies
        if not contacts:
            return self._contact_creates(name)
        return self._pairs.label_step(name, contacts, companies)

    def _list_change(self, name: str) -> Batch:
        if not self._contacts:
            return self._contact_creates(name)
        return self._pairs.change_list(name, sorted(self._contacts))

    def _linked(self, batch: Batch) -> None:
        self._pairs.linked(batch)

    def _unlinked(self, batch: Batch) -> None:
        self._pairs.unlinked(batch)

    def _label_added(self, batch: Batch) -> None:
        self._pairs.label_added(batch)

    def _label_removed(self, batch: Batch) -> None:
        self._pairs.label_removed(batch)

    def _list_changed(self, batch: Batch) -> None:
        self._pairs.list_changed(batch)

    # --- learning of contacts and companies --------------------------------------------------

    def _created(self, batch: Batch) -> None:
        self._pairs.created(batch)
        for record_id, each in zip(batch.answered_ids, batch.inputs, strict=True):
            if batch.type_id == COMPANIES_ID:
                self._companies.append(record_id)
            else:
                self._contacts[record_id] = Contact((each.values["email"],), each.values[SKU])

    def _upserted(self, batch: Batch) -> None:
        for record_id, each in zip(batch.answered_ids, batch.inputs, strict=True):
            if each.given.id_property == SKU:
                self._contacts.setdefault(record_id, Contact((), each.given.id))
            else:
                self._contacts.setdefault(record_id, Contact((each.given.id,), ""))

    def _merged(self, batch: Batch) -> None:
        self._pairs.merged(batch)
        (record_id,), (primary, other) = batch.answered_ids, batch.record_ids
        if batch.type_id == COMPANIES_ID:
            self._companies = [each for each in self._companies if each not in batch.record_ids]
            self._companies.append(record_id)
            return
        first, second = self._contacts.pop(primary), self._contacts.pop(other)
        emails = tuple(dict.fromkeys(first.emails + second.emails))
        self._contacts[record_id] = Contact(emails, first.sku or second.sku)

    def _gone(self, batch: Batch) -> None:
        for each in batch.record_ids:
            if each in self._companies:
                self._companies.remove(each)
            elif each in self._archived:
                self._archived.remove(each)
            else:
                del self._contacts[each]

    def _archived_now(self, batch: Batch) -> None:
        self._gone(batch)
        if batch.type_id == CONTACTS_ID:
            self._archived += batch.record_ids

    # --- chance ------------------------------------------------------------------------------

    def _notes(self) -> dict[str, str]:
        names = self._chance.sample(NOTES, self._chance.randint(0, len(NOTES)))
        return {
            name: f"{self.name}.{self._count}.{self._chance.randrange(10**6)}" for name in names
        }

    def _some(self, records: list[int], count_max: int) -> list[int]:
        return self._chance.sample(records, min(self._chance.randint(0, count_max), len(records)))

    def _size(self) -> int:
        return self._chance.choice(SIZES)


_LEARN: Mapping[str, Callable[[Client, Batch], None]] = {
    "update": Client._updated,
    "create": Client._created,
    "upsert": Client._upserted,
    "merge": Client._merged,
    "archive": Client._archived_now,
    "erase": Client._gone,
    "add_stage": Client._stage_added,
    "remove_stage": Client._stage_removed,
    "associate": Client._linked,
    "associate_default": Client._linked,
    "dissociate": Client._unlinked,
    "dissociate_types": Client._unlinked,
    "add_label": Client._label_added,
    "remove_label": Client._label_removed,
    "join": Client._list_changed,
    "leave": Client._list_changed,
}


class _Stages:
    """The stages that one client added and did not remove, and its records in the current one."""

    def __init__(self, index: int, start: Start, own: Mapping[int, str]) -> None:
        self.prefix = f"s{index}-"
        self._left = [each for each in start.own_stages if each.startswith(self.prefix)]
        self._standing = {key: start.stages[key] for key in own if key in start.stages}
        self.is_new = False

    @property
    def current(self) -> str | None:
        """The stage at hand."""
        return self._left[0] if self._left else None

    @property
    def inside(self) -> list[int]:
        """The client's records that stand in it."""
        return [key for key, stage in self._standing.items() if stage == self.current]

    def added(self, stage_id: str) -> None:
        """There is a new stage at hand."""
        self._left.append(stage_id)
        self.is_new = True

    def moved(self, record_id: int, stage_id: str) -> None:
        """A record stands elsewhere now."""
        self._standing[record_id] = stage_id
        self.is_new = False

    def removed(self, stage_id: str) -> None:
        """It is gone."""
        self._left.remove(stage_id)


def _create(mark: str, values: dict[str, str], targets: list[int], type_id: int) -> Sent:
    spec = (AssociationSpec("HUBSPOT_DEFINED", type_id),)
    wanted = tuple(InlineAssociation(str(each), spec) for each in targets)
    given = RecordInput("", dict(values), associations=wanted)
    return Sent(given, 0, mark, values, tuple(targets))
