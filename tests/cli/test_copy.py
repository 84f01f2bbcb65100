"""`moyeu copy`: a whole database into another one, of each engine into each."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import psycopg
import pytest

from tests.cli.conftest import MOYEU, START_MAX_S, Moyeu
from tests.postgres import databases
from tests.storage.engines import on_each_engine

KINDS = [
    "portals",
    "tokens",
    "records",
    "associations",
    "history entries",
    "merged ids",
    "definitions",
    "audit entries",
    "owners",
    "lists",
    "list memberships",
    "list folders",
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Copies go to each engine, and from each where the source is not `file`."""
    on_each_engine(metafunc, "source")
    on_each_engine(metafunc, "target")


def addresses(engine: str, name: str) -> Iterator[str]:
    """The address of an empty database of an engine."""
    if engine == "sqlite":
        yield f"sqlite:///{name}.db"
        return
    url = databases().bare()
    yield url
    databases().drop(url)


def fill(moyeu: Moyeu, url: str) -> None:
    """Makes two portals, of which the first has records, an owner and a token."""
    database = ("--database", url)
    for name in ("One", "Two"):
        assert moyeu("portal", "create", "--name", name, *database).code == 0
    first = str(portals(moyeu, url)[0]["id"])
    for command in (
        ("generate", first, "--records", "40"),
        ("owner", "add", "--email", "o@example.com", "--portal", first),
        ("token", "create", "--scope", "all", "--portal", first),
    ):
        assert moyeu(*command, *database).code == 0


@pytest.fixture
def source(request: pytest.FixtureRequest, moyeu: Moyeu) -> Iterator[str]:
    """A filled database of each engine."""
    for url in addresses(request.param.name, "source"):
        fill(moyeu, url)
        yield url


