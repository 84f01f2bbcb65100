"""Which column is which property, and cells that no spreadsheet runs."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.operations.tables import (
    NO_MAPPING,
    REASON_TITLE,
    ColumnAmbiguous,
    ColumnReadOnly,
    ColumnUnknown,
    IdColumnMissing,
    MappedColumnMissing,
    PropertyGivenTwice,
    PropertyUnknown,
    TableMapping,
    TableRefused,
    bare_cell,
    guard_cell,
    guard_value,
    match_columns,
)
from tests.crm.scene import definitions
from tests.storage.scene import text_property

# --- formulas --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("", ""),
        ("plain", "plain"),
        ("=1+1", "'=1+1"),
        ("+39 011", "'+39 011"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "\nx"),
        (" =1", " =1"),
        ("a=1", "a=1"),
        ("'plain", "'plain"),
        ("'", "'"),
        ("'=1", "''=1"),
        ("''=1", "'''=1"),
    ],
)
def test_what_begins_like_a_formula_is_guarded(text: str, cell: str) -> None:
    assert guard_cell(text) == cell
    assert bare_cell(cell) == text


@pytest.mark.parametrize("text", ["-5", "-0.25", "5", "-12345678901234567890.5"])
def test_a_number_of_a_number_property_stays_one(text: str) -> None:
    assert guard_value(text, is_number=True) == text
    assert bare_cell(text) == text


@pytest.mark.parametrize("text", ["-5-1", "=5", "+5", "-", "-5 ", "-5\n", "-٥"])
def test_what_only_resembles_a_number_is_guarded(text: str) -> None:
    assert guard_value(text, is_number=True) == f"'{text}"


cells = st.text() | st.text("'=+-@\t\rx1.", max_size=6)


@given(text=cells, is_number=st.booleans())
def test_every_text_comes_back_from_its_cell(text: str, is_number: bool) -> None:
    cell = guard_value(text, is_number=is_number)

    assert bare_cell(cell) == text
    assert cell[:1] not in {"=", "+", "@", "\t", "\r"}
    assert not cell.startswith("-") or is_number


# --- columns ---------------------------------------------------------------------------------

OWN = tuple(
    replace(text_property(name), label=label)
    for name, label in (
        ("code", "Code"),
        ("note", "Remark"),
        ("remark", "Comment"),
        ("first", "Twin"),
        ("second", "Twin"),
        ("Size", "Big"),
    )
)
TYPE = definitions(OWN)


def refusals(titles: list[str], **how: object) -> list[object]:
    """Why a row of titles is refused."""
    refused = match_columns(titles, TYPE, **how)  # type: ignore[arg-type] # its own keywords
    assert isinstance(refused, TableRefused), refused
    return list(refused.problems)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("code", "code"),
        ("Code", "code"),
        ("CODE", "code"),
        (" code ", "code"),
        ("note", "note"),
        ("Remark", "note"),
        ("remark", "remark"),
        ("REMARK", "remark"),
        ("comment", "remark"),
        ("size", "Size"),
        (REASON_TITLE, None),
    ],
)
def test_a_title_is_a_name_before_a_label_and_exact_before_any_case(
    title: str, name: str | None
) -> None:
    assert match_columns([title], TYPE) == (name,)


def test_what_a_title_may_not_be() -> None:
    assert refusals(["colour"]) == [ColumnUnknown("colour")]
    assert refusals([""]) == [ColumnUnknown("")]
    assert refusals(["Twin"]) == [ColumnAmbiguous("Twin", ("first", "second"))]
    assert refusals(["twin"]) == [ColumnAmbiguous("twin", ("first", "second"))]
    assert refusals(["code", "Code"]) == [PropertyGivenTwice("code")]
    assert refusals(["hs_object_id"]) == [ColumnReadOnly("hs_object_id", "hs_object_id")]


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert refusals(["colour", "Twin", "code", "code"]) == [
        ColumnUnknown("colour"),
        ColumnAmbiguous("Twin", ("first", "second")),
        PropertyGivenTwice("code"),
    ]


def test_a_mapping_goes_before_names_and_labels() -> None:
    mapping = TableMapping({"code": "note", "Twin": "first", "colour": ""})

    assert match_columns(["code", "Twin", "colour", "Size"], TYPE, mapping) == (
        "note",
        "first",
        None,
        "Size",
    )


def test_what_a_mapping_may_not_say() -> None:
    assert refusals(["a"], mapping=TableMapping({"a": "colour"})) == [PropertyUnknown("colour")]
    assert refusals([], mapping=TableMapping({}, {"colour": "red"})) == [PropertyUnknown("colour")]
    assert refusals(["code"], mapping=TableMapping({"b": "note"})) == [MappedColumnMissing("b")]
    assert refusals(["code"], mapping=TableMapping({}, {"code": "x"})) == [
        PropertyGivenTwice("code")
    ]
    assert refusals([], mapping=TableMapping({}, {"hs_object_id": "1"})) == [
        ColumnReadOnly("", "hs_object_id")
    ]


def test_the_id_property_has_to_be_a_column() -> None:
    titles = ["hs_object_id", "note"]

    assert match_columns(titles, TYPE, NO_MAPPING, "hs_object_id") == ("hs_object_id", "note")
    assert refusals(["note"], id_property="code") == [IdColumnMissing("code")]
