"""Reads whose answers are known, over HTTP."""

from dataclasses import dataclass
from typing import Any, Protocol

from moyeu.crm.search.requests import Filter
from tests.faults.portal import CONTACTS_ID, STATIC_LISTS, TYPE_NAMES

PAGE = 100

Request = tuple[str, object, str]
"""Path, body and method."""


class Question(Protocol):
    """A read and what it has to find."""

    def request(self) -> Request:
        """The read over HTTP."""
        ...

    def complaint(self, answer: dict[str, Any]) -> str | None:
        """What is wrong with an answer of 200."""
        ...


@dataclass(frozen=True, slots=True)
class Search:
    """The records of a type that meet all filters; there may be more of them than a page has."""

    type_id: str
    filters: tuple[Filter, ...]
    expected: frozenset[int]

    def request(self) -> Request:
        """The first page."""
        filters = [_filter(each) for each in self.filters]
        body = {"filterGroups": [{"filters": filters}] if filters else [], "limit": PAGE}
        return f"/crm/v3/objects/{TYPE_NAMES[self.type_id]}/search", body, "POST"

    def complaint(self, answer: dict[str, Any]) -> str | None:
        """Another total, or other records."""
        return self.compare(answer["total"], [int(each["id"]) for each in answer["results"]])

    def compare(self, total: int, ids: list[int]) -> str | None:
        """The same for an answer below HTTP."""
        found = frozenset(ids)
        is_right = found <= self.expected and len(ids) == len(found) == min(total, PAGE)
        if is_right and total == len(self.expected):
            return None
        return (
            f"a search for {TYPE_NAMES[self.type_id]} by {self.filters} found {total}:"
            f" {sorted(found)[:9]} instead of {len(self.expected)}: {sorted(self.expected)[:9]}"
        )


@dataclass(frozen=True, slots=True)
class Memberships:
    """In which static lists a contact is."""

    contact_id: int
    expected: frozenset[int]

    def request(self) -> Request:
        """A batch read of one record; it lets the dynamic lists look at what was written."""
        inputs = [{"objectTypeId": CONTACTS_ID, "recordId": str(self.contact_id)}]
        return "/crm/v3/lists/records/memberships/batch/read", {"inputs": inputs}, "POST"

    def complaint(self, answer: dict[str, Any]) -> str | None:
        """It is in other lists."""
        rows = answer["results"][0]["recordListMemberships"]
        found = {int(each["listId"]) for each in rows} & {*STATIC_LISTS}
        if found == self.expected:
            return None
        return f"{self.contact_id} is in {found} instead of {set(self.expected)}"


@dataclass(frozen=True, slots=True)
class Members:
    """Who is in a list; there may be more of them than a page has."""

    list_id: int
    expected: frozenset[int]

    def request(self) -> Request:
        """The first page."""
        return f"/crm/v3/lists/{self.list_id}/memberships?limit=250", None, "GET"

    def complaint(self, answer: dict[str, Any]) -> str | None:
        """Others are in it."""
        found = {int(each["recordId"]) for each in answer["results"]}
        if answer["total"] == len(self.expected) and found == {*sorted(self.expected)[:250]}:
            return None
        wrong = sorted(found ^ {*sorted(self.expected)[:250]})[:9]
        return f"list {self.list_id} has {answer['total']}, not {len(self.expected)}: {wrong}"


def _filter(each: Filter) -> dict[str, object]:
    shown: dict[str, object] = {"propertyName": each.name, "operator": each.operator}
    if each.values:
        return {**shown, "values": each.values}
    return {**shown, "value": each.value} if each.value else shown


def by_ids(type_id: str, ids: tuple[int, ...], expected: frozenset[int]) -> Search:
    """Those of some records that are active."""
    wanted = Filter("hs_object_id", "IN", values=tuple(map(str, ids)))
    return Search(type_id, (wanted,), expected)
