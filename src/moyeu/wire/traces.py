"""What is noted of one request while it is answered, for the request log.

A request that is not logged has no trace, and nothing here runs.
"""

from collections.abc import Callable, Iterable
from time import perf_counter_ns
from typing import Final, TypeVar

from moyeu.catalog.rules import JSON_RULES, rule_name
from moyeu.crm.callers import Caller
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.object_schemas import PortalTypes
from moyeu.crm.problems import InvalidValues, MissingRecords, Problem
from moyeu.crm.search.conditions import Condition
from moyeu.storage.contract import (
    FoundRecords,
    LogBounds,
    LoggedRequest,
    ReadTransaction,
    RecordSearch,
    RequestFilter,
    RuleNote,
    Store,
    WriteTransaction,
)
from moyeu.wire.jackson import JsonProblem

T = TypeVar("T")
Transaction = TypeVar("Transaction", bound=ReadTransaction)

_NOTES_MAX: Final = 1_000
"""Of one request; a batch of a hundred inputs with ten bad values each has as many."""


class Trace:
    """The stages of a request in nanoseconds, its caller, and the problems that decided.

    is_of_records: whether the route is one of records. inputs: how many a batch has, once it is
    decoded. inputs_ok: how many of them were carried out.
    """

    __slots__ = (
        "auth_ns",
        "began_ns",
        "body_ns",
        "caller",
        "commit_ns",
        "decode_ns",
        "handled_ns",
        "inputs",
        "inputs_ok",
        "is_of_records",
        "notes",
        "object_type_id",
        "operation",
        "request_body",
        "route",
        "statements",
        "stored_ns",
        "token",
        "version",
        "wait_ns",
        "work_ns",
    )

    def __init__(self) -> None:
        self.began_ns = perf_counter_ns()
        self.auth_ns = self.body_ns = self.decode_ns = 0
        self.wait_ns = self.work_ns = self.commit_ns = 0
        self.handled_ns = self.stored_ns = 0
        self.statements = 0
        self.caller: Caller | None = None
        self.version: str | None = None
        self.route: str | None = None
        self.operation: str | None = None
        self.is_of_records = False
        self.object_type_id: str | None = None
        self.token: str | None = None
        self.request_body = b""
        self.inputs: int | None = None
        self.inputs_ok: int | None = None
        self.notes: list[RuleNote] = []

    # --- stages ------------------------------------------------------------------------------

    def end_auth(self) -> None:
        """The caller is known, or refused."""
        self.auth_ns = perf_counter_ns() - self.began_ns

    def begin_handler(self) -> None:
        """The body has come."""
        self.handled_ns = perf_counter_ns()
        self.body_ns = self.handled_ns - self.began_ns - self.auth_ns

    def stages(self, ended_ns: int) -> dict[str, int]:
        """Microseconds by name; stages that did not happen are left out."""
        since_ns = self.stored_ns or self.handled_ns
        found = {
            "auth": self.auth_ns,
            "body": self.body_ns,
            "decode": self.decode_ns,
            "wait": self.wait_ns,
            "work": self.work_ns,
            "commit": self.commit_ns,
            "encode": ended_ns - since_ns if since_ns else 0,
        }
        return {name: ns // 1_000 for name, ns in found.items() if ns}

    # --- problems ----------------------------------------------------------------------------

    def end_batch(self, results: int, errors: int) -> None:
        """A batch is answered with so many results and errors."""
        if self.inputs is None:
            self.inputs = results + errors
        if self.inputs_ok is None:
            self.inputs_ok = results

    def note(
        self,
        problem: Problem | JsonProblem,
        keys: tuple[str, ...] = (),
        inputs: tuple[int, ...] = (),
    ) -> None:
        """A problem that decided; keys and inputs as of `RuleNote`."""
        if isinstance(problem, JsonProblem):
            self.note_rule(_json_rule(problem.message))
        elif isinstance(problem, InvalidValues):
            for each in problem.problems:
                self.note_rule(rule_name(type(each)), keys, inputs, each.name)
        elif isinstance(problem, MissingRecords):
            self.note_rule(rule_name(MissingRecords), keys or problem.ids)
        else:
            self.note_rule(rule_name(type(problem)), keys, inputs)

    def note_refusal(self, rule: str | None) -> None:
        """A refusal to which no problem led; without a rule it is one of a problem."""
        if rule is not None:
            self.note_rule(rule)

    def note_rule(
        self,
        rule: str,
        keys: tuple[str, ...] = (),
        inputs: tuple[int, ...] = (),
        property_name: str | None = None,
    ) -> None:
        """The same by the name of the rule."""
        note = RuleNote(rule, keys, inputs, property_name)
        if len(self.notes) < _NOTES_MAX and note not in self.notes[-1:]:
            self.notes.append(note)


def _json_rule(message: str) -> str:
    return next(rule for beginning, rule in JSON_RULES if beginning in message)


class TracedStore:
    """The store as one logged request uses it: its calls are timed, the rest is handed on."""

    def __init__(self, store: Store, trace: Trace) -> None:
        self.is_shared = store.is_shared
        self.on_broken: Callable[[], None] | None = None
        self._store = store
        self._trace = trace
        self._entered_ns = self._ended_ns = 0

    def _enter(self) -> None:
        self._entered_ns = perf_counter_ns()
        self._ended_ns = 0
        if not self._trace.stored_ns:
            self._trace.decode_ns = self._entered_ns - self._trace.handled_ns

    def _leave(self) -> int:
        """Notes the end of a call; how long it took after its work had ended."""
        left_ns = self._trace.stored_ns = perf_counter_ns()
        if not self._ended_ns:
            self._trace.wait_ns += left_ns - self._entered_ns
            return 0
        return left_ns - self._ended_ns

    def _timed(self, work: Callable[[Transaction], T]) -> Callable[[Transaction], T]:
        def timed(transaction: Transaction) -> T:
            trace = self._trace
            begun_ns, before = perf_counter_ns(), transaction.statements
            trace.wait_ns += begun_ns - (self._ended_ns or self._entered_ns)
            try:
                return work(transaction)
            finally:
                self._ended_ns = perf_counter_ns()
                trace.work_ns += self._ended_ns - begun_ns
                trace.statements += transaction.statements - before

        return timed

    async def read(self, work: Callable[[ReadTransaction], T], *, few: bool = False) -> T:
        """See the contract."""
        self._enter()
        try:
            return await self._store.read(self._timed(work), few=few)
        finally:
            self._leave()

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """See the contract."""
        self._enter()
        try:
            return await self._store.write(self._timed(work))
        finally:
            self._trace.commit_ns += self._leave()

    async def search(self, search: RecordSearch) -> FoundRecords:
        """See the contract."""
        self._enter()
        try:
            return await self._store.search(search)
        finally:
            self._leave_search()

    async def matching_ids(
        self,
        portal_id: int,
        object_type_id: str,
        condition: Condition,
        from_id: int,
        count_max: int,
    ) -> list[int]:
        """See the contract."""
        self._enter()
        try:
            return await self._store.matching_ids(
                portal_id, object_type_id, condition, from_id, count_max
            )
        finally:
            self._leave_search()

    def _leave_search(self) -> None:
        self._trace.stored_ns = perf_counter_ns()
        self._trace.work_ns += self._trace.stored_ns - self._entered_ns

    async def admit_search(self, portal_id: int, now_ms: int, per_second: int) -> bool:
        """See the contract."""
        return await self._store.admit_search(portal_id, now_ms, per_second)

    def cached_definitions(self, portal_id: int, object_type_id: str) -> TypeDefinitions | None:
        """See the contract."""
        return self._store.cached_definitions(portal_id, object_type_id)

    def cached_object_types(self, portal_id: int) -> PortalTypes | None:
        """See the contract."""
        return self._store.cached_object_types(portal_id)

    def cached_caller(self, token_hash: bytes) -> Caller | None:
        """See the contract."""
        return self._store.cached_caller(token_hash)

    async def caller_of(self, token_hash: bytes) -> Caller | None:
        """See the contract."""
        return await self._store.caller_of(token_hash)

    async def analyze(self) -> None:
        """See the contract."""
        await self._store.analyze()

    def log_requests(self, entries: Iterable[LoggedRequest], bounds: LogBounds) -> None:
        """See the contract."""
        self._store.log_requests(list(entries), bounds)

    async def logged_requests(self, portal_id: int, wanted: RequestFilter) -> list[LoggedRequest]:
        """See the contract."""
        return await self._store.logged_requests(portal_id, wanted)

    async def requests_correlated(self, correlation_id: str) -> list[LoggedRequest]:
        """See the contract."""
        return await self._store.requests_correlated(correlation_id)

    async def clear_requests(self, portal_id: int) -> None:
        """See the contract."""
        await self._store.clear_requests(portal_id)

    def close(self) -> None:
        """The store is not this one's to close."""
        raise AssertionError
