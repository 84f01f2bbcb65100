"""Connections to the server: how they are made, and what its errors mean."""

from typing import Any, Final, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8Dumper
from psycopg_pool import ConnectionPool

from moyeu.storage.contract import StoreError, StoreUnavailableError
from moyeu.storage.postgresql.pipelines import PipelinedConnection

Connection = PipelinedConnection

VERSION_MIN: Final = 150_000
_CONNECT_TIMEOUT_S: Final = 5
_IDLE_MAX_MS: Final = 60_000
"""A transaction that its process has forgotten gives its locks back after that time."""

LOCK_WAITED_TOO_LONG: Final = "55P03"
DEADLOCK: Final = "40P01"
NO_SPACE: Final = "53100"
READ_ONLY: Final = "25006"
_WARNING: Final = "01"
# A key may have been taken since it was looked for: only who has a portal's turn is alone with it.
_TRY_AGAIN: Final = frozenset({DEADLOCK, "40001", "23505"})
# The server goes, comes, has ended a session that stood still for too long, has no connection to
# give, or only reads. Citus tells the loss of another node by 08006 on a connection that lives on.
_AWAY: Final = ("08", "57P", "25P03", "53300", READ_ONLY)
# What makes it certain that a transaction whose COMMIT was sent did not happen: a statement before
# it was refused, or COMMIT itself for the sake of a constraint or another transaction. Whatever
# else comes back leaves the outcome unknown.
_CLEAN_REFUSALS: Final = (
    *("21", "22", "23", "25P02", "42", "54"),
    *("40001", DEADLOCK, LOCK_WAITED_TOO_LONG, NO_SPACE, READ_ONLY),
)


def open_pool(
    url: str, size: int, *, lock_wait_max_s: float, prepared: bool
) -> ConnectionPool[Connection]:
    """A pool of that many connections in autocommit mode; transactions are begun by hand."""
    return ConnectionPool(
        url,
        connection_class=Connection,
        kwargs=connection_options(url, lock_wait_max_s=lock_wait_max_s, prepared=prepared),
        min_size=1,
        max_size=size,
        open=False,
        name="moyeu",
        configure=_configure,
        timeout=max(lock_wait_max_s, _CONNECT_TIMEOUT_S),
    )


def connection_options(url: str, *, lock_wait_max_s: float, prepared: bool) -> dict[str, Any]:
    """What every connection is opened with; what the address itself says comes before.

    Raises StoreError for an address that is none.
    """
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise StoreError(f"the address of the database cannot be read: {error}") from error
    ours: dict[str, Any] = {
        "connect_timeout": _CONNECT_TIMEOUT_S,
        "application_name": "moyeu",
        # A server that has gone without a word is found out while its answer is waited for.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }
    options = (
        f"-c lock_timeout={max(1, round(lock_wait_max_s * 1_000))}"
        f" -c idle_in_transaction_session_timeout={_IDLE_MAX_MS}"
        # The same for the server, which would else hold the locks of a machine that is gone.
        " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
        f" -c timezone=UTC {given.get('options') or ''}"
    )
    return {
        "autocommit": True,
        "prepare_threshold": 3 if prepared else None,
        "options": options.rstrip(),
        **{name: value for name, value in ours.items() if name not in given},
    }


def open_connection(
    url: str, *, lock_wait_max_s: float = 10.0, prepared: bool = True, waits_for_disk: bool = True
) -> Connection:
    """One connection outside the pool. Raises StoreUnavailableError when nobody answers.

    waits_for_disk: whether a commit is answered only when it survives a power cut.
    """
    options = connection_options(url, lock_wait_max_s=lock_wait_max_s, prepared=prepared)
    if not waits_for_disk:
        options["options"] += " -c synchronous_commit=off"
    try:
        connection = Connection.connect(url, **options)
    except psycopg.OperationalError as error:
        raise StoreUnavailableError(f"the database cannot be reached: {error}") from error
    _configure(connection)
    return connection


def _configure(connection: Connection) -> None:
    # One type for all integers: by default each size would have a prepared statement of its own.
    connection.adapters.register_dumper(int, Int8Dumper)


def check_server(connection: Connection) -> None:
    """Refuses a server that cannot keep the promises.

    Raises StoreError for one that is too old, that does not store UTF-8, or that only reads.
    """
    if connection.info.server_version < VERSION_MIN:
        raise StoreError(
            f"the server is PostgreSQL {connection.info.parameter_status('server_version')};"
            " 15 or newer is needed"
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreError(f"the database stores {encoding}; it must be created with encoding UTF8")
    row = connection.execute("SHOW transaction_read_only").fetchone()
    if row is not None and row[0] == "on":
        raise StoreError("the server only reads: it is a standby, or the database is set so")


class CommitWatch:
    """Hears what the server says beside the answer of a COMMIT.

    A warning then means that the change is here but not on the standby that should have it, because
    somebody cancelled the wait for it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.warned = False

    def __enter__(self) -> Self:
        self._connection.add_notice_handler(self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.remove_notice_handler(self._hear)

    def _hear(self, notice: psycopg.errors.Diagnostic) -> None:
        self.warned = self.warned or (notice.sqlstate or "").startswith(_WARNING)


def is_away(connection: Connection, error: psycopg.Error) -> bool:
    """Whether the error tells that the server, or a node behind it, is not there."""
    state = error.sqlstate
    if state is None:
        return connection.closed or isinstance(error, psycopg.OperationalError)
    return state.startswith(_AWAY)


def is_worth_another_try(error: psycopg.Error) -> bool:
    """Whether the transaction was undone for the sake of another one."""
    return error.sqlstate in _TRY_AGAIN


def is_clean_refusal(error: psycopg.Error) -> bool:
    """Whether it is certain that a transaction whose COMMIT was sent did not happen."""
    return error.sqlstate is not None and error.sqlstate.startswith(_CLEAN_REFUSALS)
