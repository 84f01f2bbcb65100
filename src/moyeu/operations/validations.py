"""The operations on validation rules: read → plan → apply, one function each."""

from moyeu.crm.callers import Occasion
from moyeu.crm.problems import Problem
from moyeu.crm.validations import ValidationRule
from moyeu.crm.validations.changes import (
    plan_rule,
    rule_of_property,
    rules_of_property,
    rules_of_type,
)
from moyeu.operations.turns import definitions_of, write_in_turn
from moyeu.storage.contract import Store, WriteTransaction


async def list_rules(
    store: Store, portal_id: int, type_id: str
) -> dict[str, tuple[ValidationRule, ...]]:
    """The rules of the active properties that have some, by property name in name order."""
    return rules_of_type(await definitions_of(store, portal_id, type_id))


async def read_rules(
    store: Store, portal_id: int, type_id: str, name: str
) -> tuple[ValidationRule, ...] | Problem:
    """The rules of an active property, by rule type."""
    return rules_of_property(name, await definitions_of(store, portal_id, type_id))


async def read_rule(
    store: Store, portal_id: int, type_id: str, name: str, rule_type: str
) -> ValidationRule | Problem:
    """The rule of that type that an active property has."""
    return rule_of_property(name, rule_type, await definitions_of(store, portal_id, type_id))


async def put_rule(
    store: Store, occasion: Occasion, type_id: str, name: str, rule: ValidationRule
) -> Problem | None:
    """Sets a rule of a property in the place of its rule of that type; the others stay."""
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> Problem | None:
        planned = plan_rule(name, rule, transaction.definitions(portal_id, type_id))
        if isinstance(planned, Problem):
            return planned
        transaction.put_validations(portal_id, type_id, name, planned)
        return None

    return await write_in_turn(store, work)
