"""A PostgreSQL server in a folder of its own, for tests and measurements.

It listens on a Unix socket alone and trusts whoever can open that. It ends with the processes that
hold it, however they end: a guard beside it waits until the last of them has let go, stops the
server and removes the folder. PostgreSQL refuses to run as root, so root runs it as `postgres`.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import quote

DEBIAN: Final = Path("/usr/lib/postgresql")
"""Where Debian keeps one folder for each version."""
VERSION_MIN: Final = 15
START_MAX_S: Final = 60.0
"""Recovery after a kill included."""
STOP_MAX_S: Final = 60.0
SUPERUSER: Final = "postgres"
PREFIX: Final = "moyeu-pg-"
"""Of the names of servers' folders; twelve more characters follow."""
StopMode = Literal["smart", "fast", "immediate"]

_SIGNALS: Final[Mapping[StopMode, signal.Signals]] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}
# `cat` ends when nobody has the pipe open for writing any more.
_GUARD: Final = (
    '(cat hold; "$1"/pg_ctl stop -s -w -m immediate -D data; cd /; rm -rf "$2")'
    " >/dev/null 2>&1 </dev/null &"
)
_SETTINGS: Final = {"listen_addresses": "", "max_connections": "300"}
_HASTY: Final = {"fsync": "off", "full_page_writes": "off"}
_PAUSE_S: Final = 0.01
# Of a socket's path; the name of the socket is part of it.
_FOLDER_BYTES_MAX: Final = 107 - len("/.s.PGSQL.5432")


class PostgresMissingError(Exception):
    """This machine has no PostgreSQL that will do; the text says what to install."""


