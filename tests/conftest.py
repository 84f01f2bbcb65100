"""What the suites share: a server on loopback with a clock of its own, and portals in it."""

import asyncio
import gc
import itertools
import os
import random
import shutil
import signal
import tempfile
import threading
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import pytest

from moyeu.app import build_app
from moyeu.catalog.object_types import ObjectType, find_object_type
from moyeu.catalog.properties import Option, PropertyDefinition
from moyeu.crm.admin_rules import AdminRules
from moyeu.crm.associations import Association
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.definitions import Owner, Team
from moyeu.crm.object_schemas import ObjectSchema
from moyeu.crm.problems import Problem
from moyeu.crm.records import RecordInput
from moyeu.crm.validations import ValidationRule
from moyeu.operations.portals import hash_token, known_scopes
from moyeu.operations.records import archive_records, create_records
from moyeu.storage.contract import Portal, Store, Token
from moyeu.wire.edge import running
from tests.storage.engines import ENGINES, OPTION, Engine, usual_engine

T = TypeVar("T")

_IN_MEMORY: Final = Path("/dev/shm")
_MEMORY_MIN: Final = 6 * 1024**3
_OURS: Final = pytest.StashKey[Path]()
"""The folder that a run has made."""

# Whole milliseconds that are no whole second, so that times show their fraction.
START_MS = 1_795_000_000_250
WRITE_WAIT_MAX_S: Final = 3.0
"""A test that keeps others from their turn waits as long."""

_portal_numbers = itertools.count(1)


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One more than usual, as some tests wait for disks and other processes."""
    return (yield) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """What a run is begun with shall not matter to the processes that tests start.

    Who is begun beside a shell ignores Ctrl-C, and so would they. Folders of tests are in memory
    where there is much of it: a sync of those takes no time.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.option.basetemp is None and _free_bytes(_IN_MEMORY) >= _MEMORY_MIN:
        config.option.basetemp = tempfile.mkdtemp(prefix="moyeu-tests-", dir=_IN_MEMORY)
        config.stash[_OURS] = Path(config.option.basetemp)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free if folder.is_dir() else 0


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What failed can be looked at; else nothing is left in memory."""
    ours = session.config.stash.get(_OURS, None)
    if ours is not None and exitstatus == 0:
        shutil.rmtree(ours)


def pytest_collection_finish() -> None:
    """Takes the tests themselves, which are many objects, out of the collector's sight."""
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The engine of a run; the usual one is SQLite, and where it matters all are tested."""
    parser.addoption(
        OPTION,
        default=os.environ.get("MOYEU_TEST_ENGINE") or None,
        help="the one storage engine of the run: " + ", ".join(each.name for each in ENGINES),
    )


class Clock:
    """The server's clock: it moves only when a test moves it, and by a millisecond per look."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def __call__(self) -> int:
        """Milliseconds since 1970, UTC."""
        self.now_ms += 1
        return self.now_ms


@dataclass(frozen=True, slots=True)
class RecordKey:
    """Id and times of a record that a test made."""

    id: str
    created_at: str
    updated_at: str