@pytest.fixture
def file(moyeu: Moyeu) -> str:
    """A filled database of SQLite."""
    fill(moyeu, "sqlite:///source.db")
    return "sqlite:///source.db"


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database."""
    yield from addresses(request.param.name, "target")


def portals(moyeu: Moyeu, url: str) -> list[dict[str, object]]:
    """What is told of the portals of a database."""
    told: list[dict[str, object]] = moyeu("portal", "list", "--database", url, "--json").json
    return told


def test_all_portals_are_copied_and_compared(moyeu: Moyeu, source: str, target: str) -> None:
    ended = moyeu("copy", "--from", source, "--to", target)

    assert ended.code == 0, ended.err
    title, *rows, blank, last = ended.out.splitlines()
    assert title.split() == ["what", "source", "target", "checksum"]
    assert [each.rsplit(maxsplit=4)[0] for each in rows] == KINDS
    assert {each.split()[-1] for each in rows} == {"same"}
    assert rows[0].split()[1:3] == ["2", "2"]
    assert rows[2].split()[1:3] == ["40", "40"]
    assert (blank, last) == ("", "portals copied: 2")
    assert portals(moyeu, target) == portals(moyeu, source)
    archives = {}
    for url, name in ((source, "one.gz"), (target, "two.gz")):
        first = str(portals(moyeu, url)[0]["id"])
        assert moyeu("export", first, name, "--database", url).code == 0
        archives[url] = Path(name).read_bytes()
    assert archives[source] == archives[target]


def test_what_servers_may_write_meanwhile_is_told(moyeu: Moyeu, source: str, target: str) -> None:
    ended = moyeu("copy", "--from", source, "--to", target)

    told = "from now on is not copied.\n"
    assert ended.err.endswith(told) == source.startswith("postgresql")
    assert (ended.err == "") == source.startswith("sqlite")


def test_a_second_copy_goes_on_with_what_is_missing(moyeu: Moyeu, file: str, target: str) -> None:
    assert moyeu("copy", "--from", file, "--to", target).code == 0
    moyeu("portal", "create", "--name", "Three", "--database", file)

    ended = moyeu("copy", "--from", file, "--to", target)

    assert ended.code == 0, ended.err
    assert ended.out.endswith("\nportals copied: 1, 2 were there already\n")
    assert [each["name"] for each in portals(moyeu, target)] == ["One", "Two", "Three"]


def test_scripts_get_json(moyeu: Moyeu, file: str, target: str) -> None:
    told = moyeu("copy", "--from", file, "--to", target, "--json").json

    assert [(each["name"], each["copied"]) for each in told["portals"]] == [
        ("One", True),
        ("Two", True),
    ]
    assert [each["kind"] for each in told["kinds"]] == KINDS
    assert all(each["same"] and each["source"] == each["target"] for each in told["kinds"])
    assert all(len(each["source"]["sha256"]) == 64 for each in told["kinds"])


def test_a_portal_that_is_another_one_is_refused_before_anything_is_copied(
    moyeu: Moyeu, file: str, target: str
) -> None:
    moyeu("portal", "create", "--name", "Not of them", "--database", target)

    ended = moyeu("copy", "--from", file, "--to", target)

    (there,) = portals(moyeu, target)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.endswith(
        f"moyeu: --to has a portal {there['id']} that is not the one of --from\n"
        "moyeu: nothing was copied\n"
    )


def test_what_is_written_to_the_target_afterwards_is_found(
    moyeu: Moyeu, file: str, target: str
) -> None:
    assert moyeu("copy", "--from", file, "--to", target).code == 0
    first = str(portals(moyeu, target)[0]["id"])
    changed = ("portal", "search-lag", first, "5", "--database", target)
    assert moyeu(*changed).code == 0

    ended = moyeu("copy", "--from", file, "--to", target)

    assert ended.code == 1
    assert f"--to has a portal {first} that is not the one of --from" in ended.err


def test_a_copy_that_differs_ends_with_1_and_tells_where(
    moyeu: Moyeu, file: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A copy that forgets the tokens of a portal.
    from moyeu.operations import store_copying

    whole = store_copying._Rest
    monkeypatch.setattr(store_copying, "_Rest", lambda _, *more: whole((), *more))

    ended = moyeu("copy", "--from", file, "--to", target)

    first = portals(moyeu, target)[0]["id"]
    assert ended.code == 1
    (row,) = [each for each in ended.out.splitlines() if each.startswith("tokens")]
    assert row.split()[1:3] == ["1", "0"]
    assert row.endswith("DIFFERENT")
    assert f"moyeu: portal {first}: the tokens differ\n" in ended.err
    assert "copy into an empty one\n" in ended.err


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_copy_that_is_ended_half_way_goes_on_when_it_is_started_again(
    moyeu: Moyeu, file: str, target: str, number: signal.Signals
) -> None:
    first, second = (str(each["id"]) for each in portals(moyeu, file))
    lines = (
        json.dumps({"objectType": "contacts", "properties": {"email": f"{each}@example.com"}})
        for each in range(2_000)
    )
    Path("many.jsonl").write_text("\n".join(lines))
    loaded = moyeu("load", "many.jsonl", "--portal", second, "--database", file)
    assert loaded.code == 0
    copying = subprocess.Popen(
        [*MOYEU, "copy", "--from", file, "--to", target],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline_s = time.monotonic() + START_MAX_S
    while first not in ids_in(target):
        assert time.monotonic() < deadline_s, "no portal was copied"
        time.sleep(0.002)

    copying.send_signal(number)

    copying.wait()
    there = len(ids_in(target))
    assert there >= 1
    ended = moyeu("copy", "--from", file, "--to", target)
    assert ended.code == 0, ended.err
    assert ended.out.endswith(f"\nportals copied: {2 - there}, {there} were there already\n")


def ids_in(target: str) -> list[str]:
    """The portals that a database has by now, while somebody else has it open."""
    statement = "SELECT portal_id FROM portal"
    try:
        if not target.startswith("sqlite"):
            with psycopg.connect(target) as server:
                return [str(found) for (found,) in server.execute(statement)]
        path = target.removeprefix("sqlite:///")
        reader = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
        reader.set_busy_timeout(5_000)
        try:
            return [str(found) for (found,) in reader.execute(statement)]
        finally:
            reader.close()
    except (psycopg.errors.UndefinedTable, apsw.SQLError, apsw.CantOpenError):
        return []  # It is only being made.


def test_a_database_is_not_copied_into_itself(moyeu: Moyeu, file: str) -> None:
    assert moyeu("copy", "--from", file, "--to", file).code == 2


def test_what_is_not_there_is_not_copied(moyeu: Moyeu, folder: Path) -> None:
    ended = moyeu("copy", "--from", "sqlite:///gone.db", "--to", "sqlite:///new.db")

    assert ended.code == 1
    assert "gone.db does not exist" in ended.err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--from", "gone.db", "--to", "sqlite:///a.db"), "--from is 'gone.db': expected"),
        (("--from", "sqlite:///a.db", "--to", "a.db"), "--to is 'a.db': expected"),
        (("--from", "sqlite:///./a.db", "--to", "sqlite:///a.db"), "are one database"),
    ],
)
def test_addresses_that_are_none_end_with_2(
    moyeu: Moyeu, flags: tuple[str, ...], words: str
) -> None:
    ended = moyeu("copy", *flags)

    assert ended.code == 2
    assert words in ended.err
