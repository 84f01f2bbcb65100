"""The connection to PostgreSQL is cut at chosen messages, and at any message.

Before COMMIT was sent the work runs again and is there once; afterwards nobody knows, it is told
so, and a look tells that it is there as a whole or not at all.
"""

import asyncio
import contextlib
import itertools
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import pytest

from moyeu.app import build_app
from moyeu.storage.contract import OutcomeUnknownError, ReadTransaction
from moyeu.storage.postgresql import PostgresqlStore, engine, open_store
from moyeu.wire.edge import running
from tests.faults.checker import Checker
from tests.faults.contents import Found, read_database
from tests.faults.control import Control
from tests.faults.inside import send, write_until_broken
from tests.faults.ledger import Batch, Ledger, Outcome
from tests.faults.load import Client
from tests.faults.portal import NOTES, PORTAL_ID, SERVICES_ID, seed
from tests.faults.seeds import rounds, run_seed
from tests.faults.server import call, connect
from tests.faults.some_batches import BATCHES, There, upserts
from tests.faults.wire_proxy import HOLD_MAX_S, Fate, Hold, Message, Proxy, Strike
from tests.postgres import databases

RECORDS: Final = 20
CLIENTS: Final = 4
BATCHES_EACH: Final = 16
MESSAGES_MIN: Final = 20
"""A transaction takes more."""
CUTS: Final = 0.002
"""So likely is the connection cut at any message."""

_BEGIN_READ: Final = engine._BEGIN_READ
_BEGIN_WRITE: Final = engine._BEGIN_WRITE
_TURN: Final = "SELECT pg_advisory_xact_lock"
_LOCK: Final = "SELECT r.record_id"
_UPDATE: Final = "UPDATE record r"
_INSERT: Final = "INSERT INTO record AS r"
_HISTORY: Final = "INSERT INTO record_write"
_TAKE: Final = "INSERT INTO unique_value"
_IDS: Final = "UPDATE counter SET next_record_id"
_NUMBERS: Final = "UPDATE counter SET next_write"

UPDATE: Final = "/crm/v3/objects/partner_services/batch/update"

_names = itertools.count(1)


@dataclass(slots=True)
class Scene:
    """A portal behind a proxy, a store that is used through it, and a look past it.

    there: what batches may be about; its contacts were not known to any test before.
    """

    url: str
    proxy: Proxy
    control: Control
    store: PostgresqlStore
    there: There
    ledger: Ledger = field(default_factory=Ledger)

    def send(self, kind: str) -> tuple[Batch, Outcome]:
        """A batch of that kind, and what the store says became of it."""
        batch = BATCHES[kind](_name(), self.there)
        _send(self.store, batch, self.ledger)
        return batch, batch.outcome

    def check(self) -> Found:
        """All promises; it is known from now on what became of unknown batches."""
        return Checker(self.ledger).check(self.url)

    def await_end_of(self, message: Message | None) -> None:
        """Waits until the server has noticed that the connection of a message is cut."""
        assert message is not None, "the work has no such statement"
        self.control.await_end(self.proxy.pid_of(message.link))


def _name() -> str:
    return f"b{next(_names)}"


def _send(store: PostgresqlStore, batch: Batch, ledger: Ledger) -> None:
    ledger.intend(batch)
    try:
        ids = asyncio.run(send(store, batch))
    except OutcomeUnknownError as error:
        ledger.lose(batch, str(error))
    else:
        ledger.acknowledge(batch, ids)


@pytest.fixture(scope="module")
def seeded() -> Iterator[str]:
    """The address of a portal with some records."""
    url = databases().take()
    seed(url, RECORDS)
    yield url
    databases().give_back(url)


