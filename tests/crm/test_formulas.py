"""The language of calculation formulas: what is refused, how a formula is kept, what it gives."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.catalog.limits import FORMULA_ARGUMENTS_MAX, FORMULA_CHARACTERS_MAX
from moyeu.catalog.object_types import find_object_type
from moyeu.catalog.properties import PropertyType, standard_properties
from moyeu.crm.formulas import Formula, FormulaFault, canonical, parse_formula
from moyeu.crm.formulas.evaluate import RecordValues, evaluate
from moyeu.crm.formulas.language import NESTING_MAX

TYPES: dict[str, PropertyType] = {
    "begun": "datetime",
    "due": "date",
    "flag": "bool",
    "name": "string",
    "size": "number",
}


def parsed(formula: str) -> Formula:
    outcome = parse_formula(formula)
    assert isinstance(outcome, Formula), outcome
    return outcome


def kept(formula: str) -> str:
    return canonical(parsed(formula).root)


def value(formula: str, **texts: str) -> str:
    return evaluate(parsed(formula), RecordValues(texts, TYPES, {}))


def number_in(text: str) -> Decimal | None:
    return Decimal(text) if text else None


# --- the canonical form ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "canonical_form"),
    [
        # Observed 2026-09 and 10.
        ("IF bool(a) THEN 1 ELSE 2", "if bool(a) then 1 else 2"),
        ('string(a) = "x"', "string(a) equals 'x'"),
        ("'x' + string(a) + 'y'", "concatenate('x', string(a), 'y')"),
        ("a = b", "a equals b"),
        ("a != b", "not (a equals b)"),
        ("10a", "10 * a"),
        ("((a) + (b))", "a + b"),
        ("2.50 * a", "2.5 * a"),
        ("probe_used * 2", "probe_used * 2"),
        # Brackets that change the meaning stay.
        ("a - (b - c)", "a - (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("a * (b + c)", "a * (b + c)"),
        ("(a * b) + c", "a * b + c"),
        ("-(a + b)", "-(a + b)"),
        ("(a > b or b > c) and c > d", "(a > b or b > c) and c > d"),
        ("a > b or (b > c and c > d)", "a > b or b > c and c > d"),
        # Guesses.
        ("b / 10a", "b / (10 * a)"),
        ("not is_present(a)", "not (is_present(a))"),
        ("not a > b and c > d", "not (a > b) and c > d"),
        ("Amount * 2", "amount * 2"),
        ("007.0", "7"),
        (".5", "0.5"),
        ('"it\'s"', '"it\'s"'),
        ("a\n +\tb", "a + b"),
        ("if a > b then 1", "if a > b then 1 endif"),
        ("if a > b then 1 endif", "if a > b then 1 endif"),
        (
            "if a > b then if b > c then 1 endif elseif c > d then 2 else ''",
            "if a > b then if b > c then 1 endif elseif c > d then 2 else ''",
        ),
        ("(if a > b then 1 else 2) + 3", "(if a > b then 1 else 2) + 3"),
        ("max(a, if b > c then 1 else 2)", "max(a, if b > c then 1 else 2)"),
    ],
)
def test_a_formula_is_kept_in_one_spelling(written: str, canonical_form: str) -> None:
    assert kept(written) == canonical_form
    assert kept(canonical_form) == canonical_form


def test_the_spelling_of_numbers_can_be_kept_alone() -> None:
    root = parsed("02.50a = 1.0").root

    assert canonical(root, numbers_as_written=True) == "02.50 * a equals 1.0"


def _operands() -> st.SearchStrategy[str]:
    numbers = st.decimals(0, 99, places=2).map(str)
    return st.one_of(numbers, st.sampled_from(["a", "b", "size", "string_to_number(string(c))"]))


def _larger(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    sides = st.tuples(part, st.sampled_from("+-*/"), part)
    conditions = st.tuples(part, st.sampled_from(["<", ">=", "=", "!="]), part)
    return st.one_of(
        sides.map(lambda each: f"({' '.join(each)})"),
        sides.map(" ".join),
        part.map(lambda each: f"-({each})"),
        st.lists(part, min_size=2, max_size=3).map(lambda each: f"max({', '.join(each)})"),
        st.tuples(conditions, part, part).map(
            lambda each: f"(if not {' '.join(each[0])} then {each[1]} else {each[2]})"
        ),
    )


@given(st.recursive(_operands(), _larger, max_leaves=12))
def test_the_kept_form_means_the_same_and_is_kept_as_it_is(written: str) -> None:
    once = kept(written)
    texts = {"a": "3", "b": "-2.5", "c": "7", "size": "0.1"}

    assert kept(once) == once
    assert number_in(value(once, **texts)) == number_in(value(written, **texts))


@pytest.mark.parametrize("type_name", ["companies", "contacts", "deals", "tickets"])
def test_formulas_of_hubspot_can_be_read(type_name: str) -> None:
    object_type = find_object_type(type_name)
    assert object_type is not None

    for each in standard_properties(object_type):
        if each.calculation_formula is not None:
            once = kept(each.calculation_formula)
            assert kept(once) == once


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("[a] + 1", FormulaFault("unexpected", "[", 1)),
        ("a + [b]", FormulaFault("unexpected", "[", 5)),
        ("if(a > 1, 2, 3)", FormulaFault("unexpected", ",", 9)),
        ("", FormulaFault("unfinished", "", 1)),
        ("a +", FormulaFault("unfinished", "", 4)),
        ("(a", FormulaFault("unfinished", "", 3)),
        ("a)", FormulaFault("unexpected", ")", 2)),
        ("a b", FormulaFault("unexpected", "b", 3)),
        ("'open", FormulaFault("unexpected", "'", 1)),
        ("a + then", FormulaFault("unexpected", "then", 5)),
        ("1 + if a > b then 1", FormulaFault("unexpected", "if", 5)),
        ("if a > b then 1 else 2 endif", FormulaFault("unexpected", "endif", 24)),
        ("a < b < c", FormulaFault("unexpected", "<", 7)),
        ("string('a')", FormulaFault("unexpected", "'a'", 8)),
        ("bool(a + b)", FormulaFault("unexpected", "+", 8)),
        ("sum(a, b)", FormulaFault("unknown_function", "sum", 1)),
        ("max(a)", FormulaFault("arity", "max", 1)),
        ("is_present()", FormulaFault("arity", "is_present", 1)),
        ("1 + number_to_string(a, b)", FormulaFault("arity", "number_to_string", 5)),
        ("'Number of cars: ' + num_cars", FormulaFault("type", "num_cars", 0)),
        ("num_cars + ' cars'", FormulaFault("type", "' cars'", 0)),
        ("string(a) - string(b)", FormulaFault("type", "string(a)", 0)),
        ("string(a) < string(b)", FormulaFault("type", "string(a)", 0)),
        ("not a", FormulaFault("type", "a", 0)),
        ("a and bool(b)", FormulaFault("type", "a", 0)),
        ("a = 'x'", FormulaFault("type", "'x'", 0)),
        ("if a then 1 else 2", FormulaFault("type", "a", 0)),
        ("if bool(a) then 1 else 'x'", FormulaFault("type", "'x'", 0)),
        ("contains(a, 'x')", FormulaFault("type", "a", 0)),
        ("timestamp(a + 1)", FormulaFault("type", "timestamp", 1)),
    ],
)
def test_a_formula_that_cannot_be_read_is_refused(written: str, fault: FormulaFault) -> None:
    assert parse_formula(written) == fault


@pytest.mark.parametrize("function", ["max", "min"])
@pytest.mark.parametrize(("count", "is_read"), [(1, False), (2, True), (100, True), (101, False)])
def test_a_function_takes_two_to_a_hundred_numbers(
    function: str, count: int, is_read: bool
) -> None:
    outcome = parse_formula(f"{function}({', '.join(['a'] * count)})")

    assert isinstance(outcome, Formula) is is_read
    assert FORMULA_ARGUMENTS_MAX == 100


def test_a_formula_is_only_so_long_as_it_is_written_and_as_it_is_kept() -> None:
    longest = "a" * FORMULA_CHARACTERS_MAX
    unspaced = "a=b" + " " * (FORMULA_CHARACTERS_MAX - 3)
    many = "+".join(["a"] * (FORMULA_CHARACTERS_MAX // 3))

    assert isinstance(parse_formula(longest), Formula)
    assert isinstance(parse_formula(unspaced), Formula)
    assert parse_formula(longest + "a") == FormulaFault("too_long", "", 0)
    assert len(many) < FORMULA_CHARACTERS_MAX
    assert parse_formula(many) == FormulaFault("too_long", "", 0)


@pytest.mark.parametrize(
    "nested",
    [
        lambda depth: "(" * depth + "a" + ")" * depth,
        lambda depth: "bool(a) != (" * depth + "bool(b)" + ")" * depth,
        lambda depth: "-" * depth + "a",
        lambda depth: "max(1, " * depth + "a" + ")" * depth,
        lambda depth: "not " * depth + "bool(a)",
        lambda depth: "if a > b then 1 else " * depth + "2",
        lambda depth: "if a > b then " * depth + "2",
    ],
)
def test_a_formula_is_nested_only_so_deep(nested: object) -> None:
    assert callable(nested)

    outcomes = [parse_formula(nested(depth)) for depth in range(1, NESTING_MAX + 2)]
    well_formed = [each for each in outcomes if isinstance(each, Formula)]

    # What is kept can be read again and computed, however deep it just may be.
    assert len(well_formed) >= NESTING_MAX // 4
    for each in well_formed:
        assert isinstance(parse_formula(canonical(each.root)), Formula)
        evaluate(each, RecordValues({"a": "1", "b": "2"}, {}, {}))
    assert outcomes[-1] == FormulaFault("too_deep", "", 0)
    assert parse_formula(nested(2_000)) == FormulaFault("too_deep", "", 0)


def test_a_long_sum_is_no_deep_one() -> None:
    assert value(" + ".join(["size"] * 5_000), size="2") == "10000"


@given(st.text(alphabet="ab1.(),+-*/<>=!'\" []ifthenelsdormax", max_size=40))
def test_any_text_is_a_formula_or_a_fault(text: str) -> None:
    outcome = parse_formula(text)

    assert isinstance(outcome, Formula | FormulaFault)


# --- what it gives ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "texts", "expected"),
    [
        # Recorded in an answer of 2026: a product has all digits of both factors.
        (
            "size * share",
            {
                "size": "15000",
                "share": "0.40000000000000002220446049250313080847263336181640625",
            },
            "6000.00000000000033306690738754696212708950042724609375000",
        ),
        ("size * 2", {"size": "21"}, "42"),
        ("size + 0.1", {"size": "0.2"}, "0.3"),
        ("size - 5", {"size": "3"}, "-2"),
        ("size * 0", {"size": "-1"}, "0"),
        ("10size", {"size": "1.5"}, "15.0"),
        ("size / 4", {"size": "10"}, "2.5"),
        ("size / 3", {"size": "10"}, "3.333333333333333333333333333333333"),
        ("2 + 3 * 4 - 6 / 2", {}, "11"),
        ("max(size, 3, 2)", {"size": "1"}, "3"),
        ("min(size, 3, 2)", {"size": "1"}, "1"),
        ("round_down(size, 0)", {"size": "-2.79"}, "-2"),
        ("round_down(size, 1)", {"size": "2.79"}, "2.7"),
        ("due - begun", {"due": "2026-01-02", "begun": "2026-01-01T12:00:00Z"}, "43200000"),
        (
            "time_between(begun, due)",
            {"due": "2026-01-02", "begun": "2026-01-01T12:00:00Z"},
            "43200000",
        ),
        ("size > 1", {"size": "2"}, "true"),
        ("size = 2.0", {"size": "2"}, "true"),
        ("size != 2", {"size": "2"}, "false"),
        ("string(name) = 'Ann'", {"name": "ann"}, "false"),
        ("contains(string(name), 'ell')", {"name": "hello"}, "true"),
        ("contains('ello', 'hello')", {}, "false"),
        ("'a' + string(name)", {"name": "b"}, "ab"),
        ("number_to_string(size) + '!'", {"size": "5.0"}, "5.0!"),
        ("string_to_number(string(name)) + 1", {"name": "41"}, "42"),
        ("string_to_number(string(name))", {"name": "4x"}, ""),
        ("substring(string(name), 1)", {"name": "+46"}, "46"),
        ("substring(string(name), 0, 1)", {"name": "+46"}, "+"),
        ("if bool(flag) then 'yes' else 'no'", {"flag": "true"}, "yes"),
        ("if bool(flag) then 'yes' else 'no'", {"flag": "false"}, "no"),
        ("if bool(flag) then 'yes' endif", {"flag": "false"}, ""),
        ("if size > 2 then 'l' elseif size > 1 then 'm' else 's'", {"size": "2"}, "m"),
        ("if size > 2 then 1 else ''", {"size": "2"}, ""),
        ("is_present(size)", {"size": "2"}, "true"),
        ("is_present(size)", {}, "false"),
        ("is_present(size)", {"size": ""}, "false"),
        ("is_present(bool(name))", {"name": "not a flag"}, "false"),
        ("is_present(string(name))", {"name": "x"}, "true"),
        # What cannot be computed has no value.
        ("size * 2", {}, ""),
        ("size + name", {"size": "1", "name": "x"}, ""),
        ("size / 0", {"size": "1"}, ""),
        ("max(size, 1)", {}, ""),
        ("'a' + string(name)", {}, ""),
        ("if bool(flag) then 1 else 2", {}, ""),
        ("due + 1", {"due": "soon"}, ""),
        ("pipeline_probability(string(name))", {"name": "won"}, ""),
        ("timestamp(name)", {"name": "x"}, ""),
        # One operand that decides is enough.
        ("bool(flag) or size > 1", {"size": "2"}, "true"),
        ("bool(flag) and size > 1", {"size": "1"}, "false"),
        ("bool(flag) or size > 1", {"size": "1"}, ""),
        ("not bool(flag)", {}, ""),
    ],
)
def test_what_a_formula_gives(formula: str, texts: dict[str, str], expected: str) -> None:
    assert value(formula, **texts) == expected


def test_a_timestamp_is_known_of_what_changed_just_now() -> None:
    values = RecordValues({"name": "x"}, TYPES, {"name": 5_000})

    assert evaluate(parsed("string_to_number(timestamp(name))"), values) == "5000"


def test_a_number_of_too_many_digits_is_no_value() -> None:
    assert value("size * size", size="9" * 500) == str(int("9" * 500) ** 2)
    assert value("size * size", size="9" * 501) == ""


def test_a_text_that_is_too_long_is_no_value() -> None:
    assert value("string(name) + 'x'", name="a" * 65_535) == "a" * 65_535 + "x"
    assert value("string(name) + 'x'", name="a" * 65_536) == ""


@given(st.decimals(-(10**9), 10**9, places=4), st.decimals(-(10**9), 10**9, places=2))
def test_sums_and_products_are_exact(left: Decimal, right: Decimal) -> None:
    texts = {"size": format(left, "f"), "more": format(right, "f")}

    assert Decimal(value("size + more", **texts)) == left + right
    assert Decimal(value("size * more", **texts)) == left * right
