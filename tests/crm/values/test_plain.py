"""A text that a quick test lets pass is one that the rule keeps unchanged."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moyeu.catalog.properties import FieldType, Option, PropertyDefinition, PropertyType
from moyeu.crm.values.plain import plain_test_of
from moyeu.crm.values.rules import rule_of

NOW_MS = 1_795_000_000_250
# The clock may be wrong by centuries and the quick tests must still be right.
CLOCKS_MS = (-4_000_000_000_000, 0, NOW_MS, 10_000_000_000_000)

ODD_VALUES = ("a", "ab", "b.c", "x y", "(", "é", "A|B")


def definition(
    kind: PropertyType, field_type: FieldType, values: tuple[str, ...] = ()
) -> PropertyDefinition:
    options = tuple(Option(value, value, order) for order, value in enumerate(values))
    return PropertyDefinition(
        name="p", label="P", type=kind, field_type=field_type, group_name="g", options=options
    )


DEFINITIONS = {
    "number": definition("number", "number"),
    "date": definition("date", "date"),
    "datetime": definition("datetime", "date"),
    "bool": definition("bool", "booleancheckbox", ("true", "false")),
    "select": definition("enumeration", "select", ODD_VALUES),
    "checkbox": definition("enumeration", "checkbox", ODD_VALUES),
}

digits = st.text("0123456789", max_size=4)
texts = st.one_of(
    st.from_regex(re.compile(r"-?\d{1,5}(\.\d{0,4})?", re.ASCII), fullmatch=True),
    st.from_regex(re.compile(r"[0-3]\d{3}-[01]\d-[0-3]\d", re.ASCII), fullmatch=True),
    st.from_regex(
        re.compile(r"[12]\d{3}-[01]\d-[0-3]\d[T ][0-2]\d:[0-6]\d:[0-6]\d(\.\d{3})?Z?", re.ASCII),
        fullmatch=True,
    ),
    st.lists(st.sampled_from([*ODD_VALUES, "", "ac", " a"]), max_size=4).map(";".join),
    st.text("٣1-.;T:Z\n ", max_size=12),
    st.text(max_size=8),
)


@pytest.mark.parametrize("name", DEFINITIONS)
@given(text=texts)
@example(text="1300-02-28T23:59:59.001Z")
@example(text="2799-12-31")
@example(text="2100-02-29")
@example(text="12.\n")
@example(text="a;")
def test_the_rule_keeps_what_the_quick_test_lets_pass(name: str, text: str) -> None:
    test = plain_test_of(DEFINITIONS[name])
    assert test is not None

    if text and test(text):
        for dates_normalised in (False, True):
            rule = rule_of(DEFINITIONS[name], frozenset(), dates_normalised=dates_normalised)
            for now_ms in CLOCKS_MS:
                assert rule(text, now_ms) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("number", "1234.50"),
        ("number", "-1"),
        ("date", "2026-11-24"),
        ("date", "2026-01-31"),
        ("datetime", "2026-11-24T09:30:00Z"),
        ("datetime", "2026-11-24T23:59:59.999Z"),
        ("bool", "true"),
        ("select", "b.c"),
        ("checkbox", "a;ab;("),
    ],
)
def test_usual_values_need_no_rule(name: str, text: str) -> None:
    test = plain_test_of(DEFINITIONS[name])

    assert test is not None
    assert test(text)


def test_properties_whose_values_depend_on_the_portal_have_no_quick_test() -> None:
    assert plain_test_of(definition("string", "text")) is None
    assert plain_test_of(definition("enumeration", "select")) is None
    owner = PropertyDefinition(
        name="o",
        label="O",
        type="enumeration",
        field_type="select",
        group_name="g",
        external_options=True,
        referenced_object_type="OWNER",
    )
    assert plain_test_of(owner) is None
