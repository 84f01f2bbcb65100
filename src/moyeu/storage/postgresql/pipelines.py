"""Connections whose statements are sent when an answer is asked for.

psycopg talks to the server at each statement of a pipeline, which hands the interpreter's lock to
another thread and back each time. Here statements gather in libpq, which sends them by itself when
they are many, and are waited for where a result is fetched and at the end.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.generators import send


class _Pipeline(psycopg.Pipeline):
    """psycopg's, but for when it talks to the server."""

    def _communicate_gen(self) -> PQGen[None]:
        while self.command_queue:
            self.command_queue.popleft()()
        yield from ()

    def _fetch_gen(self, *, flush: bool) -> PQGen[None]:
        if self.result_queue:
            if flush:
                self.pgconn.send_flush_request()
            yield from send(self.pgconn)
        yield from super()._fetch_gen(flush=False)

    def _exit_gen(self) -> PQGen[None]:
        yield from self._sync_gen()


class PipelinedConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection with such pipelines; sent: how many statements it was given so far."""

    sent = 0

    def execute(self, *arguments: Any, **options: Any) -> psycopg.Cursor[tuple[Any, ...]]:
        """As psycopg's."""
        self.sent += 1
        return super().execute(*arguments, **options)

    @contextmanager
    def pipeline(self) -> Iterator[psycopg.Pipeline]:
        """Lets statements gather until the end of the block; not within another one."""
        with self.lock:
            self._check_connection_ok()
            assert self._pipeline is None, "a pipeline in a pipeline"
            pipeline = self._pipeline = _Pipeline(self)
        try:
            with pipeline:
                yield pipeline
        finally:
            with self.lock:
                self._pipeline = None

    def is_told(self) -> bool:
        """Whether the server has said something that nobody has read yet, or is gone."""
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        return bool(poll.poll(0))
