"""The handlers of the validation routes: decode → operation → encode."""

from functools import partial
from typing import Final

from moyeu.crm.problems import Problem
from moyeu.operations import validations as operations
from moyeu.wire.access import may_read_definitions, may_write_definitions
from moyeu.wire.answering import ok, refuse
from moyeu.wire.decode import decoded
from moyeu.wire.exchange import NO_CONTENT, Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.property_words import DEFINITION_WORDS
from moyeu.wire.record_words import RECORD_WORDS
from moyeu.wire.routes import Clock, DefinitionRoute
from moyeu.wire.validation_answers import property_rules_body, rule_body
from moyeu.wire.validation_bodies import decode_rule
from moyeu.wire.validation_words import VALIDATION_WORDS

_WORDS: Final = {**RECORD_WORDS, **DEFINITION_WORDS, **VALIDATION_WORDS}


def _refuse(request: Request, problem: Problem | JsonProblem) -> Answer:
    return refuse(request, problem, _WORDS)


async def list_rules(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{objectType}`: the properties that have rules."""
    found = await operations.list_rules(
        request.store, request.caller.portal_id, request.object_type.id
    )
    return ok({"results": [property_rules_body(name, rules) for name, rules in found.items()]})


async def read_rules(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{objectType}/{propertyName}`."""
    found = await operations.read_rules(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.path["propertyName"],
    )
    if isinstance(found, Problem):
        return _refuse(request, found)
    return ok({"results": [rule_body(each) for each in found]})


async def read_rule(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{objectType}/{propertyName}/rule-type/{ruleType}`."""
    found = await operations.read_rule(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.path["propertyName"],
        request.path["ruleType"],
    )
    return _refuse(request, found) if isinstance(found, Problem) else ok(rule_body(found))


async def put_rule(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/{objectType}/{propertyName}/rule-type/{ruleType}`."""
    rule = await decoded(partial(decode_rule, rule_type=request.path["ruleType"]), request.body)
    if isinstance(rule, JsonProblem):
        return _refuse(request, rule)
    problem = await operations.put_rule(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.path["propertyName"],
        rule,
    )
    return NO_CONTENT if problem is None else _refuse(request, problem)


_READ: Final = may_read_definitions
_WRITE: Final = may_write_definitions
_RULE: Final = "/{propertyName}/rule-type/{ruleType}"

VALIDATION_ROUTES: Final[tuple[DefinitionRoute, ...]] = tuple(
    DefinitionRoute(name, method, "/{objectType}" + path, check, handler)
    for name, method, path, check, handler in (
        ("validation_list", "GET", "", _READ, list_rules),
        ("validation_read_property", "GET", "/{propertyName}", _READ, read_rules),
        ("validation_read", "GET", _RULE, _READ, read_rule),
        ("validation_put", "PUT", _RULE, _WRITE, put_rule),
    )
)
