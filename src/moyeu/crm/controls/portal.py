"""All that is set for one portal, and what it means for the next request."""

from typing import Annotated, Final

import msgspec

from moyeu.crm.controls.clocks import REAL_CLOCK, ClockSetting, now
from moyeu.crm.controls.draws import draw
from moyeu.crm.controls.faults import (
    FaultRule,
    RequestFacts,
    RuleCounts,
    has_expired,
    is_for,
    strikes,
)

RULES_MAX: Final = 100
CORRELATION_BITS: Final = 74


class PortalControls(msgspec.Struct, frozen=True, omit_defaults=True):
    """The controls of a portal with their counters; kept as one JSON document.

    requests: how many the portal was asked, as far as it counts. clock_since, seed_since: how many
    those were when the clock or the seed was set. next_fault_id: of the next rule, never given out
    twice. counts: of the rules, by id.
    """

    clock: ClockSetting = REAL_CLOCK
    seed: int | None = None
    faults: Annotated[tuple[FaultRule, ...], msgspec.Meta(max_length=RULES_MAX)] = ()
    requests: int = 0
    clock_since: int = 0
    seed_since: int = 0
    next_fault_id: int = 1
    counts: dict[int, RuleCounts] = {}

    @property
    def moves(self) -> bool:
        """Whether a request changes what the next one sees."""
        return bool(self.faults) or self.seed is not None or self.clock.tick_ms != 0


class Decision(msgspec.Struct, frozen=True):
    """What the controls say about one request.

    now_ms: the portal's time. correlation_bits: 74 bits, None for random ones. fault: the rule that
    strikes, the first of those that do.
    """

    controls: PortalControls
    now_ms: int
    correlation_bits: int | None
    fault: FaultRule | None


class TooManyRulesError(Exception):
    """The portal has as many rules as it may."""


_read = msgspec.json.Decoder(PortalControls).decode


def read_controls(document: str | None) -> PortalControls:
    """The controls that a document says; without one nothing is set."""
    return PortalControls() if document is None else _read(document)


def controls_document(controls: PortalControls) -> str:
    """The controls as text that `read_controls` reads."""
    return msgspec.json.encode(controls).decode()


def with_clock(controls: PortalControls, clock: ClockSetting) -> PortalControls:
    """The controls with that clock, which begins with the next request."""
    return msgspec.structs.replace(controls, clock=clock, clock_since=controls.requests)


def with_seed(controls: PortalControls, seed: int | None) -> PortalControls:
    """The controls with that seed, whose ids begin with the next request."""
    return msgspec.structs.replace(controls, seed=seed, seed_since=controls.requests)


def with_fault(controls: PortalControls, rule: FaultRule) -> tuple[PortalControls, FaultRule]:
    """The controls with one rule more, and that rule with its id. Raises: TooManyRulesError."""
    if len(controls.faults) >= RULES_MAX:
        raise TooManyRulesError
    added = msgspec.structs.replace(rule, id=controls.next_fault_id)
    faults = (*controls.faults, added)
    changed = msgspec.structs.replace(
        controls, faults=faults, next_fault_id=controls.next_fault_id + 1
    )
    return changed, added


def without_fault(controls: PortalControls, fault_id: int) -> PortalControls:
    """The controls without that rule; unchanged when there is none."""
    faults = tuple(rule for rule in controls.faults if rule.id != fault_id)
    counts = {each: count for each, count in controls.counts.items() if each != fault_id}
    return msgspec.structs.replace(controls, faults=faults, counts=counts)


def without_faults(controls: PortalControls) -> PortalControls:
    """The controls without any rule."""
    return msgspec.structs.replace(controls, faults=(), counts={})


def decide(controls: PortalControls, facts: RequestFacts, real_now_ms: int) -> Decision:
    """What happens to the next request; the controls of the decision have counted it.

    Every rule counts its matches; only the first that would strike does. Rules that have struck as
    often as they may are taken away.
    """
    struck: FaultRule | None = None
    counts = dict(controls.counts)
    left = []
    for rule in controls.faults:
        count = counts.get(rule.id, RuleCounts())
        if is_for(rule, facts):
            count = RuleCounts(count.matches + 1, count.strikes)
            if struck is None and strikes(rule, count):
                struck = rule
                count = RuleCounts(count.matches, count.strikes + 1)
            counts[rule.id] = count
        if has_expired(rule, count):
            counts.pop(rule.id, None)
        else:
            left.append(rule)
    requests = controls.requests
    bits = None
    if controls.seed is not None:
        bits = draw(controls.seed, requests - controls.seed_since, CORRELATION_BITS)
    now_ms = now(controls.clock, real_now_ms, requests - controls.clock_since)
    moved = msgspec.structs.replace(
        controls, faults=tuple(left), counts=counts, requests=requests + 1
    )
    return Decision(moved, now_ms, bits, struck)
