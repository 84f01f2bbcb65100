"""COMPATIBILITY.md says what the cases say, and which observed answers they prove."""

from moyeu.wire.endpoints import OBJECT_ROUTES
from tests.conformance.runner import Case, read_cases
from tools.compatibility import CASES, LETTERS, TARGET, read_observed, render


def cases_by_id() -> dict[str, Case]:
    """The cases, one of the versions of each."""
    return {case.id: case for case in read_cases(CASES)}


def test_the_file_is_what_the_cases_and_the_endpoint_table_say() -> None:
    assert TARGET.read_text("utf-8") == render(), "run `make compatibility`"


def test_every_operation_has_a_letter_of_its_own() -> None:
    assert [route.operation for route in OBJECT_ROUTES] == list(LETTERS)
    assert len(set(LETTERS.values())) == len(LETTERS)


def test_every_observed_answer_is_proved_by_cases_or_says_why_not() -> None:
    for name, answer in read_observed().answers.items():
        assert answer.cases or answer.but, name


def test_the_cases_that_prove_observed_answers_exist_and_are_run() -> None:
    cases = cases_by_id()
    named = {case for answer in read_observed().answers.values() for case in answer.cases}

    assert sorted(named - cases.keys()) == []
    assert sorted(name for name in named if cases[name].skip) == []


def test_every_reason_is_used_and_listed_with_its_answers() -> None:
    observed = read_observed()
    text = render()
    used = {reason for answer in observed.answers.values() for reason in answer.but}

    assert used == observed.reasons.keys()
    for key, why in observed.reasons.items():
        names = [name for name, answer in observed.answers.items() if key in answer.but]
        assert f"| {why} | {', '.join(names)} |" in text
