"""The object types that the clients take from create to archive, as rows.

The same rows drive every client, those that are written in JavaScript included.
"""

from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Subject:
    """An object type, and the properties that the scenario writes; all of them hold text."""

    object_type: str
    """As it stands in paths."""
    key: str
    """A property with unique values."""
    is_key_standard: bool
    """Whether the key is HubSpot's own; the scenario makes it otherwise."""
    title: str
    note: str
    is_custom: bool = False

    def values(self, number: int) -> dict[str, str]:
        """What the record of that number begins with."""
        return {self.key: self.key_of(number), self.title: f"Record {number}"}

    def key_of(self, number: int) -> str:
        """The unique value of the record of that number, a valid e-mail address."""
        return f"record-{number}@example.com"


SUBJECTS = (
    Subject("contacts", "email", True, "lastname", "city"),
    Subject("companies", "register_no", False, "name", "city"),
    Subject("deals", "order_no", False, "dealname", "description"),
    Subject("p_car", "vin", False, "model", "colour", is_custom=True),
)

each_subject = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda each: each.object_type)
