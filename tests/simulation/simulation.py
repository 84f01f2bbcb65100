"""One run of the whole house on one seed.

Clients act on the portals of one store, one after the other or some at once. A part goes through
the operations and a part over HTTP, in memory. The clock jumps, calls fail, stores are closed and
opened again. The oracle judges every answer, and at the end all is read and compared.

The same seed is the same run: on SQLite entirely; on PostgreSQL but for the order in which writes
that were let go together commit, which the server decides.
"""

import asyncio
import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from moyeu.app import build_app
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.lists.changes import GivenList
from moyeu.crm.problems import Problem
from moyeu.operations.definitions import create_properties
from moyeu.operations.lists import ReadList, create_list
from moyeu.operations.portals import hash_token, known_scopes
from moyeu.storage.contract import Portal, Store, Token
from moyeu.wire.application import Application
from tests.crm.lists.branches import any_of, on
from tests.simulation.answers import Answer
from tests.simulation.clock import JumpingClock
from tests.simulation.drawing import NOTED, Drawing, looks
from tests.simulation.faults import KINDS, Trouble, TroubledStore, troubled_by
from tests.simulation.gate import Gate, GatedStore
from tests.simulation.house import House
from tests.simulation.oracle import DisagreementError, Oracle, Taken
from tests.simulation.readback import broken, read_all
from tests.simulation.steps import Access, Read, ReadMembers, ReadPage, Search, Step, own
from tests.simulation.world import NOTE, OWN_NAMES, TYPES, World, names_written
from tests.storage.engines import engine_named
from tests.storage.scene import APP, CONTACTS

PORTALS: Final = (1001, 2002)
_WORLDS_MAX: Final = 12
"""Possible worlds of a portal, after which all its records are read."""

