"""The oracle keeps what may be, and notices what cannot be."""

from collections.abc import Mapping, Sequence

import pytest

from tests.operations.association_scene import COMPANIES
from tests.simulation.answers import Answer, Failed, Refused, Shown, Told
from tests.simulation.oracle import DisagreementError, Oracle, Taken
from tests.simulation.steps import Create, Input, Read, ReadPage, Search, Step, Update
from tests.simulation.world import CODE, MARK, NOTE, TYPES, World, names_written
from tests.storage.scene import CONTACTS

NOW_MS = 1_795_000_000_000
ONE, TWO = 40_000_000_001, 40_000_000_002
UNKNOWN = Failed(is_sure=False)


def shown(record_id: int, values: Mapping[str, str], at_ms: int = NOW_MS) -> Shown:
    """A record of an answer."""
    return Shown(record_id, dict(values), at_ms)


def creating(number: int, *documents: Mapping[str, str]) -> Create:
    """A batch create; every record gets a mark."""
    inputs = tuple(
        Input("", {MARK: f"{number}-{place}", **each}) for place, each in enumerate(documents)
    )
    return Create(number=number, now_ms=NOW_MS, inputs=inputs)


def updating(number: int, values: Mapping[str, str], *ids: int, now_ms: int = NOW_MS) -> Update:
    """A batch update of records to the same values."""
    inputs = tuple(Input(str(each), dict(values)) for each in ids)
    return Update(number=number, now_ms=now_ms, inputs=inputs)


def listing(number: int) -> ReadPage:
    """A list of all active contacts."""
    return ReadPage(number=number, now_ms=NOW_MS)


def take(oracle: Oracle, step: Step, answer: Answer) -> None:
    """Takes one step."""
    oracle.take([Taken(step, answer, isinstance(answer, Failed))])


@pytest.fixture
def oracle() -> Oracle:
    """Of a portal with two contacts, the notes of which are x."""
    made = Oracle(World(names={each: names_written(each) for each in TYPES}))
    step = creating(1, {NOTE: "x"}, {NOTE: "x", CODE: "A"})
    records = (
        shown(ONE, {MARK: "1-0", NOTE: "x"}),
        shown(TWO, {MARK: "1-1", NOTE: "x", CODE: "A"}),
    )
    take(made, step, Told(records))
    return made


def notes(one: str, two: str) -> Told:
    """The list of both contacts."""
    return Told(
        (
            shown(ONE, {MARK: "1-0", NOTE: one}),
            shown(TWO, {MARK: "1-1", NOTE: two, CODE: "A"}),
        )
    )


def test_of_an_unknown_outcome_both_branches_are_kept(oracle: Oracle) -> None:
    take(oracle, updating(2, {NOTE: "y"}, ONE, TWO), UNKNOWN)

    assert len(oracle.worlds) == 2


@pytest.mark.parametrize("note", ["x", "y"])
def test_a_later_read_tells_which_branch_holds(oracle: Oracle, note: str) -> None:
    take(oracle, updating(2, {NOTE: "y"}, ONE, TWO), UNKNOWN)

    take(oracle, listing(3), notes(note, note))

    (world,) = oracle.worlds
    assert {each.values[NOTE] for each in world.things.values()} == {note}


@pytest.mark.parametrize(("one", "two"), [("x", "y"), ("y", "x"), ("z", "z")])
def test_half_of_an_unknown_outcome_is_noticed(oracle: Oracle, one: str, two: str) -> None:
    take(oracle, updating(2, {NOTE: "y"}, ONE, TWO), UNKNOWN)

    with pytest.raises(DisagreementError):
        take(oracle, listing(3), notes(one, two))


def test_a_branch_that_was_ruled_out_does_not_come_back(oracle: Oracle) -> None:
    take(oracle, updating(2, {NOTE: "y"}, ONE, TWO), UNKNOWN)
    take(oracle, listing(3), notes("x", "x"))

    with pytest.raises(DisagreementError):
        take(oracle, listing(4), notes("y", "y"))


def test_what_changes_nothing_leaves_one_branch(oracle: Oracle) -> None:
    take(oracle, updating(2, {NOTE: "x"}, ONE), UNKNOWN)

    assert len(oracle.worlds) == 1


