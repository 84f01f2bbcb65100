"""`moyeu owner`."""

import pytest

from tests.cli.conftest import Moyeu


@pytest.fixture
def portal(moyeu: Moyeu) -> str:
    """The id of a new portal."""
    return str(moyeu("portal", "create", "--json").json["id"])


def add(moyeu: Moyeu, portal: str, email: str, *more: str) -> object:
    """What is told of a new owner."""
    return moyeu("owner", "add", "--portal", portal, "--email", email, "--json", *more).json


def test_an_owner_is_added_with_the_next_id_and_listed(moyeu: Moyeu, portal: str) -> None:
    names = ("--first-name", "Ada", "--last-name", "Lang", "--team", "Sales", "--team", "EMEA")
    first = add(moyeu, portal, "ada@example.com", *names)
    second = add(moyeu, portal, "queue@example.com", "--queue")

    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first | {"createdAt": ""} == {
        "id": "70000001",
        "email": "ada@example.com",
        "type": "PERSON",
        "firstName": "Ada",
        "lastName": "Lang",
        "userId": 70000001,
        "teams": ["Sales", "EMEA"],
        "createdAt": "",
        "archived": False,
    }
    assert (second["id"], second["userId"], second["type"]) == ("70000002", None, "QUEUE")
    assert moyeu("owner", "list", "--portal", portal, "--json").json == [first, second]
    lines = moyeu("owner", "list", "--portal", portal).out.splitlines()
    assert lines[0].split() == ["id", "email", "firstName", "lastName", "archived"]
    assert lines[1].split() == ["70000001", "ada@example.com", "Ada", "Lang", "False"]


def test_an_id_of_ones_own_is_kept_and_those_after_it_follow(moyeu: Moyeu, portal: str) -> None:
    own = add(moyeu, portal, "a@example.com", "--id", "81000000", "--user-id", "12")
    later = add(moyeu, portal, "b@example.com")

    assert isinstance(own, dict)
    assert isinstance(later, dict)
    assert (own["id"], own["userId"]) == ("81000000", 12)
    assert later["id"] == "81000001"


def test_an_archived_owner_stays_in_the_list_and_frees_its_address(
    moyeu: Moyeu, portal: str
) -> None:
    add(moyeu, portal, "a@example.com")

    assert moyeu("owner", "archive", "70000001", "--portal", portal).code == 0

    (told,) = moyeu("owner", "list", "--portal", portal, "--json").json
    assert told["archived"] is True
    again = moyeu("owner", "archive", "70000001", "--portal", portal)
    assert (again.code, again.err) == (1, "moyeu: the portal has no active owner 70000001\n")
    assert moyeu("owner", "add", "--portal", portal, "--email", "a@example.com").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--email", "A@example.com"), "the portal has an owner with the e-mail A@example.com"),
        (
            ("--email", "b@example.com", "--id", "70000001"),
            "the portal has an owner with the id 70000001",
        ),
        (("--email", "nobody"), "'nobody' is no e-mail address"),
        (
            ("--email", "b@example.com", "--id", "07"),
            "'07' is no owner id: digits, the first not 0, 18 at most",
        ),
    ],
)
def test_what_cannot_be_added_is_refused(
    moyeu: Moyeu, portal: str, arguments: tuple[str, ...], words: str
) -> None:
    add(moyeu, portal, "a@example.com")

    ended = moyeu("owner", "add", "--portal", portal, *arguments)

    assert (ended.code, ended.out, ended.err) == (1, "", f"moyeu: {words}\n")
    assert len(moyeu("owner", "list", "--portal", portal, "--json").json) == 1


@pytest.mark.parametrize(
    "command", [("add", "--email", "a@example.com"), ("list",), ("archive", "70000001")]
)
def test_a_portal_that_is_not_there_is_refused(
    moyeu: Moyeu, portal: str, command: tuple[str, ...]
) -> None:
    ended = moyeu("owner", *command, "--portal", "5")

    assert ended.code == 1
    assert ended.err == "moyeu: there is no portal 5; `moyeu portal list` shows those that are\n"
