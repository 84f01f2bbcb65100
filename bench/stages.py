"""What each stage of a batch update costs, measured inside the server by wrapped functions.

CPU is that of the thread, so waiting for the other thread or the disk is not in it; wall time is.
What is left of a thread's CPU after its stages has a row of its own. A wrapped call costs about a
microsecond, so functions that run once per record are not wrapped.
"""

import functools
import time
from collections.abc import Callable
from typing import Any

from moyeu.operations import records as operations
from moyeu.storage.sqlite import engine, transaction
from moyeu.wire import answering, application, records

LOOP_STAGES = (
    ("route_and_authenticate", "route, token, object type, scopes"),
    ("decode", "decode the request"),
    ("check", "check 700 values"),
    ("encode_records", "records into JSON values"),
    ("encode_json", "JSON text of the answer"),
    ("send", "headers, hand the answer to the server"),
    ("loop_rest", "rest: HTTP server, event loop, hand-over"),
)
WRITER_STAGES = (
    ("read", "read: SELECT, documents from JSON"),
    ("plan", "plan: merge, compare"),
    ("write_history", "apply: history rows"),
    ("write_records", "apply: record rows"),
    ("work", "rest of the work: ids, definitions"),
    ("transaction", "BEGIN and COMMIT"),
    ("checkpoint", "checkpoints, after the answers"),
    ("writer_rest", "rest: hand-over"),
)
WAITS = (
    ("wait_for_turn", "from `write` to the start of the work"),
    ("wait_for_answer", "from the end of the work to the return of `write`"),
)


