"""Pipelines that are sent late: what comes back, and what is found out when."""

from collections.abc import Iterator

import psycopg
import pytest

from moyeu.storage.postgresql.connections import Connection, open_connection
from tests.postgres import databases


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a database."""
    taken = databases().take()
    yield taken
    databases().give_back(taken)


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    """A connection of the engine's kind."""
    with open_connection(url) as opened:
        yield opened


def test_statements_wait_for_the_first_answer_that_is_asked_for(
    url: str, connection: Connection
) -> None:
    with open_connection(url) as another, connection.pipeline():
        connection.execute("SELECT pg_advisory_lock(1)")
        taken_before = another.execute("SELECT pg_try_advisory_lock(1)").fetchone()
        another.execute("SELECT pg_advisory_unlock(1)")
        assert connection.execute("SELECT 2").fetchone() == (2,)
        taken_after = another.execute("SELECT pg_try_advisory_lock(1)").fetchone()

    assert (taken_before, taken_after) == ((True,), (False,))


def test_answers_belong_to_their_statements_also_when_both_are_large(
    connection: Connection,
) -> None:
    texts = [str(number % 10) * 100_000 for number in range(50)]

    with connection.pipeline():
        cursors = [connection.execute("SELECT %s::text", [text]) for text in texts]
        answers = [cursor.fetchone() for cursor in cursors]

    assert answers == [(text,) for text in texts]


def test_a_refusal_comes_out_at_the_end_and_the_connection_lives_on(
    connection: Connection,
) -> None:
    def refused() -> None:
        with connection.pipeline():
            connection.execute("BEGIN")
            connection.execute("SELECT 1 / 0")
            connection.execute("SELECT 1")

    with pytest.raises(psycopg.errors.DivisionByZero):
        refused()
    connection.rollback()

    with connection.pipeline() as pipeline:
        cursor = connection.execute("SELECT 3")
        pipeline.sync()
    assert cursor.fetchone() == (3,)


def test_an_end_of_the_connection_is_heard_of_before_anything_is_sent(
    url: str, connection: Connection
) -> None:
    pid = connection.info.backend_pid
    told = []

    def cut_off() -> None:
        with connection.pipeline() as pipeline:
            connection.execute("SELECT 1").fetchone()
            told.append(connection.is_told())
            with open_connection(url) as another:
                ended = "SELECT pg_terminate_backend(%s::int, 5000)"
                assert another.execute(ended, [pid]).fetchone() == (True,)
            told.append(connection.is_told())
            pipeline.sync()

    with pytest.raises(psycopg.OperationalError):
        cut_off()

    assert told == [False, True]