class Server:
    """A running server over a fresh database, and a loop in which tests act on its store."""

    def __init__(self, url: str, store: Store, clock: Clock) -> None:
        self.url = url
        self.store = store
        self.clock = clock
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Awaitable[T]) -> T:
        """Waits for something asynchronous."""

        async def waited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(waited(), self._loop).result(60)

    def write(self, work: Callable[[Any], T]) -> T:
        """Runs work in the writer's turn."""
        return self.run(self.store.write(work))

    def close(self) -> None:
        """Ends the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def every_scope() -> frozenset[str]:
    """All scopes that a route can ask for."""
    return known_scopes()


class PortalUnderTest:
    """An empty portal of the server, filled without the API under test."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = server.url
        number = next(_portal_numbers)
        self.portal_id = 51_000_000 + number
        self.app_id = 3_000_000 + number
        self._tokens = itertools.count(1)
        server.write(
            lambda tx: tx.add_portal(
                Portal(self.portal_id, f"portal {number}", self.app_id, server.clock.now_ms)
            )
        )
        self.caller = Caller(self.portal_id, self.app_id, None, every_scope())
        self.token = self._add_token(every_scope())

    def _add_token(self, scopes: frozenset[str]) -> str:
        token = f"pat-na1-{self.portal_id:08d}-0000-4000-8000-{next(self._tokens):012d}"
        caller = replace(self.caller, scopes=scopes)
        self.server.write(lambda tx: tx.add_token(Token(hash_token(token), caller, token[:12], 0)))
        return token

    def token_with(self, scopes: list[str]) -> str:
        """A token with exactly these scopes."""
        return self._add_token(frozenset(scopes))

    def define(self, object_type: str, *definitions: Mapping[str, Any]) -> None:
        """Adds properties; the keys are those of a create in the API."""
        kind = self._type(object_type)
        own = [self._property(kind, each) for each in definitions]

        def work(transaction: Any) -> None:
            for each in own:
                transaction.put_property(self.portal_id, kind.id, each)

        self.server.write(work)

    def _property(self, kind: ObjectType, definition: Mapping[str, Any]) -> PropertyDefinition:
        options = tuple(
            Option(each["value"], each.get("label", each["value"]), order)
            for order, each in enumerate(definition.get("options", ()))
        )
        return PropertyDefinition(
            name=definition["name"],
            label=definition.get("label", definition["name"]),
            type=definition["type"],
            field_type=definition["fieldType"],
            group_name=definition.get("groupName", f"{kind.singular}_information"),
            options=options,
            has_unique_value=definition.get("hasUniqueValue", False),
            external_options=definition.get("externalOptions", False),
            referenced_object_type=definition.get("referencedObjectType"),
            calculation_formula=definition.get("calculationFormula"),
            calculated=definition.get("calculated", False),
            hidden=definition.get("hidden", False),
            read_only_value=definition.get("readOnlyValue", False),
            created_at_ms=self.server.clock.now_ms,
            updated_at_ms=self.server.clock.now_ms,
            created_user_id="1000001",
            updated_user_id="1000001",
        )

    def add_schema(self, schema: Mapping[str, Any]) -> str:
        """Adds a custom object type and its properties; its type id."""
        name = schema["name"]
        labels = schema.get("labels", {})
        type_id: str = self.server.write(lambda tx: tx.new_object_type_id(self.portal_id))
        own = ObjectSchema(
            object_type_id=type_id,
            name=name,
            label=labels.get("singular", name),
            label_plural=labels.get("plural", name),
            primary_display_property=schema["primaryDisplayProperty"],
            required_properties=tuple(schema.get("requiredProperties", ())),
            created_at_ms=self.server.clock.now_ms,
            updated_at_ms=self.server.clock.now_ms,
        )
        self.server.write(lambda tx: tx.put_schema(self.portal_id, own))
        self.define(type_id, *schema["properties"])
        return type_id

    def associate(
        self, from_type: str, from_id: str, to_type: str, to_id: str, category: str, type_id: int
    ) -> None:
        """Adds one direction of an association."""
        own = Association(
            self._type(from_type).id,
            int(from_id),
            self._type(to_type).id,
            int(to_id),
            category,  # type: ignore[arg-type] # the case spells it right
            type_id,
        )
        self.server.write(lambda tx: tx.put_associations(self.portal_id, [own]))

    def add_validation(self, object_type: str, rule: Mapping[str, Any]) -> None:
        """Adds a validation rule to those of a property."""
        type_id, name = self._type(object_type).id, rule["property"]
        own = ValidationRule(
            rule["ruleType"], tuple(rule["ruleArguments"]), rule.get("shouldApplyNormalization")
        )

        def work(transaction: Any) -> None:
            known = transaction.definitions(self.portal_id, type_id).validations.get(name, ())
            rules = sorted([*known, own], key=lambda each: each.rule_type)
            transaction.put_validations(self.portal_id, type_id, name, rules)

        self.server.write(work)

    def set_admin_rules(self, object_type: str, rules: Mapping[str, Any]) -> None:
        """Sets what admins require of records of a type."""
        own = msgspec.convert(
            {
                "required_on_create": rules.get("requiredOnCreate", ()),
                "conditional": rules.get("conditional", ()),
            },
            AdminRules,
        )
        type_id = self._type(object_type).id
        self.server.write(lambda tx: tx.put_admin_rules(self.portal_id, type_id, own))

    def _type(self, text: str) -> ObjectType:
        """The object type of that name or id; a custom one by its id."""
        found = find_object_type(text)
        if found is None:
            types = self.server.run(
                self.server.store.read(lambda tx: tx.object_types(self.portal_id))
            )
            found = types.find(text)
        assert found is not None, text
        return found

    def add_owner(self, owner: Mapping[str, Any]) -> None:
        """Adds an owner."""
        own = Owner(
            str(owner["id"]),
            owner.get("email", "owner@example.com"),
            owner.get("firstName", "First"),
            owner.get("lastName", "Last"),
            owner.get("userId"),
            owner.get("archived", False),
            owner.get("type", "PERSON"),
            tuple(
                Team(each["id"], each["name"], each["primary"]) for each in owner.get("teams", ())
            ),
            owner.get("createdAtMs", 0),
            owner.get("updatedAtMs", 0),
        )
        self.server.write(lambda tx: tx.add_owner(self.portal_id, own))

    def _occasion(self) -> Occasion:
        return Occasion(self.caller, self.server.clock(), "00000000-0000-7000-8000-000000000000")

    def add_record(self, object_type: str, properties: Mapping[str, str]) -> RecordKey:
        """Makes one record."""
        kind = self._type(object_type)
        given = RecordInput("", dict(properties))
        plan = self.server.run(
            create_records(
                self.server.store, self._occasion(), kind.id, [given], dates_normalised=False
            )
        )
        assert not isinstance(plan, Problem), plan
        record = plan.results[0].record
        return RecordKey(
            str(record.record_id),
            record.properties[kind.created_property],
            record.properties[kind.modified_property],
        )

    def archive(self, object_type: str, record_id: str) -> None:
        """Archives one record."""
        type_id = self._type(object_type).id
        problem = self.server.run(
            archive_records(self.server.store, self._occasion(), type_id, [record_id])
        )
        assert problem is None, problem

    def merge(self, object_type: str, record_id: str, survivor_id: str) -> None:
        """Merges one record away into another."""
        type_id = self._type(object_type).id
        self.server.write(
            lambda tx: tx.merge_away(self.portal_id, type_id, int(record_id), int(survivor_id))
        )

    @contextmanager
    def writer_held(self) -> Iterator[None]:
        """Keeps other writes from their turn until they give up."""
        released, begun = threading.Event(), threading.Event()

        def hold(transaction: Any) -> None:
            # A turn may be of one portal and begin with the first call.
            transaction.last_write(self.portal_id)
            begun.set()
            released.wait(60)

        holding = threading.Thread(target=self.server.write, args=(hold,))
        holding.start()
        begun.wait(60)
        try:
            yield
        finally:
            released.set()
            holding.join()

    def advance(self, seconds: float) -> None:
        """Moves the clock."""
        self.server.clock.now_ms += int(seconds * 1000)


