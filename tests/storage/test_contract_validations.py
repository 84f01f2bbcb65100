"""The promises of `storage/contract` about validation rules and rules of admins."""

import pytest

from moyeu.crm.admin_rules import NO_ADMIN_RULES, AdminRules, ConditionalRule
from moyeu.crm.problems import RuleBroken
from moyeu.crm.validations import ValidationRule
from moyeu.storage.contract import WriteTransaction
from tests.storage.conftest import OpenDatabase
from tests.storage.scene import (
    CONTACTS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    Database,
    DeliberateError,
    furnish,
    text_property,
)

SHORT = ValidationRule("MAX_LENGTH", ("3",))
TRIMMED = ValidationRule("WHITESPACE", ("TRIM",), normalises=True)
UNSAID = ValidationRule("REGEX", ("^Ä\\d+$", 'Say "Ä" and digits'), normalises=False)
RULES = AdminRules(("code",), (ConditionalRule("code", ("a", "b"), ("note",)),))


def put(database: Database, name: str, *rules: ValidationRule) -> None:
    database.write(lambda each: each.put_validations(PORTAL, SERVICES, name, rules))


def validations(
    database: Database, portal_id: int = PORTAL, type_id: str = SERVICES
) -> dict[str, tuple[ValidationRule, ...]]:
    return dict(database.read(lambda each: each.definitions(portal_id, type_id)).validations)


def admin_rules(database: Database, portal_id: int = PORTAL, type_id: str = SERVICES) -> AdminRules:
    return database.read(lambda each: each.definitions(portal_id, type_id)).admin_rules


def test_rules_come_back_as_they_were_set(open_database: OpenDatabase) -> None:
    database = open_database()
    furnish(database)
    put(database, "code", SHORT, TRIMMED, UNSAID)
    database.close()

    again = open_database()

    assert validations(again) == {"code": (SHORT, TRIMMED, UNSAID)}


def test_the_rules_of_a_property_are_replaced_whole(database: Database) -> None:
    put(database, "code", SHORT, TRIMMED)
    put(database, "note", UNSAID)

    put(database, "code", UNSAID)

    assert validations(database) == {"code": (UNSAID,), "note": (UNSAID,)}


def test_no_rules_remove_them(database: Database) -> None:
    put(database, "code", SHORT)

    put(database, "code")

    assert validations(database) == {}


def test_rules_are_those_of_one_portal_and_one_type(database: Database) -> None:
    put(database, "code", SHORT)

    assert validations(database, OTHER_PORTAL) == {}
    assert validations(database, PORTAL, CONTACTS) == {}


def test_values_are_judged_by_the_rules_as_they_are_now(database: Database) -> None:
    database.write(lambda each: each.put_property(PORTAL, SERVICES, text_property("note")))
    before = database.read(lambda each: each.definitions(PORTAL, SERVICES))

    put(database, "note", SHORT)

    after = database.read(lambda each: each.definitions(PORTAL, SERVICES))
    assert before.rules["note"]("long", 0) == "long"
    assert after.rules["note"]("long", 0) == RuleBroken("note", "long", "MAX_LENGTH", ("3",))


def test_work_that_fails_sets_no_rules(database: Database) -> None:
    def work(transaction: WriteTransaction) -> None:
        transaction.put_validations(PORTAL, SERVICES, "code", [SHORT])
        transaction.put_admin_rules(PORTAL, SERVICES, RULES)
        assert transaction.definitions(PORTAL, SERVICES).validations == {"code": (SHORT,)}
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)

    assert validations(database) == {}
    assert admin_rules(database) == NO_ADMIN_RULES


def test_rules_of_admins_come_back_as_they_were_set(open_database: OpenDatabase) -> None:
    database = open_database()
    furnish(database)
    database.write(lambda each: each.put_admin_rules(PORTAL, SERVICES, RULES))
    database.close()

    again = open_database()

    assert admin_rules(again) == RULES
    assert admin_rules(again, OTHER_PORTAL) == NO_ADMIN_RULES
    assert admin_rules(again, PORTAL, CONTACTS) == NO_ADMIN_RULES


def test_rules_of_admins_are_replaced_whole(database: Database) -> None:
    database.write(lambda each: each.put_admin_rules(PORTAL, SERVICES, RULES))

    database.write(lambda each: each.put_admin_rules(PORTAL, SERVICES, NO_ADMIN_RULES))

    assert admin_rules(database) == NO_ADMIN_RULES