_TROUBLE_CHANCE: Final = 0.12
_TOGETHER_CHANCE: Final = 0.35
_REOPEN_CHANCE: Final = 0.004
_CUT_CHANCE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that can be repeated.

    steps: how many at least. rough: whether what is below the stores fails too: SQLite's disk, or
    the connections with PostgreSQL.
    """

    seed: int
    engine: str
    steps: int
    rough: bool = False

    @property
    def command(self) -> str:
        """How it is repeated."""
        rough = " --rough" if self.rough else ""
        return (
            f"python -m tests.simulation --seed {self.seed} --engine {self.engine}"
            f" --steps {self.steps}{rough}"
        )


@dataclass(slots=True)
class Tally:
    """What happened in a run, so that a test can tell that something did.

    digest: of all steps and answers.
    """

    steps: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    worlds_max: int = 1
    openings: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def count(self, taken: Taken) -> None:
        """Counts a step by its kind and answer."""
        self.steps += 1
        self.answers[f"{type(taken.step).__name__} {type(taken.answer).__name__}"] += 1
        self.digest.update(repr(taken).encode())


@dataclass(slots=True)
class _Side:
    """One portal of the run."""

    caller: Caller
    token: str
    drawing: Drawing
    oracle: Oracle


class Simulation:
    """A run; spoil: makes a store wrong, for tests of the simulation itself."""

    def __init__(
        self, plan: Plan, folder: Path, spoil: Callable[[Store], Store] | None = None
    ) -> None:
        self.plan = plan
        self.tally = Tally()
        self._spoil = spoil
        self._chance = random.Random(plan.seed)
        self._clock = JumpingClock(random.Random(self._chance.random()))
        disk_chance = random.Random(self._chance.random()) if plan.rough else None
        self._house = House(engine_named(plan.engine), folder, disk_chance=disk_chance)
        self._gate = Gate(
            random.Random(self._chance.random()),
            self._house.settle,
            commits_in_groups=self._house.commits_in_groups,
        )
        self._bits = random.Random(self._chance.random())
        self._cuts = False
        self._sides: list[_Side] = []
        self._doors: list[tuple[Store, Application]] = []

    def run(self) -> Tally:
        """Takes all steps and compares; DisagreementError where the product is wrong."""
        try:
            asyncio.run(self._run())
        except Exception as error:
            error.add_note(f"after {self.tally.steps} steps; repeat with\n  {self.plan.command}")
            raise
        finally:
            self._house.forget()
        return self.tally

    async def _run(self) -> None:
        for portal_id in PORTALS:
            self._sides.append(await self._found(portal_id))
        await self._house.settle()
        self._house.begin_trouble()
        self._cuts = self.plan.rough and self._house.has_connections
        self._make_doors()
        while self.tally.steps < self.plan.steps:
            await self._round()
        self._house.end_trouble()
        self._cuts = False
        for side in self._sides:
            await self._look(side)
        await self._compare()

    # --- the portals -------------------------------------------------------------------------

    async def _found(self, portal_id: int) -> _Side:
        """Makes a portal with its properties and lists."""
        store = self._house.stores[0]
        caller = Caller(portal_id, APP, None, known_scopes())
        token = f"pat-na1-{portal_id:08d}-0000-4000-8000-000000000000"
        occasion = Occasion(caller, self._clock(), "founding")
        await store.write(
            lambda each: each.add_portal(Portal(portal_id, f"portal {portal_id}", APP, 0))
        )
        await store.write(lambda each: each.add_token(Token(hash_token(token), caller, "pat", 0)))
        for type_id in TYPES:
            given = [own(name, type_id) for name in sorted(OWN_NAMES)]
            made = await create_properties(store, occasion, type_id, given)
            assert not isinstance(made, Problem), made
            assert not any(isinstance(each, Problem) for each in made), made
        filters = any_of(on(NOTE, "MULTISTRING", "IS_EQUAL_TO", values=[NOTED]))
        list_ids = (
            await self._make_list(store, occasion, "One"),
            await self._make_list(store, occasion, "Two"),
            await self._make_list(store, occasion, "Noted", filters),
        )
        world = World(
            lists={each: frozenset() for each in list_ids[:-1]},
            names={type_id: names_written(type_id) for type_id in TYPES},
        )
        drawing = Drawing(random.Random(self._chance.random()), list_ids)
        return _Side(caller, token, drawing, Oracle(world))

    async def _make_list(
        self, store: Store, occasion: Occasion, name: str, filters: object = None
    ) -> int:
        kind = "MANUAL" if filters is None else "DYNAMIC"
        branch = None if filters is None else json.dumps(filters)
        made = await create_list(store, occasion, GivenList(name, CONTACTS, kind, branch))
        assert isinstance(made, ReadList), made
        return made.definition.id

    def _make_doors(self) -> None:
        self.tally.openings += 1
        spoilt = [self._spoil(each) if self._spoil else each for each in self._house.stores]
        gated = [GatedStore(each, self._gate) for each in spoilt]
        stores = [TroubledStore(each.as_store()).as_store() for each in gated]
        self._doors = [
            (each, build_app(each, self._clock, self._bits.getrandbits)) for each in stores
        ]

    # --- the rounds --------------------------------------------------------------------------

    async def _round(self) -> None:
        """One step, or some that are taken at once."""
        self._clock.move()
        if self._chance.random() < _REOPEN_CHANCE:
            self._house.reopen()
            self._make_doors()
        count = self._chance.choice((2, 2, 3)) if self._chance.random() < _TOGETHER_CHANCE else 1
        chosen = [self._sides[self._chance.random() < 0.2] for _ in range(count)]
        steps = []
        for place, side in enumerate(chosen):
            world = self._chance.choice(side.oracle.worlds)
            steps.append(side.drawing.step(self.tally.steps + place, self._clock(), world))
        troubles = [self._trouble(each) for each in steps]
        await self._take(chosen, steps, troubles)
        for side in self._sides:
            if len(side.oracle.worlds) > _WORLDS_MAX:
                await self._look(side)

    def _trouble(self, step: Step) -> Trouble | None:
        # A dynamic list is read as it was when it cannot be brought up to date.
        if self._chance.random() >= _TROUBLE_CHANCE or isinstance(step, ReadMembers):
            return None
        if isinstance(step, Read | ReadPage | Search):
            return Trouble("unread")
        return Trouble(self._chance.choice(KINDS), self._chance.choice((0, 0, 0, 1)))

    async def _look(self, side: _Side) -> None:
        """Reads all records of a portal."""
        for step in looks(self.tally.steps, self._clock()):
            await self._take([side], [step], [None])

    async def _take(
        self, sides: list[_Side], steps: list[Step], troubles: list[Trouble | None]
    ) -> None:
        calls = []
        for side, step, trouble in zip(sides, steps, troubles, strict=True):
            access = Access(*self._chance.choice(self._doors), side.caller, side.token)
            calls.append(_act(step, access, trouble))
        is_cut = self._cuts and self._chance.random() < _CUT_CHANCE
        taking = asyncio.create_task(self._gate.take(calls))
        if is_cut:
            await asyncio.to_thread(self._house.cut_connections)
        answers = await taking
        is_broken = self._house.recover()
        is_rough = is_cut or is_broken
        taken = [
            Taken(step, answer, is_rough or (trouble is not None and trouble.happened))
            for step, answer, trouble in zip(steps, answers, troubles, strict=True)
        ]
        for each in taken:
            self.tally.count(each)
        self.tally.troubles.update(each.kind for each in troubles if each and each.happened)
        for side in self._sides:
            own = [each for each, of in zip(taken, sides, strict=True) if of is side]
            if own:
                side.oracle.take(own)
                self.tally.worlds_max = max(self.tally.worlds_max, len(side.oracle.worlds))
        if is_broken:
            self._make_doors()

    async def _compare(self) -> None:
        """What is stored is what one of the worlds says."""
        for side in self._sides:
            portal_id = side.caller.portal_id
            for store in self._house.stores:
                found = await store.read(partial(read_all, portal_id=portal_id))
                if problems := broken(found, side.oracle.worlds):
                    raise DisagreementError(f"portal {portal_id}:\n" + "\n".join(problems))


async def _act(step: Step, access: Access, trouble: Trouble | None) -> Answer:
    with troubled_by(trouble):
        return await step.act(access)
