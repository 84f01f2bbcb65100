"""Contacts under any sequence of calls are what a plain list of contacts would be.

The oracle is written from what the operations promise, without looking at how they keep it: no
index, no history, no plan. Every step compares the status of the answer and then all contacts.
"""

import copy
import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.conftest import PortalUnderTest, Server

OBJECTS: Final = "/crm/v3/objects/contacts"
NOBODY: Final = "5"
ADDRESSES: Final = tuple(f"{letter}@example.com" for letter in "abcd")
SHOWN: Final = ("email", "firstname", "hs_additional_emails", "lastname")

# An address in any spelling is the same address.
SPELLINGS: Final = st.sampled_from(
    [spelt for each in ADDRESSES for spelt in (each, each.upper(), f" {each} ")]
)
NAMES: Final = st.fixed_dictionaries(
    {"firstname": st.sampled_from(["x", "y"])},
    optional={"lastname": st.sampled_from(["", "u", "v"])},
)
VALUES: Final = st.tuples(NAMES, st.none() | st.just("") | SPELLINGS).map(
    lambda pair: pair[0] if pair[1] is None else {**pair[0], "email": pair[1]}
)
ANY_FROM: Final = 20
PLACES: Final = st.integers(0, ANY_FROM + 10)
"""Which of the ids, counted round."""


# --- the oracle ------------------------------------------------------------------------------


@dataclass(slots=True)
class Person:
    """A contact. further: its other addresses, in order."""

    values: dict[str, str]
    email: str = ""
    further: list[str] = field(default_factory=list)
    archived: bool = False

    @property
    def addresses(self) -> list[str]:
        """All that find it."""
        return [each for each in (self.email, *self.further) if each]

    def shown(self) -> dict[str, str]:
        """The properties that a read shows; what is empty is left out."""
        all_of_them = {
            **self.values,
            "email": self.email,
            "hs_additional_emails": ";".join(self.further),
        }
        return {name: value for name, value in all_of_them.items() if value}


class TakenError(Exception):
    """The address is another contact's."""


class People:
    """All contacts of a portal."""

    def __init__(self) -> None:
        self.by_id: dict[str, Person] = {}
        self.merged: dict[str, str] = {}

    def active(self, record_id: str) -> Person | None:
        """An active contact by its own id."""
        person = self.by_id.get(record_id)
        return None if person is None or person.archived else person

    def forward(self, record_id: str) -> str:
        """The id that a merged contact lives on under."""
        return self.merged.get(record_id, record_id)

    def holder(self, address: str) -> str | None:
        """The id of the active contact with that address."""
        kept = address.strip().lower()
        for record_id, person in self.by_id.items():
            if not person.archived and kept in person.addresses:
                return record_id
        return None

    def write(self, record_id: str, given: dict[str, str]) -> None:
        """Writes values; TakenError where the address is another's."""
        person = self.by_id[record_id]
        address = given.get("email", person.email).strip().lower()
        if address and self.holder(address) not in (None, record_id):
            raise TakenError
        if address in person.further:
            # The main address and a further one change places.
            swapped = (person.email if each == address else each for each in person.further)
            person.further = [each for each in swapped if each]
        person.email = address
        person.values |= {name: text for name, text in given.items() if name != "email"}

    def merge(self, primary_id: str, other_id: str, new_id: str) -> None:
        """Both become a new one: what the primary lacks comes from the other."""
        primary, other = self.by_id.pop(primary_id), self.by_id.pop(other_id)
        values = {name: text for name, text in other.values.items() if text}
        values |= {name: text for name, text in primary.values.items() if text}
        email = primary.email or other.email
        texts = dict.fromkeys([*primary.further, other.email, *other.further])
        self.by_id[new_id] = Person(
            values, email, [each for each in texts if each not in ("", email)]
        )
        self.merged = {
            old: new_id if survivor in (primary_id, other_id) else survivor
            for old, survivor in self.merged.items()
        } | {primary_id: new_id, other_id: new_id}

    def erase(self, record_id: str) -> None:
        """Nothing is left, of those that went into it neither."""
        self.by_id.pop(record_id, None)
        self.merged = {old: new for old, new in self.merged.items() if new != record_id}


# --- the machine -----------------------------------------------------------------------------


