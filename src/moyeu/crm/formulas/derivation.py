"""The values of calculated properties: which formulas a write concerns, in which order."""

from collections.abc import Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from moyeu.catalog.properties import PropertyDefinition, PropertyType
from moyeu.crm.formulas.evaluate import RecordValues, evaluate
from moyeu.crm.formulas.nodes import Formula
from moyeu.crm.formulas.parser import parse_formula
from moyeu.crm.values.outcome import Derivation


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    formula: Formula


def formula_derivation(properties: Mapping[str, PropertyDefinition]) -> Derivation | None:
    """What follows by the formulas of a type; None when no property of a portal's own has one.

    properties: active ones by name. HubSpot's own formulas are not computed here. A formula is
    computed when one of its inputs changes, and every one when a record is made. A value that a
    formula reads is that of the formulas before it.
    """
    return _derivation(properties, frozenset())


def formula_filling(
    properties: Mapping[str, PropertyDefinition], names: Set[str]
) -> Derivation | None:
    """As `formula_derivation`, and these formulas are computed whatever changes."""
    return _derivation(properties, names)


def _derivation(
    properties: Mapping[str, PropertyDefinition], always: Set[str]
) -> Derivation | None:
    steps = _steps(properties)
    if not steps:
        return None
    types: dict[str, PropertyType] = {name: each.type for name, each in properties.items()}
    inputs = frozenset().union(*(each.formula.names for each in steps))

    def derive(before: Mapping[str, str], changed: dict[str, str], now_ms: int) -> None:
        if before and not always and inputs.isdisjoint(changed):
            return
        texts = {**before, **changed}
        for step in steps:
            formula = step.formula
            if before and step.name not in always and formula.names.isdisjoint(changed):
                continue
            changed_at_ms = dict.fromkeys(formula.names & changed.keys(), now_ms)
            text = evaluate(formula, RecordValues(texts, types, changed_at_ms))
            if text != texts.get(step.name, ""):
                changed[step.name] = texts[step.name] = text

    return derive


def _steps(properties: Mapping[str, PropertyDefinition]) -> list[_Step]:
    """The formulas of a portal's own, each after those that it reads.

    Formulas that cannot be read and those that wait for themselves are left out: definitions of a
    database from before formulas were checked may hold some.
    """
    formulas = {
        name: formula
        for name, each in properties.items()
        if not each.hubspot_defined and (formula := formula_of(each)) is not None
    }
    return [_Step(name, formulas[name]) for name in in_order(formulas)]


def in_order(formulas: Mapping[str, Formula]) -> list[str]:
    """The names of formulas, each after those that it reads; without those in a cycle."""
    sorter = TopologicalSorter(
        {name: each.names & formulas.keys() for name, each in formulas.items()}
    )
    # Where there is a cycle, the sorter still tells everything that does not wait for it.
    with suppress(CycleError):
        sorter.prepare()
    ordered: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += ready
        sorter.done(*ready)
    return ordered


def formula_of(definition: PropertyDefinition) -> Formula | None:
    """The formula of a property; None without one, and of one that cannot be read."""
    if not definition.calculation_formula:
        return None
    formula = parse_formula(definition.calculation_formula)
    return formula if isinstance(formula, Formula) else None


def is_circular(name: str, formula: Formula, properties: Mapping[str, PropertyDefinition]) -> bool:
    """Whether the property would be computed from itself if it had that formula.

    properties: active ones by name.
    """
    seen: set[str] = set()
    waiting = list(formula.names)
    while waiting:
        each = waiting.pop()
        if each == name:
            return True
        if each in seen or each not in properties:
            continue
        seen.add(each)
        inner = formula_of(properties[each])
        if inner is not None:
            waiting.extend(inner.names)
    return False
