"""`moyeu portal` and `moyeu token`."""

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Moyeu

TOKEN = r"pat-na1-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def _portal(moyeu: Moyeu) -> str:
    return str(moyeu("portal", "create", "--name", "Test account", "--json").json["id"])


def test_a_portal_is_made_with_its_database_and_listed(moyeu: Moyeu, folder: Path) -> None:
    made = moyeu("portal", "create", "--name", "Test account")

    assert made.code == 0
    (portal,) = moyeu("portal", "list", "--json").json
    assert portal["name"] == "Test account"
    assert f"portal {portal['id']} made" in made.out
    lines = moyeu("portal", "list").out.splitlines()
    assert lines[0].split() == ["id", "createdAt", "name"]
    assert lines[1] == f"{portal['id']}  {portal['createdAt']}  Test account"


def test_the_command_that_is_shown_with_a_new_portal_makes_a_token(moyeu: Moyeu) -> None:
    made = moyeu("portal", "create", "--database", "sqlite:///a b.db")

    command = made.out.partition("a token for it: moyeu ")[2]
    token = moyeu(*shlex.split(command))
    assert re.fullmatch(TOKEN, token.out.strip())


def test_a_token_is_shown_once_and_then_by_its_beginning(moyeu: Moyeu) -> None:
    portal = _portal(moyeu)
    scopes = ("--scope", "crm.objects.contacts.read", "--scope", "crm.objects.deals.read")

    made = moyeu("token", "create", "--portal", portal, *scopes)

    token = made.out.strip()
    assert re.fullmatch(TOKEN, token)
    assert "only time" in made.err
    listed = moyeu("token", "list", "--portal", portal)
    assert token not in listed.out
    assert f"{token[:12]}…" in listed.out
    (told,) = moyeu("token", "list", "--portal", portal, "--json").json
    assert told["scopes"] == ["crm.objects.contacts.read", "crm.objects.deals.read"]


def test_two_tokens_are_not_alike(moyeu: Moyeu) -> None:
    portal = _portal(moyeu)

    tokens = {moyeu("token", "create", "--portal", portal, "--scope", "all").out for _ in range(3)}

    assert len(tokens) == 3


def test_the_word_read_grants_no_writing(moyeu: Moyeu) -> None:
    portal = _portal(moyeu)

    made = moyeu("token", "create", "--portal", portal, "--scope", "read", "--json").json

    assert "crm.objects.contacts.read" in made["scopes"]
    assert "crm.objects.contacts.write" not in made["scopes"]


@pytest.mark.parametrize("shown", [12, 13, 100])
def test_a_token_is_revoked_by_what_the_list_shows_or_whole(moyeu: Moyeu, shown: int) -> None:
    portal = _portal(moyeu)
    token = moyeu("token", "create", "--portal", portal, "--scope", "all").out.strip()
    text = token[:12] + "…" if shown == 13 else token[:shown]

    assert moyeu("token", "revoke", text, "--portal", portal).code == 0

    assert moyeu("token", "list", "--portal", portal, "--json").json == []
    again = moyeu("token", "revoke", text, "--portal", portal)
    assert again.code == 1
    assert f"no token that begins with '{token[:12]}'" in again.err


def test_an_unknown_scope_is_refused_with_the_nearest_one(moyeu: Moyeu) -> None:
    portal = _portal(moyeu)

    ended = moyeu("token", "create", "--portal", portal, "--scope", "crm.objects.contact.read")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "moyeu: crm.objects.contact.read is no scope that a route asks for;"
        " did you mean crm.objects.contacts.read?\n"
    )


def test_an_unknown_scope_like_no_other_is_refused_with_the_words_for_many(moyeu: Moyeu) -> None:
    ended = moyeu("token", "create", "--portal", _portal(moyeu), "--scope", "zzz")

    assert ended.err == (
        "moyeu: zzz is no scope that a route asks for;"
        " all grants every one, read those that only read\n"
    )


@pytest.mark.parametrize(
    "command",
    [
        ("token", "list"),
        ("token", "revoke", "pat-na1-0000"),
        ("token", "create", "--scope", "all"),
    ],
)
def test_a_portal_that_is_not_there_is_refused(moyeu: Moyeu, command: tuple[str, ...]) -> None:
    _portal(moyeu)

    ended = moyeu(*command, "--portal", "5")

    assert ended.code == 1
    assert ended.err == "moyeu: there is no portal 5; `moyeu portal list` shows those that are\n"


@pytest.mark.parametrize("command", [("portal", "list"), ("token", "list", "--portal", "5")])
def test_looking_makes_no_database(moyeu: Moyeu, folder: Path, command: tuple[str, ...]) -> None:
    ended = moyeu(*command)

    assert ended.code == 1
    assert "moyeu.db does not exist" in ended.err
    assert list(folder.iterdir()) == []
