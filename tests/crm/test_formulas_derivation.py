"""The values of calculated properties: which formulas a write concerns, in which order."""

from collections.abc import Mapping

import pytest

from moyeu.catalog.properties import PropertyDefinition, PropertyType
from moyeu.crm.formulas import (
    Formula,
    formula_derivation,
    formula_filling,
    is_circular,
    parse_formula,
    property_names_in,
)


def number(name: str, formula: str | None = None, *, own: bool = True) -> PropertyDefinition:
    return PropertyDefinition(
        name=name,
        label=name,
        type="number",
        field_type="number" if formula is None else "calculation_equation",
        group_name="g",
        calculated=formula is not None,
        calculation_formula=formula,
        hubspot_defined=not own,
    )


def named(*definitions: PropertyDefinition) -> dict[str, PropertyDefinition]:
    return {each.name: each for each in definitions}


PROPERTIES = named(
    number("net"),
    number("rate"),
    number("other"),
    # In name order each stands before what it reads.
    number("a_total", "b_tax + net"),
    number("b_tax", "net * rate"),
    number("c_there", "if is_present(other) then 1 else 0"),
)


def derived(
    before: Mapping[str, str],
    changed: Mapping[str, str],
    properties: Mapping[str, PropertyDefinition] = PROPERTIES,
) -> dict[str, str]:
    derive = formula_derivation(properties)
    assert derive is not None
    after = dict(changed)
    derive(before, after, 5_000)
    return after


def test_a_type_without_formulas_of_its_own_has_no_derivation() -> None:
    assert formula_derivation(named(number("net"))) is None
    assert formula_derivation(named(number("net"), number("x", "net * 2", own=False))) is None


def test_a_new_record_gets_the_value_of_every_formula() -> None:
    assert derived({}, {"net": "100", "rate": "0.2"}) == {
        "net": "100",
        "rate": "0.2",
        "b_tax": "20.0",
        "a_total": "120.0",
        "c_there": "0",
    }


def test_formulas_follow_one_another_whatever_their_names() -> None:
    before = {"net": "100", "rate": "0.2", "b_tax": "20.0", "a_total": "120.0", "c_there": "0"}

    assert derived(before, {"rate": "0.5"}) == {
        "rate": "0.5",
        "b_tax": "50.0",
        "a_total": "150.0",
    }


def test_a_write_that_concerns_no_formula_adds_nothing() -> None:
    before = {"net": "100", "rate": "0.2", "note": "x"}

    assert derived(before, {"note": "y"}) == {"note": "y"}


def test_a_value_that_stays_the_same_is_no_change() -> None:
    before = {"other": "1", "c_there": "1"}

    assert derived(before, {"other": "2"}) == {"other": "2"}


def test_clearing_an_input_clears_the_value() -> None:
    before = {"net": "100", "rate": "0.2", "b_tax": "20.0", "a_total": "120.0"}

    assert derived(before, {"rate": ""}) == {"rate": "", "b_tax": "", "a_total": ""}


def test_a_value_that_never_was_is_not_cleared() -> None:
    assert derived({"note": "x"}, {"net": "100"}) == {"net": "100"}


def test_formulas_in_a_circle_and_broken_ones_stay_out_of_the_way() -> None:
    properties = named(
        number("net"),
        number("x", "y + 1"),
        number("y", "x + net"),
        number("after", "x * 2"),
        number("broken", "net *"),
        number("fine", "net * 2"),
    )

    assert derived({}, {"net": "1"}, properties) == {"net": "1", "fine": "2"}


def test_a_filling_computes_one_formula_and_what_depends_on_it() -> None:
    derive = formula_filling(PROPERTIES, {"b_tax"})
    assert derive is not None
    changed: dict[str, str] = {}

    derive({"net": "100", "rate": "0.2"}, changed, 5_000)

    assert changed == {"b_tax": "20.0", "a_total": "120.0"}


@pytest.mark.parametrize("type_", ["date", "datetime"])
def test_a_moment_counts_as_milliseconds(type_: PropertyType) -> None:
    moment = PropertyDefinition(
        name="due", label="due", type=type_, field_type="date", group_name="g"
    )
    properties = named(moment, number("later", "due + 1"))

    assert derived({}, {"due": "1970-01-02"}, properties)["later"] == "86400001"


@pytest.mark.parametrize(
    ("name", "formula", "circular"),
    [
        ("net", "net + 1", True),
        ("net", "rate + 1", False),
        ("net", "a_total + 1", True),
        ("net", "c_there + 1", False),
        ("b_tax", "a_total", True),
    ],
)
def test_a_property_is_not_computed_from_itself(name: str, formula: str, circular: bool) -> None:
    parsed = parse_formula(formula)
    assert isinstance(parsed, Formula)

    assert is_circular(name, parsed, PROPERTIES) is circular


def test_a_long_chain_of_formulas_is_no_deep_one() -> None:
    chain = [number("p0"), *(number(f"p{each}", f"p{each - 1} + 1") for each in range(1, 1_000))]

    assert derived({}, {"p0": "0"}, named(*chain))["p999"] == "999"
    parsed = parse_formula("p999")
    assert isinstance(parsed, Formula)
    assert is_circular("p0", parsed, named(*chain))


def test_names_in_a_formula_that_cannot_be_read_are_none() -> None:
    assert property_names_in("net *") == frozenset()
