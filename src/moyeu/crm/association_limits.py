"""The rules of a portal's own limits: how many records of a type a record may be associated with.

All pure. A limit belongs to one association type in its direction; that of the unlabelled type
holds for all associations of the pair. They are not enforced retroactively (documented).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from moyeu.catalog.associations import AssociationType, TypeKey
from moyeu.catalog.limits import (
    ASSOCIATED_RECORDS_MAX,
    ASSOCIATION_LIMIT_MAX,
    ASSOCIATIONS_NEAR_LIMIT_PERCENT,
)
from moyeu.crm.association_definition_problems import AssociationTypeNotFound, LimitOutOfRange
from moyeu.crm.associations import AssociationSpec, AssociationTypes
from moyeu.crm.problems import Problem

_LIMIT_MIN: Final = 1


@dataclass(frozen=True, slots=True)
class LimitInput:
    """A limit as sent."""

    category: str
    type_id: int
    max_to_object_ids: int


@dataclass(frozen=True, slots=True)
class AssociationLimit:
    """The limit that a portal set for one association type, None where it lifts one."""

    kind: AssociationType
    limit: int | None


LimitOutcome = AssociationLimit | Problem
"""What becomes of one input of a batch."""


def limits_set(
    types: AssociationTypes, pair: tuple[str, str] | None = None
) -> list[AssociationLimit]:
    """The limits of a portal by category and id, all or those of one pair in its direction.

    Those of types with an archived object type are out of sight, as all of it is.
    """
    found = []
    for key, limit in sorted(types.object_types.association_limits.items()):
        kind = types.find(*key)
        if kind is None or not _is_in_sight(types, kind):
            continue
        if pair in (None, (kind.from_object_type_id, kind.to_object_type_id)):
            found.append(AssociationLimit(kind, limit))
    return found


def _is_in_sight(types: AssociationTypes, kind: AssociationType) -> bool:
    """Whether both ends can be named; HubSpot has types of objects that are served nowhere."""
    schemas = types.object_types.schemas
    ends = (schemas.get(kind.from_object_type_id), schemas.get(kind.to_object_type_id))
    return all(each is None or each.archived_at_ms is None for each in ends)


def plan_limits(
    types: AssociationTypes, from_id: str, to_id: str, inputs: Sequence[LimitInput]
) -> list[LimitOutcome]:
    """What becomes of each input, in order; each sees the limits that the ones before it set.

    A create of a limit that is set changes it, and an update of one that is not sets it: guesses.
    """
    limits = dict(types.object_types.association_limits)
    outcomes: list[LimitOutcome] = []
    for each in inputs:
        outcome = _plan_limit(types, from_id, to_id, each, limits)
        if isinstance(outcome, AssociationLimit):
            limits[outcome.kind.key] = each.max_to_object_ids
        outcomes.append(outcome)
    return outcomes


def _plan_limit(
    types: AssociationTypes,
    from_id: str,
    to_id: str,
    given: LimitInput,
    limits: Mapping[TypeKey, int],
) -> LimitOutcome:
    kind = _find(types, from_id, to_id, given.category, given.type_id)
    if isinstance(kind, Problem):
        return kind
    limit = given.max_to_object_ids
    limit_min, limit_max = limit_range(types, kind, limits)
    if limit_min <= limit <= limit_max:
        return AssociationLimit(kind, limit)
    return LimitOutOfRange(kind.category, kind.type_id, limit, limit_min, limit_max)


def _find(
    types: AssociationTypes, from_id: str, to_id: str, category: str, type_id: int
) -> AssociationType | AssociationTypeNotFound:
    kind = types.find(category, type_id)
    if kind is None or (kind.from_object_type_id, kind.to_object_type_id) != (from_id, to_id):
        return AssociationTypeNotFound(category, type_id)
    return kind


def limit_range(
    types: AssociationTypes, kind: AssociationType, limits: Mapping[TypeKey, int]
) -> tuple[int, int]:
    """The least and the largest limit that a type may have beside the others.

    A label may have no more than the pair (documented 2024-07; the example there says one less),
    so the pair no less than its labels. A type of which a record has one at most stays so (ours).
    """
    if kind.one_to_one:
        return _LIMIT_MIN, 1
    pair = kind.from_object_type_id, kind.to_object_type_id
    if kind.kind != "unlabeled":
        default = types.default(*pair)
        of_pair = ASSOCIATION_LIMIT_MAX if default is None else limits.get(default.key)
        return _LIMIT_MIN, ASSOCIATION_LIMIT_MAX if of_pair is None else of_pair
    others = [
        limits[each.key]
        for each in types.between(*pair)
        if each.key != kind.key and each.key in limits
    ]
    return max([_LIMIT_MIN, *others]), ASSOCIATION_LIMIT_MAX


def plan_lifts(
    types: AssociationTypes, from_id: str, to_id: str, inputs: Sequence[AssociationSpec]
) -> list[LimitOutcome]:
    """What becomes of each limit to remove; one that is not set is passed over (a guess)."""
    return [
        kind if isinstance(kind, Problem) else AssociationLimit(kind, None)
        for kind in (_find(types, from_id, to_id, *each) for each in inputs)
    ]


def records_limit(types: AssociationTypes, from_id: str, to_id: str) -> int:
    """With how many records of one type a record of another may be associated."""
    default = types.default(from_id, to_id)
    own = None if default is None else types.limit_of(default)
    return ASSOCIATED_RECORDS_MAX if own is None else own


def near_limit(limit: int) -> range:
    """The numbers of associated records that are near a limit and below it."""
    return range(-(-limit * ASSOCIATIONS_NEAR_LIMIT_PERCENT // 100), limit)
