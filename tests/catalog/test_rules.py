"""The table of rules against the problems that there are and the cases that show them."""

import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import moyeu.crm
import moyeu.wire.list_bodies
from moyeu.catalog.rules import JSON_RULES, STATUS_RULES, Rule, rule_name, rules
from moyeu.crm.problems import Problem, UniqueValueTaken, ValueProblem
from moyeu.wire import auth, errors, jackson

CASES = Path(__file__).parents[1] / "conformance"


def problems(base: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every class of problems that rules of the CRM and bodies of the API can lead to."""
    for module in pkgutil.walk_packages(moyeu.crm.__path__, "moyeu.crm."):
        importlib.import_module(module.name)
    for each in base.__subclasses__():
        # A dataclass with slots leaves a class of the same name behind.
        is_there = getattr(sys.modules[each.__module__], each.__name__, None) is each
        is_ours = each.__module__.startswith("moyeu.wire.control.")
        if is_there and not is_ours and each.__module__.startswith(("moyeu.crm.", "moyeu.wire.")):
            yield each
        yield from problems(each)


PROBLEMS = sorted({*problems()} - {ValueProblem}, key=lambda each: each.__name__)


@cache
def cases() -> dict[str, dict[str, Any]]:
    """The conformance cases by `file/id`."""
    return {
        f"{path.stem}/{case['id']}": case
        for path in CASES.glob("*.json")
        if isinstance(found := json.loads(path.read_text()), list)
        for case in found
    }


def test_a_rule_is_named_after_its_problem() -> None:
    assert rule_name(UniqueValueTaken) == "unique-value-taken"
    assert len({rule_name(each) for each in PROBLEMS}) == len(PROBLEMS) > 150


@pytest.mark.parametrize("problem", PROBLEMS, ids=rule_name)
def test_every_problem_has_a_rule(problem: type[Problem]) -> None:
    assert rule_name(problem) in rules()


def test_every_other_reason_to_refuse_has_a_rule() -> None:
    named = {rule for _, rule in JSON_RULES} | {*STATUS_RULES.values(), "other-refusal"}
    named |= {
        errors.UNAUTHENTICATED.rule or "",
        auth.INVALID_API_KEY.rule or "",
        errors.missing_scopes(()).rule or "",
        errors.unknown_type("x", is_id=False).rule or "",
    }
    named |= {"operation-not-supported", "missing-permissions", "edit-associations-missing"}

    assert named <= rules().keys()
    assert rules().keys() - named == {rule_name(each) for each in PROBLEMS} - named


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.rule)
def test_a_rule_says_what_its_cases_say(rule: Rule) -> None:
    known = cases()

    assert rule.sentence.endswith(".")
    assert rule.source
    assert {known[each]["evidence"] for each in rule.cases} <= {rule.evidence}


def test_most_rules_are_shown_by_a_case() -> None:
    shown = [each for each in rules().values() if each.cases]

    assert len(shown) > len(rules()) / 2


def test_the_rule_of_a_body_follows_from_its_problem() -> None:
    def rule_of(body: bytes) -> str:
        found = jackson.read_json(body, jackson.BATCH_UPDATE)
        assert isinstance(found, jackson.JsonProblem)
        return next(rule for words, rule in JSON_RULES if words in found.message)

    assert rule_of(b"") == "json-body-missing"
    assert rule_of(b" ") == "json-body-empty"
    assert rule_of(b'{"inputs":[}') == "json-syntax"
    assert rule_of(b'{"inputs":7}') == "json-type"
    assert rule_of(b'{"inputs":[{"properties":{}}]}') == "json-field-missing"
    assert rule_of(b'{"inputs":[{"id":"1","properties":{"A":"1"}}]}') == "json-property-name"
