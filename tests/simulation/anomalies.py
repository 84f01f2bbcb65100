"""Judges what clients saw that acted at the same time, by the versions that are kept.

What the engines claim of the batches of one portal: each takes effect at one moment between its
call and its answer, as a whole, and a read sees all that took effect before its own moment and
nothing else (strict serialisability).

* SQLite: one writer runs all work one after the other, readers see snapshots of what is committed.
* PostgreSQL: writes are READ COMMITTED, but under the turn of the portal, with the rows locked that
  they read, and unique values decided by their index; reads are REPEATABLE READ snapshots. Between
  portals nothing is claimed.

The names of the anomalies are Adya's: G0 (writes in a circle), G1a (a value that was not
committed), G1b (one that its own batch wrote over), G1c (writes and reads in a circle), G-single
(one read too early in the circle), G2 (several). `-realtime`: only if what was answered before
another call began counts as earlier.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from tests.simulation.readback import Found, disagreements
from tests.simulation.registers import Event, Register
from tests.simulation.world import MARK, NOTE, WORD

Edge = Literal["ww", "wr", "rw", "rt"]
"""Why one call comes before another: it wrote the version before, what the other read, it read the
version before what the other wrote, or it was answered before the other began.
"""


@dataclass(slots=True)
class Kept:
    """The versions of all registers, oldest first, and which call wrote each value."""

    versions: dict[Register, list[str]] = field(default_factory=lambda: defaultdict(list))
    writers: dict[str, Event] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Sequence[Event], found: Found) -> "Kept":
        """What the histories tell."""
        kept = cls()
        for record_id, writes in found.histories.items():
            for write in reversed(writes):
                for name in (NOTE, WORD):
                    if name in write.changed:
                        kept.versions[record_id, name].append(write.changed[name])
        kept.writers = {value: event for event in events for value in event.values}
        return kept

    def place(self, register: Register, value: str) -> int | None:
        """Which version it is, 0 for none; None if there is no such version."""
        if not value:
            return 0
        versions = self.versions.get(register, [])
        return versions.index(value) + 1 if value in versions else None


def complaints(events: Sequence[Event], found: Found) -> list[str]:
    """All that breaks a promise, in words."""
    kept = Kept.of(events, found)
    return [
        *disagreements(found),
        *_writes_not_kept(events, kept),
        *_ids_given_twice(events, found),
        *_impossible_reads(events, kept),
        *_circles(events, kept),
    ]


def _writes_not_kept(events: Sequence[Event], kept: Kept) -> Iterator[str]:
    """Each acknowledged value is there once, no refused one, of unknown ones all or none."""
    seen = Counter(value for versions in kept.versions.values() for value in versions)
    for event in events:
        times = {value: seen.pop(value, 0) for value in event.values}
        different = sorted(set(times.values()))
        if max(different, default=0) > 1:
            yield f"{event} was carried out more than once"
        elif len(different) > 1:
            yield f"{event} is there in part"
        elif different == [0] and event.outcome == "done":
            yield f"{event} is not there"
        elif different == [1] and event.outcome == "refused":
            yield f"{event} is there"
        for value, register in event.values.items():
            if times[value] and register is not None and not kept.place(register, value):
                yield f"{event}: {value} is in another register than {register}"
    for value in seen:
        yield f"{value!r} is kept, and no batch was to leave it"


def _ids_given_twice(events: Sequence[Event], found: Found) -> Iterator[str]:
    told: dict[int, str] = {}
    for event in events:
        for record_id, mark in event.made:
            if record_id in told:
                yield f"{event} was told {record_id}, as {told[record_id]} was"
            told[record_id] = str(event)
            writes = found.histories.get(record_id, [])
            if not writes or writes[-1].changed.get(MARK) != mark:
                yield f"{event} was told that it made {record_id}, which is another's"


def _impossible_reads(events: Sequence[Event], kept: Kept) -> Iterator[str]:
    """Reads of what was never committed, and clients that see time go back."""
    passing = {value for event in events for value in event.passing}
    seen: dict[tuple[int, Register], int] = {}
    for event in events:
        for register, value in event.reads.items():
            place = kept.place(register, value)
            if place is None:
                yield f"{'G1b' if value in passing else 'G1a'}: {event} read {value!r}"
                continue
            if place < seen.get((event.client, register), 0):
                yield f"{event} read {value!r} of {register} after a later version"
            seen[event.client, register] = place
        for value, written in event.values.items():
            if event.outcome == "done" and written is not None:
                seen[event.client, written] = kept.place(written, value) or 0


# --- circles ---------------------------------------------------------------------------------

Graph = dict[int, dict[int, Edge]]
"""By the place of a call, the calls after it."""


def _circles(events: Sequence[Event], kept: Kept) -> Iterator[str]:
    edges = dependencies(events, kept)
    kinds: tuple[tuple[Edge, ...], ...] = (
        ("ww",),
        ("ww", "wr"),
        ("ww", "wr", "rw"),
        ("ww", "wr", "rw", "rt"),
    )
    for allowed in kinds:
        graph: Graph = defaultdict(dict)
        for before, after, kind in edges:
            if kind in allowed:
                # Of several reasons the first is told: they are sorted so.
                graph[before].setdefault(after, kind)
        circle = shortest_circle(graph)
        if circle is not None:
            steps = [graph[one][other] for one, other in pairwise(circle)]
            path = " → ".join(str(events[each]) for each in circle)
            yield f"{name_of(steps)}: {path} by {steps}"
            return


def name_of(steps: Sequence[Edge]) -> str:
    """The anomaly that a circle of such edges is."""
    if set(steps) == {"ww"}:
        return "G0"
    early = steps.count("rw")
    name = ("G1c", "G-single")[early] if early < 2 else "G2"
    return f"{name}-realtime" if "rt" in steps else name


def dependencies(events: Sequence[Event], kept: Kept) -> list[tuple[int, int, Edge]]:
    """(place of a call, place of one after it, why), of the calls that took effect."""
    places = {id(event): place for place, event in enumerate(events)}
    writer = {value: places[id(event)] for value, event in kept.writers.items()}
    edges: set[tuple[int, int, Edge]] = set()
    for versions in kept.versions.values():
        ids = [writer[each] for each in versions if each in writer]
        edges.update((one, other, "ww") for one, other in pairwise(ids))
    there = {writer[value] for each in kept.versions.values() for value in each if value in writer}
    for reader, event in enumerate(events):
        if event.outcome == "done" and event.reads:
            there.add(reader)
            edges.update(_read_edges(reader, event.reads, kept, writer))
    edges.update(_realtime_edges(events, sorted(there)))
    order: Mapping[Edge, int] = {"ww": 0, "wr": 1, "rw": 2, "rt": 3}
    return sorted((each for each in edges if each[0] != each[1]), key=lambda each: order[each[2]])


def _read_edges(
    reader: int, reads: Mapping[Register, str], kept: Kept, writer: Mapping[str, int]
) -> Iterator[tuple[int, int, Edge]]:
    for register, value in reads.items():
        place = kept.place(register, value)
        versions = kept.versions.get(register, [])
        if place is None:
            continue
        if place > 0 and value in writer:
            yield writer[value], reader, "wr"
        if place < len(versions) and versions[place] in writer:
            yield reader, writer[versions[place]], "rw"


def _realtime_edges(
    events: Sequence[Event], there: Sequence[int]
) -> Iterator[tuple[int, int, Edge]]:
    """What was answered before another call began; an unknown outcome may come late."""
    for one in there:
        if events[one].outcome == "unknown":
            continue
        for other in there:
            if events[one].returned < events[other].invoked:
                yield one, other, "rt"


def shortest_circle(graph: Mapping[int, Mapping[int, Edge]]) -> list[int] | None:
    """A circle of the fewest calls, the first one again at its end; None if there is none."""
    best: list[int] | None = None
    for start in _in_circles(graph):
        found = _way_back(graph, start)
        if found is not None and (best is None or len(found) < len(best)):
            best = found
    return best


def _in_circles(graph: Mapping[int, Mapping[int, Edge]]) -> set[int]:
    """What is left when all that nothing leads to, or that leads nowhere, is taken away."""
    left = {*graph, *(each for after in graph.values() for each in after)}
    while True:
        reached = {each for one in left for each in graph.get(one, ()) if each in left}
        leading = {one for one in left if any(each in left for each in graph.get(one, ()))}
        if len(kept := reached & leading) == len(left):
            return left
        left = kept


def _way_back(graph: Mapping[int, Mapping[int, Edge]], start: int) -> list[int] | None:
    came_from: dict[int, int] = {}
    waiting = deque([start])
    while waiting:
        one = waiting.popleft()
        for other in graph.get(one, ()):
            if other == start:
                path = [start, one]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if other not in came_from:
                came_from[other] = one
                waiting.append(other)
    return None
