"""`moyeu rules`."""

import asyncio
import io
import json
from pathlib import Path
from typing import Final

import pytest

from moyeu.crm.object_schemas import ObjectSchema
from moyeu.storage.contract import WriteTransaction
from moyeu.storage.sqlite import open_store
from tests.cli.conftest import Moyeu

RULES: Final = {
    "requiredOnCreate": ["firstname"],
    "conditional": [{"property": "country", "values": ["DE"], "required": ["zip", "state"]}],
}
NONE: Final[dict[str, list[str]]] = {"requiredOnCreate": [], "conditional": []}


@pytest.fixture
def portal(moyeu: Moyeu) -> str:
    """A portal of the database in the working folder."""
    return str(moyeu("portal", "create", "--json").json["id"])


def put(moyeu: Moyeu, portal: str, rules: object, object_type: str = "contacts") -> int:
    Path("rules.json").write_text(json.dumps(rules))
    return moyeu("rules", "set", portal, object_type, "--file", "rules.json").code


def test_rules_are_set_and_shown_in_the_same_form(moyeu: Moyeu, portal: str) -> None:
    assert moyeu("rules", "show", portal, "contacts").json == NONE

    assert put(moyeu, portal, RULES) == 0

    assert moyeu("rules", "show", portal, "0-1").json == RULES
    assert moyeu("rules", "show", portal, "deals").json == NONE


def test_what_is_left_out_is_removed(moyeu: Moyeu, portal: str) -> None:
    put(moyeu, portal, RULES)
    Path("rules.json").write_text("{}")

    ended = moyeu("rules", "set", portal, "contacts", "--file", "rules.json")

    assert (ended.code, ended.out) == (0, "no rules any more\n")
    assert moyeu("rules", "show", portal, "contacts").json == NONE


REFUSED: Final[tuple[tuple[object, str], ...]] = (
    ({"requiredOnCreate": ["nope"]}, "no property 'nope'"),
    (
        {"conditional": [{"property": "nope", "values": ["a"], "required": ["zip"]}]},
        "no property 'nope'",
    ),
    ({"requiredOnCreate": ["createdate"]}, "nobody can set 'createdate'"),
    ({"required_on_create": []}, "rules.json has no rules"),
    ({"conditional": [{"property": "country", "values": [], "required": ["zip"]}]}, "length >= 1"),
    ([], "rules.json has no rules"),
)


@pytest.mark.parametrize(("rules", "words"), REFUSED)
def test_rules_that_mean_nothing_are_refused_and_change_nothing(
    moyeu: Moyeu, portal: str, rules: object, words: str
) -> None:
    put(moyeu, portal, RULES)
    Path("rules.json").write_text(json.dumps(rules))

    ended = moyeu("rules", "set", portal, "contacts", "--file", "rules.json")

    assert ended.code == 1
    assert words in ended.err
    assert moyeu("rules", "show", portal, "contacts").json == RULES


def test_a_type_that_is_not_there_is_refused(moyeu: Moyeu, portal: str) -> None:
    ended = moyeu("rules", "show", portal, "butterflies")

    assert (ended.code, "no object type 'butterflies'" in ended.err) == (1, True)
    assert put(moyeu, portal, {}, "butterflies") == 1


def test_a_portal_that_is_not_there_is_refused(moyeu: Moyeu, portal: str) -> None:
    ended = moyeu("rules", "show", "7", "contacts")

    assert (ended.code, "no portal 7" in ended.err) == (1, True)
    assert put(moyeu, "7", {}) == 1


def test_a_file_that_cannot_be_read_is_refused(moyeu: Moyeu, portal: str) -> None:
    ended = moyeu("rules", "set", portal, "contacts", "--file", "missing.json")

    assert (ended.code, "missing.json cannot be read" in ended.err) == (1, True)


def test_rules_come_from_standard_input_without_a_file(
    moyeu: Moyeu, portal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps(RULES).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))

    ended = moyeu("rules", "set", portal, "contacts")

    assert (ended.code, ended.out) == (0, "2 rules set\n")
    assert moyeu("rules", "show", portal, "contacts").json == RULES


def test_a_custom_type_is_named_by_its_id_or_its_qualified_name(moyeu: Moyeu, portal: str) -> None:
    _add_schema(int(portal))
    rules = {"requiredOnCreate": ["hubspot_owner_id"], "conditional": []}

    assert put(moyeu, portal, rules, f"p{portal}_houses") == 0

    assert moyeu("rules", "show", portal, "2-77").json == rules
    assert put(moyeu, portal, rules, "houses") == 1


def _add_schema(portal_id: int) -> None:
    schema = ObjectSchema(
        object_type_id="2-77",
        name="houses",
        label="House",
        label_plural="Houses",
        primary_display_property="name",
        created_at_ms=0,
        updated_at_ms=0,
    )

    def work(transaction: WriteTransaction) -> None:
        transaction.put_schema(portal_id, schema)

    store = open_store(Path("moyeu.db"))
    asyncio.run(store.write(work))
    store.close()