@contextmanager
def _running_server(engine: Engine, folder: Path) -> Iterator[Server]:
    store = engine.open(folder, WRITE_WAIT_MAX_S)
    clock = Clock()
    try:
        with running(build_app(store, clock, random.Random(1).getrandbits)) as url:
            server = Server(url, store, clock)
            yield server
            server.close()
    finally:
        store.close()
        engine.forget(folder)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Engine], Server]]:
    """The server of each engine for the tests of a process, started when it is asked for."""
    started: dict[str, Server] = {}
    with ExitStack() as ends:

        def server_of(engine: Engine) -> Server:
            if engine.name not in started:
                folder = tmp_path_factory.mktemp("server")
                started[engine.name] = ends.enter_context(_running_server(engine, folder))
            return started[engine.name]

        yield server_of


@pytest.fixture(scope="session")
def server(servers: Callable[[Engine], Server], pytestconfig: pytest.Config) -> Server:
    """One server for the tests of a process; each test takes a portal of its own."""
    return servers(usual_engine(pytestconfig))


@pytest.fixture
def open_store(pytestconfig: pytest.Config) -> Iterator[Callable[[Path], Store]]:
    """Opens stores of the run's engine in empty folders; all are closed afterwards."""
    engine = usual_engine(pytestconfig)
    with ExitStack() as ends:

        def open_one(folder: Path) -> Store:
            store = engine.open(folder, WRITE_WAIT_MAX_S)
            ends.callback(engine.forget, folder)
            ends.callback(store.close)
            return store

        yield open_one


@pytest.fixture
def portal(server: Server) -> PortalUnderTest:
    """An empty portal of the running server."""
    return PortalUnderTest(server)
