"""Rules that a portal's admins set for a type, which only newer versions of the API enforce."""

from collections.abc import Collection, Container, Iterator, Mapping
from dataclasses import dataclass

from moyeu.crm.problems import RequiredByAdmins


@dataclass(frozen=True, slots=True)
class ConditionalRule:
    """When `property` has one of `values`, each of `required` must have a value."""

    property: str
    values: tuple[str, ...]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AdminRules:
    """What the admins of a portal require of records of one type.

    required_on_create: properties that a create must set (Create Record settings).
    """

    required_on_create: tuple[str, ...] = ()
    conditional: tuple[ConditionalRule, ...] = ()


NO_ADMIN_RULES = AdminRules()


def missing_on_create(
    rules: AdminRules,
    given: Mapping[str, object],
    made: Mapping[str, str],
    active: Container[str],
) -> RequiredByAdmins | None:
    """What a create leaves without a value that has to have one.

    given: the values that the create sets; what HubSpot sets itself does not count for
    `required_on_create` (a guess). made: all values of the new record. active: names of the
    properties that can have a value; archived ones are not required any more (a guess).
    """
    on_create = tuple(
        name for name in rules.required_on_create if name in active and not given.get(name)
    )
    conditional = _missing_by_condition(rules, made, active, None)
    return RequiredByAdmins(on_create, conditional) if on_create or conditional else None


def missing_on_update(
    rules: AdminRules,
    given: Collection[str],
    after: Mapping[str, str],
    active: Container[str],
) -> RequiredByAdmins | None:
    """What an update leaves without a value that a conditional rule requires.

    given: names that the update writes; a rule that it touches at neither end says nothing, so that
    records from before the rule can be written (a guess). after: all values once it is carried
    out. active: as for create.
    """
    conditional = _missing_by_condition(rules, after, active, given)
    return RequiredByAdmins((), conditional) if conditional else None


def _missing_by_condition(
    rules: AdminRules,
    values: Mapping[str, str],
    active: Container[str],
    given: Collection[str] | None,
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    causes: dict[str, dict[str, None]] = {}
    for rule in rules.conditional:
        if not _holds(rule, values):
            continue
        for name in _touched(rule, given):
            if name in active and not values.get(name):
                causes.setdefault(name, {})[rule.property] = None
    return tuple((name, tuple(properties)) for name, properties in causes.items())


def _holds(rule: ConditionalRule, values: Mapping[str, str]) -> bool:
    """Whether the property has one of the values; of several options one suffices (a guess)."""
    text = values.get(rule.property, "")
    return text in rule.values or not set(text.split(";")).isdisjoint(rule.values)


def _touched(rule: ConditionalRule, given: Collection[str] | None) -> Iterator[str]:
    """The properties whose values a write has to answer for; None: it makes the record."""
    for name in rule.required:
        if given is None or rule.property in given or name in given:
            yield name