def _original(owner: object, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(owner, name)
    return found


def _replace(owner: object, name: str, function: Callable[..., Any]) -> None:
    setattr(owner, name, function)


def _longer(span: tuple[int, int] | None, begun: int, ended: int) -> tuple[int, int]:
    return (begun if span is None else span[0], ended)


class Stages:
    """Sums of nanoseconds by stage; each stage is entered by one thread only."""

    def __init__(self) -> None:
        self._cpu_ns: dict[str, int] = {}
        self._wall_ns: dict[str, int] = {}
        self._batches = 0
        self._loop_cpu_ns: tuple[int, int] | None = None
        self._writer_cpu_ns: tuple[int, int] | None = None
        self._mark_cpu_ns = 0
        self._mark_wall_ns = 0

    def _add(self, name: str, cpu_ns: int, wall_ns: int) -> None:
        self._cpu_ns[name] = self._cpu_ns.get(name, 0) + cpu_ns
        self._wall_ns[name] = self._wall_ns.get(name, 0) + wall_ns

    def _mark(self) -> None:
        self._mark_cpu_ns, self._mark_wall_ns = time.thread_time_ns(), time.perf_counter_ns()

    def _add_since_mark(self, name: str) -> None:
        cpu_ns = time.thread_time_ns() - self._mark_cpu_ns
        self._add(name, cpu_ns, time.perf_counter_ns() - self._mark_wall_ns)

    def _timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            cpu_ns, wall_ns = time.thread_time_ns(), time.perf_counter_ns()
            try:
                return function(*arguments, **named)
            finally:
                self._add(name, time.thread_time_ns() - cpu_ns, time.perf_counter_ns() - wall_ns)

        return timed

    def install(self) -> None:
        """Wraps the functions; before the application is built."""
        for owner, name, stage in (
            (records, "decode_batch_update", "decode"),
            (answering, "batch_body", "encode_json"),
            (operations, "check_updates", "check"),
            (operations, "plan_updates", "plan"),
            (transaction.SqliteWriteTransaction, "records", "read"),
            (transaction.SqliteWriteTransaction, "records_by_value", "read"),
            (transaction.SqliteWriteTransaction, "change_records", "apply"),
            (engine.SqliteStore, "_checkpoint", "checkpoint"),
            (transaction.SqliteWriteTransaction, "_add_writes", "write_history"),
        ):
            _replace(owner, name, self._timed(stage, _original(owner, name)))
        self._wrap_request()
        self._wrap_write()
        self._wrap_commit()
        self._wrap_send()

    def _wrap_request(self) -> None:
        answer = _original(application.Application, "_answer")
        read_body = _original(application, "read_body")

        @functools.wraps(answer)
        async def marked_answer(*arguments: Any) -> Any:
            self._mark()
            return await answer(*arguments)

        @functools.wraps(read_body)
        async def marked_read_body(*arguments: Any) -> Any:
            self._add_since_mark("route_and_authenticate")
            return await read_body(*arguments)

        _replace(application.Application, "_answer", marked_answer)
        _replace(application, "read_body", marked_read_body)

    def _wrap_write(self) -> None:
        write = _original(engine.SqliteStore, "write")
        batch_errors = _original(records, "batch_errors")

        @functools.wraps(write)
        async def timed_write(store: Any, work: Callable[[Any], Any]) -> Any:
            asked_ns = time.perf_counter_ns()
            ended_ns = 0

            def timed_work(turn: Any) -> Any:
                nonlocal ended_ns
                self._add("wait_for_turn", 0, time.perf_counter_ns() - asked_ns)
                cpu_ns, wall_ns = time.thread_time_ns(), time.perf_counter_ns()
                outcome = work(turn)
                ended_ns = time.perf_counter_ns()
                self._add("work", time.thread_time_ns() - cpu_ns, ended_ns - wall_ns)
                return outcome

            outcome = await write(store, timed_work)
            self._add("wait_for_answer", 0, time.perf_counter_ns() - ended_ns)
            self._mark()
            return outcome

        @functools.wraps(batch_errors)
        def marked_batch_errors(*arguments: Any) -> Any:
            self._add_since_mark("encode_records")
            return batch_errors(*arguments)

        _replace(engine.SqliteStore, "write", timed_write)
        _replace(records, "batch_errors", marked_batch_errors)

    def _wrap_commit(self) -> None:
        commit = _original(engine.SqliteStore, "_commit")

        @functools.wraps(commit)
        def timed_commit(*arguments: Any) -> Any:
            begun_ns, wall_ns = time.thread_time_ns(), time.perf_counter_ns()
            outcome = commit(*arguments)
            ended_ns = time.thread_time_ns()
            self._add("commit", ended_ns - begun_ns, time.perf_counter_ns() - wall_ns)
            self._writer_cpu_ns = _longer(self._writer_cpu_ns, begun_ns, ended_ns)
            return outcome

        _replace(engine.SqliteStore, "_commit", timed_commit)

    def _wrap_send(self) -> None:
        send = _original(application, "_send")

        @functools.wraps(send)
        async def timed_send(*arguments: Any) -> None:
            cpu_ns, wall_ns = time.thread_time_ns(), time.perf_counter_ns()
            await send(*arguments)
            now_ns = time.thread_time_ns()
            self._add("send", now_ns - cpu_ns, time.perf_counter_ns() - wall_ns)
            self._loop_cpu_ns = _longer(self._loop_cpu_ns, now_ns, now_ns)
            self._batches += 1

        _replace(application, "_send", timed_send)

    def report(self) -> dict[str, dict[str, float]]:
        """Microseconds per batch, `cpu` and `wall` by stage; the rests have no wall time.

        Meant for a server that has answered batch updates and almost nothing else.
        """
        cpu_ns, wall_ns = dict(self._cpu_ns), dict(self._wall_ns)
        for times in (cpu_ns, wall_ns):
            times["write_records"] = times["apply"] - times["write_history"]
            times["transaction"] = times.pop("commit") - times["work"]
            times["work"] -= times["read"] + times["plan"] + times.pop("apply")
        for name, span, stages in (
            ("loop_rest", self._loop_cpu_ns, LOOP_STAGES),
            ("writer_rest", self._writer_cpu_ns, WRITER_STAGES),
        ):
            assert span is not None, "no batch was answered"
            cpu_ns[name] = span[1] - span[0] - sum(cpu_ns.get(each, 0) for each, _ in stages)
            wall_ns[name] = 0
        return {
            name: {
                "cpu": cpu_ns[name] / self._batches / 1_000,
                "wall": wall_ns[name] / self._batches / 1_000,
            }
            for name in cpu_ns
        }