class PostgresServer:
    """A new database cluster and its server; `start` starts it.

    durable: with fsync, as a server of users has it. Without, nothing survives the machine, which
    makes tests faster; a killed server comes back with all that it committed either way.
    settings: lines of postgresql.conf beside the usual ones. folder: where it is, not there yet; by
    default one with a name of its own.
    """

    def __init__(
        self,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._programs = find_programs()
        self._account = _account()
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = folder or short_folder() / f"{PREFIX}{secrets.token_hex(6)}"
        self.folder.mkdir(mode=0o700)
        _hand_over(self.folder, self._account)
        self._settings = _SETTINGS | ({} if durable else _HASTY) | dict(settings or {})
        try:
            self._initialise(durable=durable)
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        os.mkfifo(self.folder / "hold")
        _hand_over(self.folder / "hold", self._account)
        guard = ["/bin/sh", "-c", _GUARD, "guard", str(self._programs), str(self.folder)]
        subprocess.run(guard, check=True, start_new_session=True, **self._as_account())
        self._held: int | None = os.open(self.folder / "hold", os.O_WRONLY)

    def url(self, database: str = "postgres") -> str:
        """The address of a database, as the superuser."""
        return url_in(self.folder, database)

    @property
    def pid(self) -> int:
        """Of the postmaster that runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What the server wrote so far."""
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Starts it and waits until it takes connections; raises RuntimeError if it never does."""
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        sockets = f"--unix_socket_directories={self.folder}"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", "data", sockets, *options],
                stderr=log,
                start_new_session=True,
                **self._as_account(),
            )
        deadline_s = time.monotonic() + START_MAX_S
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                raise RuntimeError(f"PostgreSQL did not start:\n{self.log[-2_000:]}")
            time.sleep(_PAUSE_S)

    def stop(self, mode: StopMode = "fast") -> None:
        """Ends it as `pg_ctl stop` does; `immediate` is a crash that leaves recovery to the start.

        Raises `subprocess.TimeoutExpired` when it does not end.
        """
        assert self._process is not None
        self._process.send_signal(_SIGNALS[mode])
        self._process.wait(STOP_MAX_S)

    def kill(self) -> None:
        """Kills it and all its processes at once, as a crash of the machine would. Linux only."""
        assert self._process is not None
        # A stopped one starts no further processes.
        self._process.send_signal(signal.SIGSTOP)
        children = list(_children(self._process.pid))
        for pid in (*children, self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(STOP_MAX_S)
        deadline_s = time.monotonic() + STOP_MAX_S
        while any(_alive(pid) for pid in children):
            if time.monotonic() > deadline_s:
                raise RuntimeError("processes of PostgreSQL outlive SIGKILL")
            time.sleep(_PAUSE_S)

    def close(self) -> None:
        """Stops it if it runs; the guard removes the folder."""
        if self._process is not None and self._process.poll() is None:
            self.stop("immediate")
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def _initialise(self, *, durable: bool) -> None:
        command: list[str | Path] = [
            self._programs / "initdb",
            "-A",
            "trust",
            "-U",
            SUPERUSER,
            "-D",
            "data",
        ]
        command += ["--locale=C.UTF-8", "--encoding=UTF8", *([] if durable else ["--no-sync"])]
        made = subprocess.run(
            command,
            check=False,
            stderr=subprocess.STDOUT,
            text=True,
            **self._as_account(stdout=subprocess.PIPE),
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stdout}")

    def _ready(self) -> bool:
        """Whether the eighth line of its own file says so; the file is there while it runs."""
        assert self._process is not None
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        own = bool(lines) and lines[0] == str(self._process.pid)
        return own and len(lines) > 7 and lines[7].strip() in ("ready", "standby")

    def _as_account(self, stdout: int = subprocess.DEVNULL) -> dict[str, Any]:
        """How its programs are run."""
        run: dict[str, Any] = {"cwd": self.folder, "stdin": subprocess.DEVNULL, "stdout": stdout}
        if self._account is not None:
            group = self._account.pw_gid
            run |= {"user": self._account.pw_uid, "group": group, "extra_groups": []}
        return run


def find_programs() -> Path:
    """The folder of the programs of the newest version; raises `PostgresMissingError`."""
    versions = (int(each.name) for each in DEBIAN.glob("*") if each.name.isdecimal())
    folders = [DEBIAN / str(version) / "bin" for version in sorted(versions, reverse=True)]
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).resolve().parent)
    for each in folders:
        if (each / "initdb").exists() and (each / "postgres").exists():
            return _checked(each)
    raise PostgresMissingError(
        f"PostgreSQL {VERSION_MIN} or newer is not found in {DEBIAN} or on the path;"
        " on Debian and Ubuntu: apt install postgresql"
    )


def hold(folder: Path) -> bool:
    """Keeps another process's server from ending before this process does.

    False when it has ended or is about to.
    """
    try:
        os.open(folder / "hold", os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return False
    return True


def short_folder() -> Path:
    """The folder of temporary files, or another one where sockets would have too long paths."""
    usual = tempfile.gettempdir()
    short = len(usual) + len(f"/{PREFIX}123456789012") <= _FOLDER_BYTES_MAX
    return Path(usual if short else "/tmp")  # noqa: S108 # what is made there is ours alone


def url_in(folder: Path, database: str) -> str:
    """The address of a database of the server in that folder, as the superuser."""
    return f"postgresql://{SUPERUSER}@/{quote(database)}?host={quote(str(folder), safe='')}"


def _checked(programs: Path) -> Path:
    told = subprocess.run([programs / "postgres", "-V"], check=True, capture_output=True, text=True)
    # postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)
    if int(told.stdout.split()[2].split(".")[0]) < VERSION_MIN:
        raise PostgresMissingError(f"PostgreSQL {VERSION_MIN} or newer is needed: {told.stdout}")
    return programs


def _account() -> pwd.struct_passwd | None:
    """Whom root runs PostgreSQL as; None for everybody else, who run it themselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SUPERUSER)
    except KeyError:
        raise PostgresMissingError(
            f"root cannot run PostgreSQL, and this machine has no user {SUPERUSER}"
        ) from None


def _hand_over(path: Path, account: pwd.struct_passwd | None) -> None:
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


def _children(parent: int) -> Iterator[int]:
    for each in Path("/proc").iterdir():
        if each.name.isdecimal() and _stat(int(each.name))[1:] == (str(parent),):
            yield int(each.name)


def _alive(pid: int) -> bool:
    """Whether a process is there and not only waiting to be buried."""
    return _stat(pid)[:1] not in ((), ("Z",))


def _stat(pid: int) -> tuple[str, ...]:
    """State and parent of a process; nothing if it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ()
    # The name before them is in brackets and may hold anything.
    state, parent, *_ = text.rpartition(")")[2].split()
    return state, parent
