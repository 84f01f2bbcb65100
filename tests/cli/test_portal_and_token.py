"""`moyeu portal` and `moyeu token`."""

import asyncio
import re
import shlex
from pathlib import Path

import pytest

from moyeu.cli.databases import opened
from moyeu.settings import Settings
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


def _lag_ms(folder: Path, portal: str) -> int:
    settings = Settings(database=f"sqlite:///{folder}/moyeu.db")
    with opened(settings, must_exist=True) as store:
        return asyncio.run(store.read(lambda transaction: transaction.search_lag_ms(int(portal))))


@pytest.mark.parametrize(
    ("seconds", "lag_ms", "told"),
    [
        ("10", 10_000, "searches see a change 10 s after it\n"),
        ("0.25", 250, "searches see a change 0.25 s after it\n"),
        ("3600", 3_600_000, "searches see a change 3600 s after it\n"),
        ("0", 0, "searches see all at once\n"),
    ],
)
def test_the_searches_of_a_portal_can_lag(
    moyeu: Moyeu, folder: Path, seconds: str, lag_ms: int, told: str
) -> None:
    portal, other = _portal(moyeu), _portal(moyeu)
    moyeu("portal", "search-lag", portal, "1")

    ended = moyeu("portal", "search-lag", portal, seconds)

    assert (ended.code, ended.out) == (0, told)
    assert _lag_ms(folder, portal) == lag_ms
    assert _lag_ms(folder, other) == 0


@pytest.mark.parametrize("seconds", ["-1", "3600.1", "nan", "inf", "soon"])
def test_a_lag_that_is_none_is_a_matter_of_usage(moyeu: Moyeu, folder: Path, seconds: str) -> None:
    portal = _portal(moyeu)
    moyeu("portal", "search-lag", portal, "1")

    assert moyeu("portal", "search-lag", portal, seconds).code == 2
    assert _lag_ms(folder, portal) == 1_000


def test_the_searches_of_no_portal_cannot_lag(moyeu: Moyeu) -> None:
    _portal(moyeu)

    ended = moyeu("portal", "search-lag", "5", "1")

    assert (ended.code, ended.out) == (1, "")
    assert "there is no portal 5" in ended.err


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


@pytest.mark.parametrize(
    ("flags", "user_id", "may_edit"),
    [
        ((), None, True),
        (("--user", "77"), 77, True),
        (("--user", "77", "--no-edit-associations"), 77, False),
    ],
)
def test_a_token_may_act_for_a_user_with_or_without_a_permission(
    moyeu: Moyeu, flags: tuple[str, ...], user_id: int | None, may_edit: bool
) -> None:
    portal = _portal(moyeu)

    made = moyeu("token", "create", "--portal", portal, "--scope", "all", *flags, "--json").json

    (listed,) = moyeu("token", "list", "--portal", portal, "--json").json
    for each in (made, listed):
        assert (each["userId"], each["mayEditAssociations"]) == (user_id, may_edit)
    shown = moyeu("token", "list", "--portal", portal).out.splitlines()
    assert shown[0].split() == ["token", "createdAt", "scopes", "user"]
    assert shown[1].split()[3:] == ([] if user_id is None else [str(user_id)])


@pytest.mark.parametrize("flags", [("--no-edit-associations",), ("--user", "0"), ("--user", "x")])
def test_a_token_for_no_user_is_not_made_with_a_permission_of_one(
    moyeu: Moyeu, flags: tuple[str, ...]
) -> None:
    portal = _portal(moyeu)

    ended = moyeu("token", "create", "--portal", portal, "--scope", "all", *flags)

    assert ended.code != 0
    assert ended.err
    assert moyeu("token", "list", "--portal", portal, "--json").json == []


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
