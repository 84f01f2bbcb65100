"""The controls of a portal: what they say about each request."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.crm.controls.clocks import ClockSetting, now
from moyeu.crm.controls.faults import FaultAction, FaultKind, FaultRule, RequestFacts
from moyeu.crm.controls.portal import (
    RULES_MAX,
    PortalControls,
    TooManyRulesError,
    controls_document,
    decide,
    read_controls,
    with_clock,
    with_fault,
    with_seed,
    without_fault,
)

_PATH = "/crm/v3/objects/{objectType}/batch/update"
_UPDATE = RequestFacts("POST", _PATH, "batch_update", "0-1")
_BROKEN = FaultAction(FaultKind.INTERNAL_ERROR)


def _struck(controls: PortalControls, times: int, facts: RequestFacts = _UPDATE) -> list[bool]:
    found = []
    for _ in range(times):
        decision = decide(controls, facts, 0)
        # As a store would: through the document.
        controls = read_controls(controls_document(decision.controls))
        found.append(decision.fault is not None)
    return found


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (ClockSetting(), 1_000),
        (ClockSetting(tick_ms=5), 1_015),
        (ClockSetting(offset_ms=-400), 600),
        (ClockSetting(frozen_at_ms=7), 7),
        (ClockSetting(frozen_at_ms=0, offset_ms=9, tick_ms=2), 6),
    ],
)
def test_a_clock_is_real_ahead_or_stands(setting: ClockSetting, expected: int) -> None:
    assert now(setting, 1_000, 3) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (FaultRule(_BROKEN), [True] * 4),
        (FaultRule(_BROKEN, nth=3), [False, False, True, True]),
        (FaultRule(_BROKEN, times=1), [True, False, False, False]),
        (FaultRule(_BROKEN, nth=2, times=2), [False, True, True, False]),
        (FaultRule(_BROKEN, probability=0), [False] * 4),
        (FaultRule(_BROKEN, method="POST", path=_PATH, object_type="0-1"), [True] * 4),
        (FaultRule(_BROKEN, method="GET"), [False] * 4),
        (FaultRule(_BROKEN, path="/crm/v3/objects/{objectType}"), [False] * 4),
        (FaultRule(_BROKEN, operation="batch_update"), [True] * 4),
        (FaultRule(_BROKEN, operation="search"), [False] * 4),
        (FaultRule(_BROKEN, object_type="0-2"), [False] * 4),
    ],
)
def test_a_rule_strikes_what_it_is_for(rule: FaultRule, expected: list[bool]) -> None:
    controls, added = with_fault(PortalControls(), rule)
    assert added == msgspec.structs.replace(rule, id=1)
    assert _struck(controls, 4) == expected


def test_a_rule_that_struck_often_enough_is_gone_and_its_id_is_not_used_again() -> None:
    controls, _ = with_fault(PortalControls(), FaultRule(_BROKEN, times=1))
    controls = decide(controls, _UPDATE, 0).controls
    assert (controls.faults, controls.counts, controls.requests) == ((), {}, 1)
    assert with_fault(controls, FaultRule(_BROKEN))[1].id == 2


def test_the_first_rule_that_strikes_is_taken_and_all_count() -> None:
    controls, first = with_fault(PortalControls(), FaultRule(_BROKEN, times=1))
    controls, second = with_fault(controls, FaultRule(_BROKEN, nth=2))
    decision = decide(controls, _UPDATE, 0)
    assert decision.fault == first
    assert decide(decision.controls, _UPDATE, 0).fault == second
    assert without_fault(decision.controls, second.id).faults == ()


def test_a_portal_has_a_bounded_number_of_rules() -> None:
    controls = PortalControls()
    for _ in range(RULES_MAX):
        controls, _ = with_fault(controls, FaultRule(_BROKEN))
    with pytest.raises(TooManyRulesError):
        with_fault(controls, FaultRule(_BROKEN))


def test_a_probability_is_met_roughly() -> None:
    controls, _ = with_fault(PortalControls(), FaultRule(_BROKEN, probability=0.25, seed=4))
    assert 200 < sum(_struck(controls, 1_000)) < 300


@given(seed=st.integers(), probability=st.floats(0, 1), nth=st.integers(1, 5))
def test_two_runs_are_the_same(seed: int, probability: float, nth: int) -> None:
    rule = FaultRule(_BROKEN, probability=probability, seed=seed, nth=nth)
    controls, _ = with_fault(PortalControls(seed=seed), rule)
    assert _struck(controls, 20) == _struck(controls, 20)
    again = decide(controls, _UPDATE, 1)
    assert again == decide(controls, _UPDATE, 1)
    assert again.correlation_bits is not None
    assert 0 <= again.correlation_bits < 2**74
    assert decide(again.controls, _UPDATE, 1).correlation_bits != again.correlation_bits


@given(before=st.integers(0, 5), seed=st.integers(), tick_ms=st.integers(0, 10_000))
def test_clock_and_seed_begin_with_the_next_request(before: int, seed: int, tick_ms: int) -> None:
    counted = PortalControls(seed=seed + 1)
    for _ in range(before):
        counted = decide(counted, _UPDATE, 0).controls
    clock = ClockSetting(frozen_at_ms=50, tick_ms=tick_ms)

    found = []
    for begun in (PortalControls(), counted):
        controls = with_seed(with_clock(begun, clock), seed)
        seen = []
        for _ in range(3):
            decision = decide(controls, _UPDATE, 0)
            seen.append((decision.now_ms, decision.correlation_bits))
            controls = decision.controls
        found.append(seen)

    assert found[0] == found[1]
    assert [now_ms for now_ms, _ in found[0]] == [50, 50 + tick_ms, 50 + 2 * tick_ms]
    assert len({bits for _, bits in found[0]}) == 3
