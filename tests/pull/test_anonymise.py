"""Pseudonyms keep form and equality, and nothing that says who somebody is."""

import re
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.catalog.properties import FieldType, PropertyDefinition, PropertyType
from moyeu.crm.definitions import Owner, Team
from moyeu.crm.records import StoredRecord
from moyeu.pull.anonymise import Pseudonyms
from moyeu.storage.contract import ReadTransaction
from tests.pull.conftest import COPY, Copier, KilledError, Proxy, Source

KEY = b"a key of sixteen"
OURS = Pseudonyms(KEY)

TEXTS = st.text(max_size=60)
WORDS = st.text(
    st.sampled_from("abcxyzABC012 .@-_/:+,;éßÄжЖ漢字<>&%'\"\n#"), min_size=1, max_size=30
)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
HOSTS = st.builds(
    lambda labels, top: ".".join([*labels, top]),
    st.lists(LABELS, min_size=1, max_size=3),
    st.sampled_from(["com", "co.uk", "de", "museum"]),
)
EMAILS = st.builds(
    lambda local, host: f"{local}@{host}",
    st.from_regex(r"[a-z][a-z.+-]{0,20}", fullmatch=True),
    HOSTS,
)


def _kind(character: str) -> str:
    """What a character and its pseudonym have in common."""
    category = unicodedata.category(character)
    if category[0] not in "LN":
        return character
    return category


@given(TEXTS | WORDS | EMAILS)
def test_a_pseudonym_has_the_shape_of_its_text(text: str) -> None:
    new = OURS.text(text)

    assert list(map(_kind, new)) == list(map(_kind, text))
    assert len(new.encode("utf-8", "surrogatepass")) == len(text.encode("utf-8", "surrogatepass"))


@given(st.lists(WORDS | EMAILS | TEXTS, unique=True, max_size=40))
def test_different_texts_have_different_pseudonyms(texts: list[str]) -> None:
    assert len({OURS.text(each) for each in texts}) == len(texts)


@pytest.mark.parametrize("form", ["{}", "{}@x.com", "x@{}.com", "https://{}.com/", "{}.com"])
def test_no_two_short_texts_meet_in_one_pseudonym(form: str) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    texts = [form.format(one + two + "w") for one in letters for two in letters]
    texts += [form.format(word) for word in ("www", "com", "net") if not word.endswith("w")]

    assert len({OURS.text(each) for each in texts}) == len(texts)


@given(TEXTS | WORDS)
def test_equal_texts_have_equal_pseudonyms_and_another_key_others(text: str) -> None:
    assert OURS.text(text) == Pseudonyms(KEY).text(text)


def test_another_key_makes_other_pseudonyms() -> None:
    other = Pseudonyms(KEY + b"!")

    assert other.text("Ada Lovelace") != OURS.text("Ada Lovelace")
    assert other.check != OURS.check


@given(EMAILS, st.sampled_from(["{}", "Ada <{}>", "to: {}, and others", "a;{};b"]))
def test_an_address_has_one_pseudonym_wherever_it_stands(email: str, form: str) -> None:
    assert OURS.text(email) in OURS.text(form.format(email))


@given(EMAILS)
def test_the_domain_of_an_address_is_that_of_its_company(email: str) -> None:
    local, _, host = OURS.text(email).partition("@")

    assert local
    assert host == OURS.text(email.partition("@")[2])
    assert host.rpartition(".")[2] == email.rpartition(".")[2]
    assert OURS.text(f"https://{email.partition('@')[2]}/x").split("/")[2] == host


@given(EMAILS)
def test_case_does_not_part_equal_addresses(email: str) -> None:
    assert OURS.text(email.upper()).lower() == OURS.text(email)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Ada Lovelace", r"[A-Z][a-z]{2} [A-Z][a-z]{7}"),
        ("+44 (20) 7946-0958", r"\+\d\d \(\d\d\) \d{4}-\d{4}"),
        ("ada.lovelace@example.co.uk", r"[a-z]{3}\.[a-z]{8}@[a-z]{7}\.co\.uk"),
        ("https://www.example.com/a%20b?c=d#e", r"https://www\.[a-z]{7}\.com/[a-z]%20[a-z]\?.=.#."),
        ("C:\\Ada\\cv_ada.pdf", r"[A-Z]:\\[A-Z][a-z]{2}\\[a-z]{2}_[a-z]{3}\.[a-z]{3}"),
        ("10 Downing St, SW1A 2AA", r"\d\d [A-Z][a-z]{6} [A-Z][a-z], [A-Z]{2}\d[A-Z] \d[A-Z]{2}"),
    ],
)
def test_each_kind_of_text_keeps_its_form_and_nothing_else(text: str, form: str) -> None:
    new = OURS.text(text)

    assert re.fullmatch(form, new), new
    for word in re.findall(r"[A-Za-z]{3,}|\d{3,}", text):
        if word.lower() not in ("https", "www", "com"):
            assert word.lower() not in new.lower()


@pytest.mark.parametrize(
    "text", ["ada.lovelace", "went home.Ada said", "x@lovelace", "ada.kwilson"]
)
def test_what_only_looks_like_a_host_name_is_a_text(text: str) -> None:
    assert "lovelace" not in OURS.text(text)
    assert "wilson" not in OURS.text(text)
    assert "Ada" not in OURS.text(text)


