"""The commands do the same on every engine: one portal's life, told by the commands alone."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from moyeu.cli.databases import opened
from moyeu.crm.callers import Caller, Occasion
from moyeu.demo.portal import PORTAL_ID
from moyeu.operations.records import archive_records
from moyeu.settings import Settings
from tests.cli.conftest import Ended, Moyeu, ServerProcess
from tests.postgres import databases
from tests.storage.engines import on_each_engine

Command = Callable[..., Ended]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test runs on each engine."""
    on_each_engine(metafunc, "address")


@pytest.fixture
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database that is empty."""
    if request.param.name == "sqlite":
        yield "sqlite:///moyeu.db"
        return
    url = databases().bare()
    yield url
    databases().drop(url)


@pytest.fixture
def command(moyeu: Moyeu, address: str) -> Command:
    """Runs a command on that database, which must not refuse anything."""

    def done(*arguments: str) -> Ended:
        ended = moyeu(*arguments, "--database", address)
        assert (ended.code, ended.err) == (0, "")
        return ended

    return done


@pytest.fixture
def portal(command: Command) -> str:
    """The id of a portal."""
    return str(command("portal", "create", "--name", "Ours", "--json").json["id"])


def load(command: Command, portal: str, *emails: str) -> None:
    """Loads contacts whose record ids count from 11."""
    lines = [
        json.dumps({"objectType": "contacts", "id": str(number), "properties": {"email": email}})
        for number, email in enumerate(emails, start=11)
    ]
    Path("contacts.jsonl").write_text("\n".join(lines))
    assert command("load", "contacts.jsonl", "--portal", portal).out == (
        f"loaded: {len(emails)} contacts\n"
    )


def test_tokens_owners_rules_and_the_lag(command: Command, portal: str) -> None:
    of_portal = ("--portal", portal)
    command("token", "create", *of_portal, "--scope", "all", "--json")
    (token,) = command("token", "list", *of_portal, "--json").json
    assert command("token", "revoke", token["hint"], *of_portal).out == "revoked\n"
    assert command("token", "list", *of_portal, "--json").json == []
    command("owner", "add", *of_portal, "--email", "ada@example.com", "--team", "Sales")
    (owner,) = command("owner", "list", *of_portal, "--json").json
    command("owner", "archive", owner["id"], *of_portal)
    (archived,) = command("owner", "list", *of_portal, "--json").json
    assert (owner["archived"], archived["archived"]) == (False, True)
    rules = {"requiredOnCreate": ["firstname"], "conditional": []}
    Path("rules.json").write_text(json.dumps(rules))
    command("rules", "set", portal, "contacts", "--file", "rules.json")
    assert command("rules", "show", portal, "contacts").json == rules
    command("portal", "search-lag", portal, "2")
    assert [each["name"] for each in command("portal", "list", "--json").json] == ["Ours"]


def test_archived_records_come_back(command: Command, portal: str, address: str) -> None:
    load(command, portal, "a@example.com", "b@example.com")
    occasion = Occasion(Caller(int(portal), 1, None, frozenset()), 0, "")
    with opened(Settings(database=address)) as store:
        asyncio.run(archive_records(store, occasion, "0-1", ["11", "12"]))

    assert command("record", "restore", portal, "contacts", "11", "12").out == "2 restored\n"


def test_a_portal_leaves_and_comes_back_as_an_archive(command: Command, portal: str) -> None:
    command("generate", portal, "--records", "60")
    told = command("export", portal, "all.gz", "--json").json

    made = command("import", "all.gz", "--portal", "7", "--name", "Again", "--json").json

    assert made == {"portalId": 7, "name": "Again", **told}
    assert told["records"] == 60
    assert command("export", "7", "again.gz", "--json").json == told


def test_tables_go_out_and_in(command: Command, portal: str) -> None:
    load(command, portal, "a@example.com", "b@example.com")
    columns = ("--type", "contacts", "--properties", "email,firstname")
    command("export", portal, "contacts.csv", *columns)
    text = Path("contacts.csv").read_text()
    Path("contacts.csv").write_text(text.replace("a@example.com,", "a@example.com,Ada"))

    table = ("--type", "contacts", "--portal", portal, "--id-property", "email", "--json")
    told = command("import", "contacts.csv", *table).json

    assert (told["created"], told["updated"], told["refused"]) == (0, 2, 0)
    command("export", portal, "contacts.csv", *columns, "--force")
    assert "a@example.com,Ada" in Path("contacts.csv").read_text()


def test_the_demo_is_made_once_and_served(
    serving: Callable[..., ServerProcess], address: str, folder: Path, command: Command
) -> None:
    for kept in (False, True):
        server = serving(
            "demo",
            "--port",
            "0",
            "--records",
            "30",
            "--credentials",
            "c.json",
            "--database",
            address,
        )
        told = server.wait_for(folder / "c.json")
        url = f"{told['url']}/crm/v3/objects/partner_services"
        asked = Request(url, headers={"Authorization": f"Bearer {told['token']}"})
        with urlopen(asked, timeout=10) as answer:
            assert json.load(answer)["results"]
        ended = server.stop()
        assert (ended.code, ended.err) == (0, ""), kept
        (folder / "c.json").unlink()

    assert [each["id"] for each in command("portal", "list", "--json").json] == [PORTAL_ID]
    assert (folder / "moyeu.db").exists() == address.startswith("sqlite")