class Contacts(RuleBasedStateMachine):
    """Calls on the contacts of a portal of its own."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._portal = PortalUnderTest(server)
        self._connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        self._people = People()
        self._ids = [NOBODY]

    def teardown(self) -> None:
        """Lets go of the connection."""
        self._connection.close()

    def _call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        headers = {
            "authorization": f"Bearer {self._portal.token}",
            "content-type": "application/json",
            "accept": "application/json",
        }
        text = None if body is None else json.dumps(body)
        self._connection.request(method, OBJECTS + path, text, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None

    def _id(self, place: int) -> str:
        """For low places an active contact's, for high ones any that was given out, or nobody's."""
        active = [each for each in self._ids if self._people.active(each)]
        ids = self._ids if place >= ANY_FROM or not active else active
        return ids[place % len(ids)]

    def _made(self, record_id: str) -> str:
        assert record_id not in self._ids, "an id was given out twice"
        self._ids.append(record_id)
        return record_id

    @rule(given=VALUES)
    def create(self, given: dict[str, str]) -> None:
        """A create: 409 for another's main address, 400 for a further one."""
        status, body = self._call("POST", "", {"properties": given})

        holder = self._people.holder(given.get("email", ""))
        if holder is not None:
            main = self._people.by_id[holder].email
            assert status == (409 if given["email"].strip().lower() == main else 400), body
            assert holder in body["message"]
            return
        assert status == 201, body
        record_id = self._made(body["id"])
        self._people.by_id[record_id] = Person({})
        self._people.write(record_id, given)

    @rule(place=PLACES, given=VALUES)
    def update(self, place: int, given: dict[str, str]) -> None:
        """An update of one: a merged id finds nothing, as it does in batches."""
        record_id = self._id(place)

        status, body = self._call("PATCH", f"/{record_id}", {"properties": given})

        if self._people.active(record_id) is None:
            assert status == 404, body
            return
        try:
            self._people.write(record_id, given)
        except TakenError:
            assert status == 400, body
        else:
            assert (status, body["id"]) == (200, record_id)

    @rule(batch=st.lists(st.tuples(PLACES, VALUES), min_size=1, max_size=4))
    def batch_update(self, batch: list[tuple[int, dict[str, str]]]) -> None:
        """All in order or none; missing ids are told, merged ones passed over."""
        inputs = {self._id(place): given for place, given in batch}
        body = {"inputs": [{"id": key, "properties": each} for key, each in inputs.items()]}

        status, answer = self._call("POST", "/batch/update", body)

        there = [each for each in inputs if self._people.active(each)]
        missing = [each for each in inputs if each not in there and each not in self._people.merged]
        if self._write_all([(each, inputs[each]) for each in there]):
            assert status == (207 if missing else 200), answer
            assert [each["id"] for each in answer["results"]] == there
        else:
            assert status == 400, answer

    def _write_all(self, writes: Sequence[tuple[str, dict[str, str]]]) -> bool:
        before = copy.deepcopy(self._people)
        try:
            for record_id, given in writes:
                self._people.write(record_id, given)
        except TakenError:
            self._people = before
            return False
        return True

    @rule(
        batch=st.lists(
            st.tuples(SPELLINGS, NAMES),
            min_size=1,
            max_size=4,
            unique_by=lambda each: each[0].strip().lower(),
        ),
        traced=st.booleans(),
    )
    def upsert(self, batch: list[tuple[str, dict[str, str]]], traced: bool) -> None:
        """Each address finds its contact or makes one."""
        inputs = [
            {"id": address, "idProperty": "email", "properties": given}
            | ({"objectWriteTraceId": str(number)} if traced else {})
            for number, (address, given) in enumerate(batch)
        ]
        named = [self._people.holder(address) for address, _ in batch]

        status, answer = self._call("POST", "/batch/upsert", {"inputs": inputs})

        assert status == 200, answer
        results = answer["results"]
        assert len(results) == len({*filter(None, named)}) + named.count(None)
        made = iter([each["id"] for each in results if each["new"]])
        for (address, given), record_id in zip(batch, named, strict=True):
            if record_id is None:
                new_id = self._made(next(made))
                self._people.by_id[new_id] = Person({})
                self._people.write(new_id, {**given, "email": address})
            else:
                self._people.write(record_id, given)
        assert next(made, None) is None
        assert {each["id"] for each in results if not each["new"]} == {*filter(None, named)}

    @rule(place=PLACES)
    def archive(self, place: int) -> None:
        """An archive, always 204; a merged id archives nothing."""
        record_id = self._id(place)

        status, _ = self._call("DELETE", f"/{record_id}")

        assert status == 204
        if person := self._people.active(record_id):
            person.archived = True

    @rule(places=st.lists(PLACES, min_size=1, max_size=3))
    def batch_archive(self, places: list[int]) -> None:
        """An archive of several, always 204."""
        chosen = [*{self._id(place): None for place in places}]

        status, _ = self._call(
            "POST", "/batch/archive", {"inputs": [{"id": each} for each in chosen]}
        )

        assert status == 204
        for each in chosen:
            if person := self._people.active(each):
                person.archived = True

    @precondition(lambda self: len(self._people.by_id) > 1)
    @rule(primary=PLACES, other=PLACES)
    def merge(self, primary: int, other: int) -> None:
        """A merge of two active contacts, by their own ids."""
        pair = self._id(primary), self._id(other)

        status, body = self._call(
            "POST", "/merge", {"primaryObjectId": pair[0], "objectIdToMerge": pair[1]}
        )

        if pair[0] == pair[1] or not all(map(self._people.active, pair)):
            assert status == 400, body
            return
        assert status == 200, body
        self._people.merge(*pair, self._made(body["id"]))

    @rule(place=PLACES)
    def erase(self, place: int) -> None:
        """A gdpr-delete by id, of an archived contact too; a merged id reads forward."""
        record_id = self._id(place)

        status, _ = self._call("POST", "/gdpr-delete", {"objectId": record_id})

        assert status == 204
        self._people.erase(self._people.forward(record_id))

    @rule(address=SPELLINGS)
    def erase_by_address(self, address: str) -> None:
        """A gdpr-delete by address."""
        status, _ = self._call("POST", "/gdpr-delete", {"objectId": address, "idProperty": "email"})

        assert status == 204
        self._people.erase(self._people.holder(address) or "")

    @rule(places=st.lists(PLACES, min_size=1, max_size=5), archived=st.booleans())
    def batch_read(self, places: list[int], archived: bool) -> None:
        """A read by ids: merged ones read forward, each contact once."""
        chosen = [*{self._id(place): None for place in places}]
        body = {"inputs": [{"id": each} for each in chosen], "properties": SHOWN}

        status, answer = self._call("POST", f"/batch/read?archived={json.dumps(archived)}", body)

        targets = [self._people.forward(each) for each in chosen]
        found = [
            each
            for each in targets
            if each in self._people.by_id and self._people.by_id[each].archived == archived
        ]
        assert status == (200 if len(found) == len(chosen) else 207), answer
        assert [each["id"] for each in answer["results"]] == [*dict.fromkeys(found)]
        for each in answer["results"]:
            assert _shown(each) == self._people.by_id[each["id"]].shown()

    @rule(address=SPELLINGS)
    def read_by_address(self, address: str) -> None:
        """A read by any address of a contact."""
        status, answer = self._call("GET", f"/{quote(address)}?idProperty=email")

        holder = self._people.holder(address)
        assert status == (404 if holder is None else 200), answer
        assert holder is None or answer["id"] == holder

    @invariant()
    def the_contacts_are_those_of_the_oracle(self) -> None:
        """All of them, with their values."""
        for archived in (False, True):
            _, answer = self._call(
                "GET",
                f"?limit=100&archived={json.dumps(archived)}&properties={','.join(SHOWN)}",
            )
            assert {each["id"]: _shown(each) for each in answer["results"]} == {
                key: person.shown()
                for key, person in self._people.by_id.items()
                if person.archived == archived
            }

    @invariant()
    def every_address_has_its_holder(self) -> None:
        """Found by each address, and no other contact."""
        body = {
            "inputs": [{"id": each} for each in ADDRESSES],
            "idProperty": "email",
            "properties": [],
        }
        _, answer = self._call("POST", "/batch/read", body)
        holders = {self._people.holder(each) for each in ADDRESSES} - {None}
        assert {each["id"] for each in answer["results"]} == holders

    @invariant()
    def the_history_is_of_contacts_that_live_on(self) -> None:
        """Nothing is left of those that were erased."""
        store, portal_id = self._portal.server.store, self._portal.portal_id
        writes = self._portal.server.run(
            store.read(lambda each: each.writes_after(portal_id, 0, 1_000))
        )
        living = self._people.by_id.keys() | self._people.merged.keys()
        assert {str(each.record_id) for each in writes} == living


def _shown(record: dict[str, Any]) -> dict[str, str]:
    return {name: value for name in SHOWN if (value := record["properties"].get(name))}


# Where it fails, the shortest sequence that does is looked for: that takes its time.
@pytest.mark.timeout(400)
def test_contacts_are_what_a_list_of_contacts_would_be(server: Server) -> None:
    class OfThisServer(Contacts):
        def __init__(self) -> None:
            super().__init__(server)

    run_state_machine_as_test(
        OfThisServer,
        settings=settings(
            max_examples=30,
            stateful_step_count=35,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
