"""Histories by hand: what is wrong with each is told by its name."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from moyeu.crm.history import RecordWrite, fold_history
from moyeu.crm.records import StoredRecord
from moyeu.storage.contract import Counters
from tests.simulation.anomalies import complaints
from tests.simulation.readback import Found
from tests.simulation.registers import Event, Outcome
from tests.simulation.world import MARK, NOTE, TYPES
from tests.storage.scene import CONTACTS

X, Y = 1, 2
"""Two records; the register of each is its note."""


def event(
    name: str,
    moments: tuple[int, int] = (1, 100),
    *,
    writes: Mapping[int, str] | None = None,
    reads: Mapping[int, str] | None = None,
    outcome: Outcome = "done",
    **more: Any,
) -> Event:
    """A call of a client, by default at the same time as all others; its client is its name's."""
    made = Event(int(name[0]), name, *moments, outcome, **more)
    made.values = {value: (key, NOTE) for key, value in (writes or {}).items()}
    made.reads = {(key, NOTE): value for key, value in (reads or {}).items()}
    return made


def found(versions: Mapping[int, Sequence[str]]) -> Found:
    """What is kept: the notes that each record had, in order; its first write sets its mark."""
    numbers = iter(range(1, 1_000))
    histories: dict[int, list[RecordWrite]] = {}
    records = {}
    for record_id in sorted({*versions, X, Y}):
        chain: list[RecordWrite] = []
        changes = [{MARK: f"m{record_id}"}, *({NOTE: each} for each in versions.get(record_id, ()))]
        for changed in changes:
            previous = chain[-1].number if chain else 0
            write = RecordWrite(
                next(numbers), CONTACTS, record_id, previous, 9, changed, "", "", None, "", None
            )
            chain.append(write)
        document = fold_history(chain, "lastmodifieddate")
        records[record_id] = (
            CONTACTS,
            StoredRecord(record_id, document, 9, 9, None, chain[-1].number),
        )
        histories[record_id] = chain[::-1]
    writes = sorted((each for of in histories.values() for each in of), key=lambda w: w.number)
    owners: dict[str, dict[tuple[str, str], int]] = {each: {} for each in TYPES}
    return Found(records, histories, writes, owners, {}, [], [], Counters(100, 1))


def told(versions: Mapping[int, Sequence[str]], *events: Event) -> list[str]:
    """The complaints."""
    return complaints(events, found(versions))


WRITE = event("1.a", writes={X: "a", Y: "a."})
LATER = event("2.b", writes={X: "b", Y: "b."})
BOTH = {X: ["a", "b"], Y: ["a.", "b."]}


@pytest.mark.parametrize(
    ("versions", "events"),
    [
        ({}, []),
        (BOTH, [WRITE, LATER]),
        (BOTH, [WRITE, LATER, event("3.r", reads={X: "a", Y: "a."})]),
        (BOTH, [WRITE, LATER, event("3.r", reads={X: "", Y: ""})]),
        (BOTH, [WRITE, event("2.b", writes={X: "b", Y: "b."}, outcome="unknown")]),
        ({}, [event("1.a", writes={X: "a", Y: "a."}, outcome="unknown")]),
        ({}, [event("1.a", writes={X: "a"}, outcome="refused")]),
        (BOTH, [WRITE, LATER, event("3.r", reads={X: "a"}), event("4.r", reads={X: "b"})]),
        # What is unknown may take effect after others have read.
        (
            {X: ["a"]},
            [
                event("1.a", (1, 2), writes={X: "a"}, outcome="unknown"),
                event("2.r", (3, 4), reads={X: ""}),
                event("3.r", (5, 6), reads={X: "a"}),
            ],
        ),
    ],
)
def test_a_history_in_order_is_right(
    versions: Mapping[int, Sequence[str]], events: list[Event]
) -> None:
    assert told(versions, *events) == []


@pytest.mark.parametrize(
    ("words", "versions", "events"),
    [
        ("G0", {X: ["a", "b"], Y: ["b.", "a."]}, [WRITE, LATER]),
        (
            "G1a",
            {},
            [event("1.a", writes={X: "a"}, outcome="refused"), event("2.r", reads={X: "a"})],
        ),
        (
            "G1b",
            {X: ["a"]},
            [event("1.a", writes={X: "a"}, passing=frozenset({"p"})), event("2.r", reads={X: "p"})],
        ),
        (
            "G1c",
            {X: ["a"], Y: ["b."]},
            [
                event("1.a", writes={X: "a"}, reads={Y: "b."}),
                event("2.b", writes={Y: "b."}, reads={X: "a"}),
            ],
        ),
        # A reader sees half of a batch.
        ("G-single", BOTH, [WRITE, LATER, event("3.r", reads={X: "b", Y: "a."})]),
        # An update is lost: both read the first version.
        (
            "G-single",
            {X: ["a", "b"]},
            [event("1.a", writes={X: "a"}), event("2.b", writes={X: "b"}, reads={X: "", Y: ""})],
        ),
        (
            "G2",
            {X: ["a"], Y: ["b."]},
            [
                event("1.a", writes={X: "a"}, reads={Y: ""}),
                event("2.b", writes={Y: "b."}, reads={X: ""}),
            ],
        ),
        (
            "G-single-realtime",
            {X: ["a"]},
            [event("1.a", (1, 2), writes={X: "a"}), event("2.r", (3, 4), reads={X: ""})],
        ),
        (
            "after a later version",
            {X: ["a", "b"]},
            [
                event("1.a", writes={X: "a"}),
                event("2.b", writes={X: "b"}),
                event("3.r", reads={X: "b"}),
                event("3.s", reads={X: "a"}),
            ],
        ),
        ("is not there", {}, [event("1.a", writes={X: "a"})]),
        ("is there in part", {X: ["a"]}, [WRITE]),
        (
            "is there in part",
            {X: ["a"]},
            [event("1.a", writes={X: "a", Y: "a."}, outcome="unknown")],
        ),
        ("is there", {X: ["a"]}, [event("1.a", writes={X: "a"}, outcome="refused")]),
        ("more than once", {X: ["a", "a"]}, [event("1.a", writes={X: "a"})]),
        ("in another register", {Y: ["a"]}, [event("1.a", writes={X: "a"})]),
        ("no batch was to leave it", {X: ["z"]}, []),
        (
            "no batch was to leave it",
            {X: ["p", "a"]},
            [event("1.a", writes={X: "a"}, passing=frozenset({"p"}))],
        ),
        (
            "as 1.a",
            {3: []},
            [event("1.a", made=((3, "m3"),)), event("2.b", made=((3, "m3"),))],
        ),
        ("which is another's", {3: []}, [event("1.a", made=((3, "m9"),))]),
    ],
)
def test_what_is_wrong_is_told(
    words: str, versions: Mapping[int, Sequence[str]], events: list[Event]
) -> None:
    problems = told(versions, *events)

    assert any(words in each for each in problems), problems


def test_a_circle_is_told_with_the_calls_in_it() -> None:
    (problem,) = told(BOTH, WRITE, LATER, event("3.r", reads={X: "b", Y: "a."}))

    assert problem.startswith("G-single: ")
    assert {each for each in ("2.b", "3.r", "1.a") if each in problem} == {"2.b", "3.r"}