def test_html_keeps_its_tags_and_nothing_that_stands_in_them() -> None:
    text = '<p class="ada">Hi <b>Ada</b> &amp; <a href="mailto:ada@example.com">you</a></p>'

    new = OURS.html(text)

    assert re.fullmatch(
        r'<p class="[a-z]{3}">[A-Z][a-z] <b>[A-Z][a-z]{2}</b> &amp;'
        r' <a href="[a-z]{6}:[a-z]{3}@[a-z]{7}\.com">[a-z]{3}</a></p>',
        new,
    ), new
    assert "ada" not in new.lower()


@pytest.mark.parametrize("text", ["<Ada Lovelace>", "<!-- Ada -->", "<b ada>", "a < ada > b"])
def test_what_only_looks_like_a_tag_is_a_text(text: str) -> None:
    assert "ada" not in OURS.html(text).lower()


@given(WORDS)
def test_html_of_any_text_has_its_length(text: str) -> None:
    assert len(OURS.html(text)) == len(text)


def test_json_keeps_names_and_numbers() -> None:
    new = msgspec.json.decode(OURS.json('{"from":{"email":"ada@example.com","n":[1,"Ada",null]}}'))

    assert new["from"]["email"] == OURS.text("ada@example.com")
    assert new["from"]["n"] == [1, OURS.text("Ada"), None]


def test_a_long_text_takes_no_long_time() -> None:
    for text in ("a" * 65_536, "ab.cd " * 10_000, "a@" * 30_000, "<p " * 20_000, "a.b-" * 16_000):
        OURS.html(text)


@pytest.mark.parametrize(
    ("type_", "field_type", "value", "is_replaced"),
    [
        ("string", "text", "Ada", True),
        ("string", "textarea", "Ada", True),
        ("string", "html", "<p>Ada</p>", True),
        ("string", "phonenumber", "+1 415 555", True),
        ("string", "file", "1234567;7654321", True),
        ("phone_number", "phonenumber", "+1 415 555", True),
        ("json", "text", '{"a":"Ada Lovelace"}', True),
        ("object_coordinates", "text", "51.501,-0.141", True),
        ("enumeration", "select", "red", False),
        ("bool", "booleancheckbox", "true", False),
        ("number", "number", "12345678", False),
        ("date", "date", "2026-01-31", False),
        ("datetime", "date", "2026-01-31T00:00:00Z", False),
    ],
)
def test_texts_are_replaced_and_other_values_stay(
    type_: PropertyType, field_type: FieldType, value: str, is_replaced: bool
) -> None:
    own = PropertyDefinition(name="x", label="X", type=type_, field_type=field_type, group_name="g")

    assert (OURS.value(value, own) != value) is is_replaced


def test_an_owner_gets_another_name_and_address() -> None:
    owner = Owner("71", "ada@example.com", "Ada", "Lovelace", 5, teams=(Team("1", "Adas", True),))

    new = OURS.owner(owner)

    assert (new.id, new.user_id, new.teams[0].id) == ("71", 5, "1")
    assert new.email == OURS.text("ada@example.com")
    for text in (new.email, new.first_name, new.last_name, new.teams[0].name):
        assert not {"ada", "love", "lace"} & set(re.findall(r"ada|love|lace", text.lower()))


def test_a_pulled_portal_has_no_text_of_the_other_side(copier: Copier, source: Source) -> None:
    source.portal.add_record(
        "contacts",
        {"email": "ada@corp-example.com", "firstname": "Adalberta", "sku": "Unique-Adalberta"},
    )

    copier.run(("contacts", "companies"), OURS)

    records = copier.read(lambda tx: tx.page(COPY, "0-1", 0, 100, archived=False))
    company = copier.read(lambda tx: tx.page(COPY, "0-2", 0, 100, archived=False))[0]
    whole = msgspec.json.encode([records, company]).decode()
    for text in ("corp-example", "Adalberta", "Zoë", "Corp"):
        assert text not in whole
    hosts = {each.properties["email"].partition("@")[2] for each in records}
    assert hosts == {company.properties["domain"]}
    owners = copier.read(lambda tx: tx.owners(COPY))
    assert {each.id for each in owners} == {"71", "72"}
    assert "corp-example" not in str(owners)
    key = ("sku", OURS.text("Unique-Adalberta"))
    assert copier.read(lambda tx: tx.value_owners(COPY, "0-1", [key]))


def test_a_pull_with_another_key_replaces_all_that_the_first_one_brought(
    copier: Copier, proxy: Proxy
) -> None:
    copier.run(("contacts", "companies"), OURS)
    # The next run asks the same; it ends when the contacts are there and the companies are not.
    copier.dies_at = next(n for n, each in enumerate(proxy.paths) if "/2026-03/companies?l" in each)
    with pytest.raises(KilledError):
        copier.run(("contacts", "companies"), OURS)
    copier.dies_at = -1
    other = Pseudonyms(b"another key of ours")

    copier.run(("contacts", "companies"), other)

    def work(tx: ReadTransaction) -> list[StoredRecord]:
        active, archived = (
            tx.page(COPY, "0-1", 0, 100, archived=archived) for archived in (False, True)
        )
        return active + archived

    texts = {each.properties["firstname"] for each in copier.read(work)}
    assert texts == {other.text("Zoë")}


def test_values_that_every_record_has_stay(copier: Copier, source: Source) -> None:
    copier.run(("contacts",), OURS)

    record: StoredRecord = copier.read(lambda tx: tx.page(COPY, "0-1", 0, 1, archived=False))[0]
    assert record.properties["hs_object_id"] == str(record.record_id)
    assert record.properties["hubspot_owner_id"] == "71"
    assert record.properties["shade"] == "red"
    assert record.properties["createdate"].endswith("Z")