@pytest.fixture
def scene(seeded: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """With a store that has taken no numbers and knows no definitions.

    It sends every statement in full each time, so that like batches are like messages.
    """
    monkeypatch.setattr(engine, "_PAUSE_S", 0.001)
    with contextlib.ExitStack() as ends:
        proxy, control = ends.enter_context(Proxy(seeded)), ends.enter_context(Control(seeded))
        batch, ledger = upserts(_name(), 3), Ledger()
        with contextlib.closing(open_store(seeded)) as store:
            _send(store, batch, ledger)
        found = read_database(seeded)
        there = There(found.skus(), batch.answered_ids, tuple(found.start().targets))
        store = open_store(proxy.url, prepared=False)
        ends.enter_context(contextlib.closing(store))
        yield Scene(seeded, proxy, control, store, there, ledger)


@dataclass(frozen=True, slots=True)
class Point:
    """Where the connection is cut.

    beginning: of the statement. is_sent, is_answered: whether the server gets it, and whether the
    client gets its answer.
    """

    beginning: str
    is_sent: bool
    is_answered: bool = False

    def strike(self) -> Strike:
        """The rule that cuts there."""
        if self.is_answered:
            return Strike(self.is_answer, Fate.CUT_AFTER)
        if self.is_sent:
            return Strike(self.is_answer, Fate.CUT_BEFORE)
        return Strike(self.is_statement, Fate.CUT_BEFORE)

    def is_statement(self, message: Message) -> bool:
        """Whether the client has it carried out."""
        return message.from_client and self._is_it(message)

    def is_answer(self, message: Message) -> bool:
        """Whether the server says that it was."""
        return not message.from_client and self._is_it(message)

    def _is_it(self, message: Message) -> bool:
        # Reads of the same work have a COMMIT too.
        return message.begins(self.beginning) and message.begun in ("", _BEGIN_WRITE)


def _unsent(beginning: str) -> Point:
    return Point(beginning, is_sent=False)


def _unanswered(beginning: str) -> Point:
    return Point(beginning, is_sent=True)


def _answered(beginning: str) -> Point:
    return Point(beginning, is_sent=True, is_answered=True)


BEFORE_COMMIT: Final = {
    "update": (
        *(_unsent(_BEGIN_WRITE), _answered(_BEGIN_WRITE)),
        *(_unsent(_TURN), _unanswered(_TURN), _answered(_TURN)),
        *(_unsent(_LOCK), _unanswered(_LOCK), _answered(_LOCK)),
        *(_unsent(_NUMBERS), _unanswered(_NUMBERS), _answered(_NUMBERS)),
    ),
    "take": (
        *(_unsent(_UPDATE), _unanswered(_UPDATE), _answered(_UPDATE)),
        *(_unsent(_HISTORY), _unanswered(_HISTORY), _answered(_HISTORY)),
        *(_unsent(_TAKE), _unanswered(_TAKE)),
    ),
    "upsert": (
        *(_unsent(_IDS), _unanswered(_IDS), _answered(_IDS)),
        *(_unsent(_INSERT), _unanswered(_INSERT), _answered(_INSERT)),
    ),
    "create plainly": (_unsent(_IDS), _unanswered(_NUMBERS), _answered(_BEGIN_WRITE)),
    "pass on": (_unsent(_TURN), _answered(_TURN), _unanswered("DELETE FROM unique_value")),
}
"""By batch."""

AFTER_COMMIT: Final = {
    "what is written before is not answered": (_unanswered(_HISTORY), True),
    "COMMIT is not sent": (_unsent("COMMIT"), False),
    "COMMIT is not answered": (_unanswered("COMMIT"), True),
    "the connection ends after the answer": (_answered("COMMIT"), True),
}
"""Where an update is cut whose COMMIT was sent, and whether it is there then."""


@pytest.mark.parametrize(
    ("kind", "point"),
    [(kind, point) for kind, points in BEFORE_COMMIT.items() for point in points],
    ids=str,
)
def test_cut_before_commit_is_sent_the_work_runs_again_and_is_there_once(
    kind: str, point: Point, scene: Scene
) -> None:
    scene.proxy.rule = strike = point.strike()

    _, outcome = scene.send(kind)

    scene.await_end_of(strike.message)
    assert outcome == "applied"
    scene.check()


@pytest.mark.parametrize(("point", "is_there"), AFTER_COMMIT.values(), ids=AFTER_COMMIT)
def test_cut_after_commit_was_sent_nobody_knows_and_a_look_tells(
    point: Point, is_there: bool, scene: Scene
) -> None:
    scene.proxy.rule = strike = point.strike()

    batch, outcome = scene.send("update")

    scene.await_end_of(strike.message)
    assert outcome == "unknown"
    scene.check()
    assert batch.outcome == ("applied" if is_there else "refused")
    assert scene.send("update")[1] == "applied"


@pytest.mark.parametrize("kind", BATCHES)
def test_whatever_is_lost_after_commit_is_there_and_is_not_tried_again(
    kind: str, scene: Scene
) -> None:
    commits: list[int] = []

    async def lose_what_comes_after_commit(message: Message) -> Fate:
        is_commit = message.begins("COMMIT") and message.begun == _BEGIN_WRITE
        if is_commit and message.from_client:
            commits.append(message.link)
        if message.from_client or message.link not in commits:
            return Fate.ARRIVE
        return Fate.CUT_BEFORE if is_commit else Fate.LOSE

    scene.proxy.rule = lose_what_comes_after_commit

    batch, outcome = scene.send(kind)

    assert len(commits) == 1
    assert outcome == "unknown"
    members = scene.check().members().get(batch.list_id, set())
    # Of a contact that was in no list before, nobody can say whether it is to be in this one.
    assert batch.outcome == "applied" or members >= {*batch.record_ids}


def test_a_client_is_told_that_nobody_knows_by_a_500_with_an_id(scene: Scene) -> None:
    scene.proxy.rule = strike = _unanswered("COMMIT").strike()
    inputs = [{"id": str(each), "properties": {NOTES[0]: "x"}} for each in scene.there.skus]
    app = build_app(scene.store)
    with running(app) as url, contextlib.closing(connect(urlsplit(url).port or 0)) as connection:
        status, answer = call(connection, UPDATE, {"inputs": inputs})
        again, _ = call(connection, UPDATE, {"inputs": inputs})

    assert strike.message is not None
    assert status == 500
    assert answer["correlationId"]
    assert again == 200


@pytest.mark.parametrize("statement", [_BEGIN_WRITE, _TURN, _LOCK, "COMMIT"])
def test_a_session_that_is_ended_while_the_work_stands_still(statement: str, scene: Scene) -> None:
    scene.proxy.rule = hold = Hold(_unsent(statement).is_statement)

    def end_the_session() -> None:
        assert hold.held.wait(HOLD_MAX_S)
        assert hold.message is not None
        scene.control.terminate(scene.proxy.pid_of(hold.message.link))
        hold.go_on.set()

    aside = threading.Thread(target=end_the_session)
    aside.start()
    batch, outcome = scene.send("update")
    aside.join()

    is_sent = statement == "COMMIT"
    assert outcome == ("unknown" if is_sent else "applied")
    scene.check()
    assert batch.outcome == ("refused" if is_sent else "applied")
    assert scene.send("update")[1] == "applied"


class _Recorder:
    """A rule that counts the messages of the connection which the first transaction is on.

    begin: how that begins. cut_at: the number of the message where that connection is cut, before
    it if it is the server's.
    """

    def __init__(self, cut_at: int = 0, begin: str = _BEGIN_WRITE) -> None:
        self.message: Message | None = None
        self._begin = begin
        self._messages: list[Message] = []
        self._cut_at = cut_at

    async def __call__(self, message: Message) -> Fate:
        """Decides about a message."""
        if not self._messages and not (message.from_client and message.begins(self._begin)):
            return Fate.ARRIVE
        if self._messages and message.link != self._messages[0].link:
            return Fate.ARRIVE
        self._messages.append(message)
        if len(self._messages) != self._cut_at:
            return Fate.ARRIVE
        self.message = message
        return Fate.CUT_AFTER if message.from_client else Fate.CUT_BEFORE

    def has_seen(self, beginning: str) -> bool:
        """Whether the client had said anything about such a statement before the cut, or at it."""
        return any(each.about.lstrip().startswith(beginning) for each in self._messages)


def _places() -> Iterator[int]:
    """The numbers of the messages to cut at: half of them, or all where time is given."""
    step = 2 if rounds(1) == 1 else 1
    return itertools.count(random.Random(run_seed()).randint(1, step), step)


# With the first statement of those that are sent without a wait before COMMIT is.
@pytest.mark.parametrize(("kind", "last"), [("create plainly", _INSERT), ("upsert", "COMMIT")])
def test_wherever_the_connection_is_cut_the_work_is_there_once_or_nobody_knows(
    kind: str, last: str, scene: Scene
) -> None:
    unknown: list[Batch] = []
    for number in _places():
        scene.proxy.rule = cut = _Recorder(number)
        batch, outcome = scene.send(kind)
        if cut.message is None:
            break
        scene.await_end_of(cut.message)
        if not cut.has_seen(last):
            assert outcome == "applied"
        if cut.has_seen("COMMIT"):
            assert outcome == "unknown"
        if outcome == "unknown":
            unknown.append(batch)
    assert number > MESSAGES_MIN
    scene.check()
    assert {each.outcome for each in unknown} == {"applied", "refused"}


def test_wherever_the_connection_is_cut_a_read_is_answered(scene: Scene) -> None:
    def read(transaction: ReadTransaction) -> tuple[int, int]:
        records = transaction.records(PORTAL_ID, SERVICES_ID, sorted(scene.there.skus))
        return len(records), len(transaction.portals())

    for number in _places():
        scene.proxy.rule = cut = _Recorder(number, _BEGIN_READ)
        assert asyncio.run(scene.store.read(read)) == (RECORDS, 1)
        if cut.message is None:
            break
    assert number > MESSAGES_MIN


def test_cut_at_random_under_load_the_store_keeps_every_promise(url: str) -> None:
    seed_of_run = run_seed()
    chance = random.Random(seed_of_run)

    async def cut_at_random(message: Message) -> Fate:
        if chance.random() > CUTS:
            return Fate.ARRIVE
        cuts.append(message)
        return chance.choice((Fate.CUT_BEFORE, Fate.CUT_AFTER))

    cuts: list[Message] = []
    seed(url, RECORDS)
    ledger = Ledger()
    checker = Checker(ledger)
    with Proxy(url) as proxy, contextlib.closing(open_store(proxy.url)) as store:
        proxy.rule = cut_at_random
        for number in range(rounds(2)):
            start = checker.check(url).start()
            clients = [
                Client(f"r{number}-c{each}", seed_of_run, each, CLIENTS, start)
                for each in range(CLIENTS)
            ]
            asyncio.run(write_until_broken(store, clients, ledger, BATCHES_EACH))
            with Control(url) as control:
                for each in control.stores():
                    control.terminate(each)
        checker.check(url)
    assert len(cuts) > 5
    assert len(ledger.acknowledged) > CLIENTS