def test_a_failure_that_surely_changed_nothing_leaves_one_branch(oracle: Oracle) -> None:
    take(oracle, updating(2, {NOTE: "y"}, ONE), Failed(is_sure=True))

    take(oracle, listing(3), notes("x", "x"))


def test_a_record_of_an_unknown_outcome_is_known_by_its_mark(oracle: Oracle) -> None:
    take(oracle, creating(2, {NOTE: "z"}), UNKNOWN)
    new_id = TWO + 7
    more = (*notes("x", "x").records, shown(new_id, {MARK: "2-0", NOTE: "z"}))

    take(oracle, listing(3), Told(more))

    take(oracle, updating(4, {NOTE: "w"}, new_id), Told((shown(new_id, {NOTE: "w"}),)))


@pytest.mark.parametrize("record_id", [ONE, TWO])
def test_an_id_that_is_given_out_again_is_noticed(oracle: Oracle, record_id: int) -> None:
    with pytest.raises(DisagreementError):
        take(oracle, creating(2, {}), Told((shown(record_id, {MARK: "2-0"}),)))


def test_steps_that_are_taken_at_once_may_come_in_any_order(oracle: Oracle) -> None:
    winner, loser = creating(2, {CODE: "B"}), creating(3, {CODE: "B"})
    made = Told((shown(TWO + 1, {MARK: "3-0", CODE: "B"}),))

    oracle.take([Taken(winner, Refused("UniqueValueTaken")), Taken(loser, made)])

    assert [world.holder(CONTACTS, CODE, "B") for world in oracle.worlds] == ["3.0"]


def test_steps_one_after_the_other_come_in_that_order(oracle: Oracle) -> None:
    with pytest.raises(DisagreementError):
        take(oracle, creating(2, {CODE: "B"}), Refused("UniqueValueTaken"))


def test_two_winners_of_one_unique_value_are_noticed(oracle: Oracle) -> None:
    made = [
        Taken(
            creating(number, {CODE: "B"}),
            Told((shown(TWO + number, {MARK: f"{number}-0", CODE: "B"}),)),
        )
        for number in (2, 3)
    ]

    with pytest.raises(DisagreementError):
        oracle.take(made)


def test_a_time_that_goes_back_is_noticed(oracle: Oracle) -> None:
    earlier_ms = NOW_MS - 3_600_000
    step = updating(2, {NOTE: "y"}, ONE, now_ms=earlier_ms)

    with pytest.raises(DisagreementError):
        take(oracle, step, Told((shown(ONE, {NOTE: "y"}, earlier_ms),)))

    take(oracle, step, Told((shown(ONE, {NOTE: "y"}, NOW_MS),)))


@pytest.mark.parametrize(
    "found",
    [
        [],
        [(ONE, "1-0")],
        [(TWO, "1-1"), (ONE, "1-0")],
        [(ONE, "1-0"), (ONE, "1-0")],
    ],
)
def test_a_search_that_misses_doubles_or_swaps_records_is_noticed(
    oracle: Oracle, found: Sequence[tuple[int, str]]
) -> None:
    step = Search(number=2, now_ms=NOW_MS, name=NOTE, operator="EQ", values=("x",))
    records = tuple(shown(key, {MARK: mark, NOTE: "x"}) for key, mark in found)

    with pytest.raises(DisagreementError):
        take(oracle, step, Told(records, total=2))


@pytest.mark.parametrize(
    "answer", [UNKNOWN, Failed(is_sure=True), Refused("RecordsLocked"), Refused("RecordNotFound")]
)
def test_failures_that_nobody_caused_are_noticed(oracle: Oracle, answer: Answer) -> None:
    with pytest.raises(DisagreementError):
        oracle.take([Taken(updating(2, {NOTE: "y"}, ONE), answer)])


def test_a_record_of_another_type_is_not_there(oracle: Oracle) -> None:
    step = Read(number=2, now_ms=NOW_MS, type_id=COMPANIES, ids=(str(ONE),))

    take(oracle, step, Told(missing=(str(ONE),)))

    with pytest.raises(DisagreementError):
        take(oracle, step, Told((shown(ONE, {MARK: "1-0"}),)))
