"""Rules by which a portal answers faults, and which requests they are for."""

from enum import StrEnum
from typing import Annotated

import msgspec

from moyeu.crm.controls.draws import draw

Count = Annotated[int, msgspec.Meta(ge=1)]


class FaultKind(StrEnum):
    """What happens to a request; what the answers look like is known to the wire."""

    RATE_LIMIT_SECONDLY = "rate_limit_secondly"
    RATE_LIMIT_TEN_SECONDLY = "rate_limit_ten_secondly"
    RATE_LIMIT_DAILY = "rate_limit_daily"
    EXPIRED = "expired"
    LOCKED = "locked"
    MIGRATION = "migration"
    INTERNAL_ERROR = "internal_error"
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    GATEWAY_TIMEOUT = "gateway_timeout"
    SOME_INPUTS = "some_inputs"
    DELAY = "delay"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    TRUNCATED = "truncated"


class FaultAction(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a rule does.

    delay_ms: of DELAY, and before any other kind. retry_after_s: of MIGRATION, seconds.
    after_bytes: of TRUNCATED, how much of the body is sent. input_indexes, input_ids: of
    SOME_INPUTS, which inputs of a batch are refused.
    """

    kind: FaultKind
    delay_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 0
    retry_after_s: Annotated[int, msgspec.Meta(ge=0)] = 0
    after_bytes: Annotated[int, msgspec.Meta(ge=0)] = 0
    input_indexes: tuple[Annotated[int, msgspec.Meta(ge=0)], ...] = ()
    input_ids: tuple[str, ...] = ()


class FaultRule(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """For which requests a portal does what.

    method, path, operation, object_type: None is any; path is one of the endpoint table, with its
    variables in braces; object_type is the type's id. nth: from that matching request on. times:
    how often it strikes before it expires; None never does. probability: that it strikes, decided
    by its own seed and the number of the match alone.
    """

    action: FaultAction
    id: int = 0
    method: str | None = None
    path: str | None = None
    operation: str | None = None
    object_type: str | None = None
    nth: Count = 1
    times: Count | None = None
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    seed: int = 0


class RequestFacts(msgspec.Struct, frozen=True):
    """What rules see of a request; operation and object type id are None where it has none."""

    method: str
    path: str
    operation: str | None = None
    object_type: str | None = None


class RuleCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many requests a rule was for, and how often it struck."""

    matches: int = 0
    strikes: int = 0


def is_for(rule: FaultRule, facts: RequestFacts) -> bool:
    """Whether the request is one of those that the rule counts."""
    return (
        rule.method in (None, facts.method)
        and rule.path in (None, facts.path)
        and rule.operation in (None, facts.operation)
        and rule.object_type in (None, facts.object_type)
    )


def strikes(rule: FaultRule, counts: RuleCounts) -> bool:
    """Whether the rule acts on the match that `counts` already includes."""
    if counts.matches < rule.nth or has_expired(rule, counts):
        return False
    return rule.probability >= 1 or draw(rule.seed, counts.matches, 53) < rule.probability * 2**53


def has_expired(rule: FaultRule, counts: RuleCounts) -> bool:
    """Whether the rule struck as often as it may."""
    return rule.times is not None and counts.strikes >= rule.times
