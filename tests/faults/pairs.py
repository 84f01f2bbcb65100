"""What one client knows of the companies, labels and lists of its contacts, and its calls on them.

A client associates its own contacts only, with companies of its own or with those that nobody owns;
so nobody else's call decides about an association of theirs.
"""

import random
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from moyeu.crm.search.requests import Filter
from tests.faults.ledger import Batch, Link, Way
from tests.faults.portal import (
    BILLING,
    COMPANIES_ID,
    CONTACTS_ID,
    DEFAULT,
    PRIMARY,
    STATIC_LISTS,
)
from tests.faults.questions import Memberships, Search

LINKS_MAX = 12
"""Of one call."""
REMOVED_UNUSED = 0.7
"""How likely a label is removed again before any record has it: after that it cannot be."""


@dataclass(slots=True)
class Linked:
    """What there is of some contacts, as far as a client knows.

    companies: by contact and company the types, but for the primary one. lists: ids by contact.
    """

    companies: dict[int, dict[int, set[Way]]] = field(default_factory=dict)
    lists: dict[int, set[int]] = field(default_factory=dict)


class Pairs:
    """Makes calls that associate, and those on lists and labels. index: of the client."""

    def __init__(
        self,
        chance: random.Random,
        index: int,
        linked: Mapping[int, Mapping[int, Set[Way]]],
        members: Mapping[int, Set[int]],
        labels: Mapping[str, Way],
    ) -> None:
        self._chance = chance
        self.known = Linked()
        for contact_id, companies in linked.items():
            for company_id, ways in companies.items():
                self._ways(contact_id, company_id).update(ways - {PRIMARY})
        for list_id in STATIC_LISTS:
            for contact_id in members.get(list_id, ()):
                self.known.lists.setdefault(contact_id, set()).add(list_id)
        used = {way for of in linked.values() for ways in of.values() for way in ways}
        self._prefix = f"l{index}_"
        self._label = next((each for each in labels if each.startswith(self._prefix)), None)
        self._label_way = labels[self._label] if self._label else None
        self._is_label_used = self._label_way in used

    def _ways(self, contact_id: int, company_id: int) -> set[Way]:
        return self.known.companies.setdefault(contact_id, {}).setdefault(company_id, set())

    # --- calls -------------------------------------------------------------------------------

    def link(self, name: str, contacts: Sequence[int], companies: Sequence[int]) -> Batch:
        """Associates, by types or by none; there must be contacts."""
        chosen = self._some(contacts)
        by_types = self._chance.random() < 0.7
        links = tuple(
            Link(each, self._chance.choice(companies), self._some_ways() if by_types else ())
            for each in chosen
        )
        return self._of_links(name, "associate" if by_types else "associate_default", links)

    def unlink(self, name: str, contacts: Sequence[int], companies: Sequence[int]) -> Batch:
        """Ends associations: mostly of those that are there, all of a pair or some types."""
        by_types = self._chance.random() < 0.6
        links = []
        for each in self._some(contacts):
            there = sorted(self.known.companies.get(each, {}).keys() & set(companies))
            company = self._chance.choice(there or companies)
            links.append(Link(each, company, self._some_ways() if by_types else ()))
        return self._of_links(name, "dissociate_types" if by_types else "dissociate", tuple(links))

    def _of_links(self, name: str, verb: str, links: tuple[Link, ...]) -> Batch:
        type_id = self._chance.choice((CONTACTS_ID, COMPANIES_ID))
        assert verb in ("associate", "associate_default", "dissociate", "dissociate_types")
        if self._label_way in {way for each in links for way in each.ways}:
            self._is_label_used = True
        return Batch(name, type_id, verb=verb, links=links)  # type: ignore[arg-type]  # see above

    def _some_ways(self) -> tuple[Way, ...]:
        ways = [PRIMARY, BILLING, DEFAULT]
        if self._label_way is not None and self._is_label_used:
            ways.append(self._label_way)
        return tuple(self._chance.sample(ways, self._chance.choice((1, 1, 2, len(ways)))))

    def label_step(self, name: str, contacts: Sequence[int], companies: Sequence[int]) -> Batch:
        """A label is made, and removed again or used from then on."""
        if self._label is None:
            label = f"{self._prefix}{name}".replace(".", "_").replace("-", "_")
            return Batch(name, CONTACTS_ID, verb="add_label", definition=label)
        assert self._label_way is not None
        if not self._is_label_used and self._chance.random() < REMOVED_UNUSED:
            label_id = self._label_way.forth
            return Batch(
                name, CONTACTS_ID, verb="remove_label", definition=self._label, label_id=label_id
            )
        self._is_label_used = True
        return self.link(name, contacts, companies)

    def change_list(self, name: str, contacts: Sequence[int]) -> Batch:
        """Contacts join a list or leave it, whether they are in it or not."""
        list_id = self._chance.choice(STATIC_LISTS)
        verb = "join" if self._chance.random() < 0.6 else "leave"
        chosen = tuple(self._some(contacts))
        return Batch(name, CONTACTS_ID, verb=verb, record_ids=chosen, list_id=list_id)  # type: ignore[arg-type]  # one of two verbs

    def _some(self, contacts: Sequence[int]) -> list[int]:
        count = min(self._chance.randint(1, LINKS_MAX), len(contacts))
        return self._chance.sample(contacts, count)

    # --- questions ---------------------------------------------------------------------------

    def question_about_lists(self, batch: Batch) -> Memberships:
        """In which lists one of the contacts is by now."""
        contact_id = self._chance.choice(batch.record_ids)
        return Memberships(contact_id, frozenset(self.known.lists.get(contact_id, ())))

    def question_about_companies(self, batch: Batch) -> Search:
        """Which of the contacts are beside one of the companies by now."""
        company_id = self._chance.choice(batch.links).company_id
        contacts = [each.contact_id for each in batch.links]
        there = self.known.companies
        beside = frozenset(each for each in contacts if company_id in there.get(each, {}))
        linked = Filter("associations.company", "EQ", str(company_id))
        wanted = Filter("hs_object_id", "IN", values=tuple(map(str, contacts)))
        return Search(CONTACTS_ID, (linked, wanted), beside)

    # --- acknowledged ------------------------------------------------------------------------

    def created(self, batch: Batch) -> None:
        """Records were made beside others."""
        for record_id, each in zip(batch.answered_ids, batch.inputs, strict=True):
            for target in each.targets:
                of_contact = batch.type_id == CONTACTS_ID
                pair = (record_id, target) if of_contact else (target, record_id)
                self._ways(*pair).add(DEFAULT)

    def linked(self, batch: Batch) -> None:
        """Associations were added."""
        for each in batch.links:
            self._ways(*each[:2]).update({DEFAULT, *each.ways} - {PRIMARY})

    def unlinked(self, batch: Batch) -> None:
        """Associations were removed."""
        for each in batch.links:
            if not each.ways or DEFAULT in each.ways:
                self.known.companies.get(each.contact_id, {}).pop(each.company_id, None)
            else:
                ways = self.known.companies.get(each.contact_id, {}).get(each.company_id, set())
                ways.difference_update(each.ways)

    def label_added(self, batch: Batch) -> None:
        """There is a label."""
        self._label = batch.definition
        self._label_way = Way("USER_DEFINED", *batch.answered_ids)
        self._is_label_used = False

    def label_removed(self, _batch: Batch) -> None:
        """It is gone."""
        self._label = self._label_way = None

    def list_changed(self, batch: Batch) -> None:
        """Contacts joined or left."""
        for each in batch.record_ids:
            lists = self.known.lists.setdefault(each, set())
            lists.add(batch.list_id) if batch.verb == "join" else lists.discard(batch.list_id)

    def merged(self, batch: Batch) -> None:
        """Two records became one."""
        (survivor,) = batch.answered_ids
        if batch.type_id == COMPANIES_ID:
            for companies in self.known.companies.values():
                found = [companies.pop(each) for each in batch.record_ids if each in companies]
                if found:
                    companies[survivor] = set().union(*found)
            return
        for each in batch.record_ids:
            for company, ways in self.known.companies.pop(each, {}).items():
                self._ways(survivor, company).update(ways)
            self.known.lists.setdefault(survivor, set()).update(self.known.lists.pop(each, ()))
