"""The rules of merging two records."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pytest

from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.merging import MergePlan, check_merge, plan_merge
from moyeu.crm.problems import MergeWithItself, NotMergeable, Problem
from moyeu.crm.records import StoredRecord, UniqueMove
from moyeu.crm.values.moment import render_ms
from tests.crm.scene import (
    DEFINITIONS,
    MODIFIED,
    NOW_MS,
    THEN_MS,
    definitions,
    object_type,
    occasion,
    record,
)

CONTACTS: Final = definitions((), of=object_type("contacts"), pipelines=())
NEW_ID: Final = 99


def old(
    record_id: int, properties: Mapping[str, str], created_at_ms: int = THEN_MS
) -> StoredRecord:
    """A record that is to be merged."""
    times = {"hs_createdate": render_ms(created_at_ms), "createdate": render_ms(created_at_ms)}
    made = record(record_id, {**times, **properties})
    made.created_at_ms = created_at_ms
    return made


def merge(
    primary: StoredRecord, other: StoredRecord, described: TypeDefinitions = DEFINITIONS
) -> MergePlan:
    """What two records become, by the id 99."""
    return plan_merge(described, primary, other, NEW_ID, occasion())


CHECKED: Final[tuple[tuple[str, str, tuple[int, int] | Problem], ...]] = (
    ("1", "2", (1, 2)),
    ("1", "1", MergeWithItself()),
    ("x", "x", MergeWithItself()),
    ("x", "2", NotMergeable("primaryObjectId", "x")),
    ("1", "02", NotMergeable("objectIdToMerge", "02")),
)


@pytest.mark.parametrize(("primary", "other", "expected"), CHECKED)
def test_a_merge_names_two_records(
    primary: str, other: str, expected: tuple[int, int] | Problem
) -> None:
    assert check_merge(primary, other) == expected


def test_the_values_of_the_primary_win_and_its_gaps_are_filled() -> None:
    primary = old(1, {"note": "primary", "size": "", "tags": "a"})
    other = old(2, {"note": "other", "size": "5", "tags": "b;c", "begins": "2024-05-31"})

    properties = merge(primary, other).record.properties

    assert properties["note"] == "primary"
    assert properties["size"] == "5"
    assert properties["tags"] == "a"
    assert properties["begins"] == "2024-05-31"


def test_the_new_record_has_an_id_and_a_time_of_its_own_and_the_older_creation() -> None:
    made = merge(old(1, {}, THEN_MS + 5), old(2, {}, THEN_MS)).record

    assert (made.record_id, made.properties["hs_object_id"]) == (NEW_ID, "99")
    assert (made.created_at_ms, made.properties["hs_createdate"]) == (THEN_MS, render_ms(THEN_MS))
    assert (made.updated_at_ms, made.properties[MODIFIED]) == (NOW_MS, render_ms(NOW_MS))
    assert (made.archived_at_ms, made.last_write) == (None, 0)


def test_a_records_time_never_goes_back() -> None:
    other = old(2, {})
    other.updated_at_ms = NOW_MS + 7

    assert merge(old(1, {}), other).record.updated_at_ms == NOW_MS + 7


LINEAGES: Final[tuple[tuple[dict[str, str], dict[str, str], str], ...]] = (
    ({}, {}, "1;2"),
    ({"hs_merged_object_ids": "7;8"}, {}, "7;8;1;2"),
    ({}, {"hs_merged_object_ids": "9"}, "1;9;2"),
    ({"hs_merged_object_ids": "7"}, {"hs_merged_object_ids": "8;9"}, "7;1;8;9;2"),
)
"""(of the primary, of the other, of the new record)"""


@pytest.mark.parametrize(("primary", "other", "expected"), LINEAGES)
def test_all_ids_that_went_into_a_record_are_told(
    primary: dict[str, str], other: dict[str, str], expected: str
) -> None:
    made = merge(old(1, primary), old(2, other))

    assert made.record.properties["hs_merged_object_ids"] == expected


def test_unique_values_go_to_the_new_record() -> None:
    made = merge(old(1, {"code": "A"}), old(2, {"code": "B", "badge": "7"}))

    assert sorted(made.moves, key=lambda each: each.name) == [
        UniqueMove("badge", NEW_ID, None, "7"),
        UniqueMove("code", NEW_ID, None, "A"),
    ]


EMAILS: Final = (
    # (e-mail, further ones) of the primary, of the other, of the new record.
    (("a@x.org", ""), ("b@x.org", ""), ("a@x.org", "b@x.org")),
    (("a@x.org", "c@x.org"), ("b@x.org", "d@x.org"), ("a@x.org", "c@x.org;b@x.org;d@x.org")),
    (("", ""), ("b@x.org", ""), ("b@x.org", "")),
    (("", ""), ("b@x.org", "d@x.org"), ("b@x.org", "d@x.org")),
    (("a@x.org", ""), ("", ""), ("a@x.org", "")),
)


@pytest.mark.parametrize(("primary", "other", "expected"), EMAILS)
def test_no_email_of_a_contact_is_lost(
    primary: tuple[str, str], other: tuple[str, str], expected: tuple[str, str]
) -> None:
    def contact(record_id: int, emails: tuple[str, str]) -> StoredRecord:
        names = ("email", "hs_additional_emails")
        return old(
            record_id, {name: text for name, text in zip(names, emails, strict=True) if text}
        )

    made = merge(contact(1, primary), contact(2, other), CONTACTS)

    properties = made.record.properties
    assert (properties["email"], properties.get("hs_additional_emails", "")) == expected
    assert {each.taken for each in made.moves} == {
        each for text in expected for each in text.split(";") if each
    }


def test_what_follows_from_values_follows_from_the_filled_ones() -> None:
    seen: list[tuple[dict[str, str], dict[str, str], int]] = []

    def derive(before: Mapping[str, str], changed: dict[str, str], now_ms: int) -> None:
        seen.append((dict(before), dict(changed), now_ms))
        changed["note"] = "derived"

    primary = old(1, {"size": "1"})
    described = replace(DEFINITIONS, derivations=(derive,))
    made = merge(primary, old(2, {"size": "2", "begins": "2024-05-31"}), described)

    assert seen == [(primary.properties, {"begins": "2024-05-31", "hs_object_id": "99"}, NOW_MS)]
    assert made.record.properties["note"] == "derived"
