"""What the clients search for, as rows: the same ones drive every client.

Six records of a type have the numbers 0 to 5. All but the last have a size, a day and words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hubspot.crm import schemas  # type: ignore[import-untyped] # the package has no types

from tests.clients.subjects import SUBJECTS, Subject
from tests.conftest import PortalUnderTest

WORDS = ("Red apple", "green apple", "blue pear", "red pear", "Apple-pie")
COUNT = len(WORDS) + 1
LINKED = (0, 3)

SEARCHED = (*SUBJECTS, Subject("partner_services", "sku", False, "hs_name", "city"))
"""Partner services have no class of their own in hubspot-api-client."""

each_searched = pytest.mark.parametrize("subject", SEARCHED, ids=lambda each: each.object_type)

Filter = Mapping[str, Any]


def size(operator: str, **operands: Any) -> Filter:
    """A filter on the size, as the wire has it."""
    return {"propertyName": "size", "operator": operator, **operands}


def words(operator: str, value: str) -> Filter:
    """A filter on the words."""
    return {"propertyName": "words", "operator": operator, "value": value}


SEARCHES: tuple[tuple[str, Sequence[Sequence[Filter]], list[int]], ...] = (
    ("EQ", [[size("EQ", value="20")]], [2]),
    ("NEQ", [[size("NEQ", value="20")]], [0, 1, 3, 4]),
    ("LT", [[size("LT", value="20")]], [0, 1]),
    ("LTE", [[size("LTE", value="20")]], [0, 1, 2]),
    ("GT", [[size("GT", value="20")]], [3, 4]),
    ("GTE", [[size("GTE", value="20")]], [2, 3, 4]),
    ("BETWEEN", [[size("BETWEEN", value="10", highValue="30")]], [1, 2, 3]),
    ("IN", [[size("IN", values=["10", "40"])]], [1, 4]),
    ("NOT_IN", [[size("NOT_IN", values=["10", "40"])]], [0, 2, 3]),
    ("HAS_PROPERTY", [[size("HAS_PROPERTY")]], [0, 1, 2, 3, 4]),
    ("NOT_HAS_PROPERTY", [[size("NOT_HAS_PROPERTY")]], [5]),
    ("CONTAINS_TOKEN", [[words("CONTAINS_TOKEN", "apple")]], [0, 1, 4]),
    ("CONTAINS_TOKEN with a star", [[words("CONTAINS_TOKEN", "gre*")]], [1]),
    ("NOT_CONTAINS_TOKEN", [[words("NOT_CONTAINS_TOKEN", "apple")]], [2, 3]),
    ("text in any case", [[words("EQ", "RED APPLE")]], [0]),
    (
        "a day",
        [[{"propertyName": "day", "operator": "GT", "value": "2024-05-03"}]],
        [3, 4],
    ),
    (
        "all of a group, any of the groups",
        [[size("GTE", value="20"), words("CONTAINS_TOKEN", "pear")], [size("EQ", value="0")]],
        [0, 2, 3],
    ),
    ("no filters", [], [0, 1, 2, 3, 4, 5]),
)

ASCENDING, DESCENDING = [0, 1, 2, 3, 4, 5], [4, 3, 2, 1, 0, 5]
"""Records without the property come last in either direction."""

SORTS: tuple[tuple[Any, list[int]], ...] = (
    ("size", ASCENDING),
    ("-size", DESCENDING),
    ({"propertyName": "size", "direction": "ASCENDING"}, ASCENDING),
    ({"propertyName": "size", "direction": "DESCENDING"}, DESCENDING),
    ('{"propertyName":"size","direction":"DESCENDING"}', DESCENDING),
)
"""A name, a name with a minus, an object, and an object in a text: all that clients send."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The ids of the records by their numbers; those of LINKED are associated with one contact,
    or contacts with one company.

    link: the filter that tells. path_type: what paths call the type. target: the id of the record
    of the other type.
    """

    subject: Subject
    path_type: str
    ids: tuple[str, ...]
    link: Filter
    other_type: str
    target: str


def make_scene(portal: PortalUnderTest, v3: Any, subject: Subject) -> Scene:
    """Makes the records; v3: the client that associates two of them."""
    object_type = define(portal, subject)
    if subject.is_custom:
        association = schemas.AssociationDefinitionEgg(
            from_object_type_id=object_type, to_object_type_id="0-1", name="owned_by"
        )
        v3.crm.schemas.core_api.create_association(object_type, association)
    ids = add_records(portal, subject, object_type)
    other = "companies" if subject.object_type == "contacts" else "contacts"
    target = portal.add_record(other, {}).id
    for number in LINKED:
        v3.crm.associations.v4.basic_api.create_default(object_type, ids[number], other, target)
    singular = {"companies": "company", "contacts": "contact"}[other]
    link = {"propertyName": f"associations.{singular}", "operator": "EQ", "value": target}
    return Scene(subject, object_type, ids, link, other, target)


def define(portal: PortalUnderTest, subject: Subject) -> str:
    """Defines the type, if it is custom, and what the rows speak of; the type's name or id."""
    object_type = subject.object_type
    if subject.is_custom:
        schema = {
            "name": object_type.removeprefix("p_"),
            "primaryDisplayProperty": subject.title,
            "properties": [{"name": subject.title, "type": "string", "fieldType": "text"}],
        }
        object_type = portal.add_schema(schema)
    for name, kind, field in (
        ("size", "number", "number"),
        ("words", "string", "text"),
        ("day", "date", "date"),
    ):
        portal.define(object_type, {"name": name, "type": kind, "fieldType": field})
    return object_type


def add_records(portal: PortalUnderTest, subject: Subject, object_type: str) -> tuple[str, ...]:
    """Makes the records; their ids."""
    rows = [
        {"size": str(number * 10), "words": text, "day": f"2024-05-0{number + 1}"}
        for number, text in enumerate(WORDS)
    ]
    return tuple(
        portal.add_record(object_type, {subject.title: f"Record {number}", **values}).id
        for number, values in enumerate([*rows, {}])
    )
