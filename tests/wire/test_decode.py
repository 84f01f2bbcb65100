"""The quick paths of the bodies of records agree with the reference reader."""

import json
import random
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.crm.associations import AssociationSpec, InlineAssociation
from moyeu.crm.records import RecordInput
from moyeu.wire import decode
from moyeu.wire.decode import (
    decode_batch_archive,
    decode_batch_create,
    decode_batch_read,
    decode_batch_update,
    decode_batch_upsert,
    decode_create,
    decode_update,
)
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.plain_bodies import NotPlainError

usual_names = st.text("abcxyz_0", min_size=1, max_size=6)
odd_names = st.sampled_from(["A", "ß", "İ", "a" * 99, "a" * 100, "é" * 60, "\U00010428" * 60, ""])
names = st.one_of(usual_names, usual_names, odd_names)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
values = st.one_of(
    texts,
    texts.map(lambda text: f'":{text}":'),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)
ids = st.one_of(texts, st.integers(0, 10**12))
odd_ids = st.one_of(ids, st.none(), st.floats(allow_nan=False, allow_infinity=False), st.booleans())


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


skipped = st.one_of(
    values,
    st.lists(values),
    st.dictionaries(texts, values),
    st.sampled_from([3, 400]).map(nested),
    st.just({"n" * 50_001: None}),
)
"""The values of unknown fields."""

specs = st.fixed_dictionaries(
    {
        "associationCategory": st.one_of(
            st.sampled_from(["HUBSPOT_DEFINED", "USER_DEFINED"]),
            st.sampled_from([" WORK ", "hubspot_defined", "", None, 1]),
        ),
        "associationTypeId": st.one_of(
            st.integers(1, 1_000),
            st.sampled_from([2**31 - 1, 2**31, -(2**31), -(2**31) - 1, "7", 7.0, 7.9, -0.0, None]),
        ),
    },
    optional={"unknown": skipped},
)
usual_specs = st.fixed_dictionaries(
    {"associationCategory": st.just("HUBSPOT_DEFINED"), "associationTypeId": st.integers(1, 1_000)}
)
associations = st.fixed_dictionaries(
    {
        "to": st.one_of(st.fixed_dictionaries({"id": ids}), st.fixed_dictionaries({"id": odd_ids})),
        "types": st.one_of(st.lists(usual_specs, max_size=2), st.lists(specs, max_size=2)),
    },
    optional={"unknown": skipped},
)
usual_properties = st.dictionaries(usual_names, values, max_size=5)
properties = st.one_of(usual_properties, st.dictionaries(names, values, max_size=5), st.none())
fields = {
    "idProperty": st.one_of(st.none(), names),
    "objectWriteTraceId": st.one_of(st.none(), texts),
    "associations": st.one_of(st.none(), st.lists(associations, max_size=3)),
}
named_inputs = st.fixed_dictionaries(
    {"id": ids}, optional={**fields, "properties": properties, "unknown": skipped}
)
new_inputs = st.fixed_dictionaries(
    {"properties": usual_properties}, optional={**fields, "id": odd_ids, "unknown": skipped}
)
odd_inputs = st.fixed_dictionaries(
    {}, optional={**fields, "id": odd_ids, "properties": properties, "unknown": skipped}
)
named_batches = st.fixed_dictionaries(
    {"inputs": st.lists(named_inputs, max_size=5)}, optional={"other": skipped}
)
new_batches = st.fixed_dictionaries(
    {"inputs": st.lists(new_inputs, max_size=5)}, optional={"other": skipped}
)
id_batches = st.fixed_dictionaries(
    {
        "inputs": st.one_of(
            st.lists(st.fixed_dictionaries({"id": ids}), max_size=5),
            st.lists(st.fixed_dictionaries({"id": odd_ids}, optional={"x": values}), max_size=5),
        )
    },
    optional={
        "properties": st.one_of(st.lists(names, max_size=4), st.lists(values, max_size=4)),
        "propertiesWithHistory": st.one_of(st.lists(names, max_size=4), st.none()),
        "idProperty": st.one_of(st.none(), names),
    },
)
odd_batches = st.fixed_dictionaries({}, optional={"inputs": st.lists(odd_inputs, max_size=5)})
spacings = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")])

Read = Callable[[bytes], Any]

QUICK_PATHS: Mapping[Read, str] = {
    decode_batch_update: "plain_updates",
    decode_batch_upsert: "plain_updates",
    decode_batch_create: "plain_creates",
    decode_batch_read: "plain_read",
    decode_batch_archive: "plain_read",
    decode_create: "plain_create",
    decode_update: "plain_create",
}
"""By what reads a body, what it asks before the reference reader."""

calls = st.one_of(
    st.tuples(st.sampled_from([decode_batch_update, decode_batch_upsert]), named_batches),
    st.tuples(st.just(decode_batch_create), new_batches),
    st.tuples(st.sampled_from([decode_batch_read, decode_batch_archive]), id_batches),
    st.tuples(st.sampled_from([decode_create, decode_update]), new_inputs),
    st.tuples(st.sampled_from(list(QUICK_PATHS)), st.one_of(odd_inputs, odd_batches)),
)
"""What reads a body, and a body: the usual one for it, or any."""


def reference(body: bytes, read: Read) -> Any:
    """What `read` gives when the quick path leaves every body to the reference reader."""

    def leave(_: bytes) -> None:
        raise NotPlainError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decode, QUICK_PATHS[read], leave)
        return read(body)


def plain(found: Any) -> Any:
    """What was read, with inputs that are equal whatever their class."""
    if isinstance(found, list):
        return [plain(each) for each in found]
    if isinstance(found, RecordInput):
        return (found.id, found.properties, found.id_property, found.trace_id, found.associations)
    return found


@given(calls, spacings, st.booleans())
def test_both_read_every_body_alike(
    call: tuple[Read, object], spacing: tuple[str, str], ascii_only: bool
) -> None:
    read, content = call
    body = json.dumps(content, separators=spacing, ensure_ascii=ascii_only).encode()

    assert plain(read(body)) == plain(reference(body, read))


@given(calls, st.randoms(use_true_random=False))
def test_both_say_the_same_of_a_damaged_body(
    call: tuple[Read, object], chance: random.Random
) -> None:
    read, content = call
    body = bytearray(json.dumps(content).encode())
    for _ in range(chance.randint(1, 3)):
        position = chance.randint(0, len(body))
        body[position : position + chance.randint(0, 2)] = chance.choice(
            [b"", b'"', b"{", b"}", b":", b",", b"\\u0000", b"\x00", b"\xff", b"1", b"A", b"[" * 3]
        )

    assert plain(read(bytes(body))) == plain(reference(bytes(body), read))


@given(calls, st.randoms(use_true_random=False))
def test_both_find_the_same_fields_that_stand_twice(
    call: tuple[Read, object], chance: random.Random
) -> None:
    read, content = call
    body = bytearray(json.dumps(content).encode())
    starts = [place for place, byte in enumerate(body) if byte == ord("{")]
    for place in sorted(chance.sample(starts, min(2, len(starts))), reverse=True):
        name = chance.choice(["id", "properties", "to", "types", "inputs", "a", "\\u0061", "x"])
        more = f'"{name}":null' + ("" if body[place + 1] == ord("}") else ",")
        body[place + 1 : place + 1] = more.encode()

    assert plain(read(bytes(body))) == plain(reference(bytes(body), read))


@dataclass(frozen=True)
class Odd:
    """A body that only the reference reader judges, and what its refusal says."""

    read: Read
    body: str | bytes
    words: str


NEW = '{"inputs":[{"properties":{"a":"x"},"u":%s}]}'
LINKED = '{"inputs":[{"properties":{"a":"x"},"associations":[%s]}]}'
SPEC = '{"associationCategory":"WORK","associationTypeId":1}'
TWICE = "Duplicate field"

ODD_BODIES = [
    *(
        Odd(decode_batch_update, body, TWICE)
        for body in (
            '{"inputs":[{"id":"1","id":"2"}]}',
            '{"inputs":[{"id":"1","properties":{"a":"x","a":"y"}}]}',
            '{"inputs":[{"id":"1","properties":{"a":"x","a" : "y"}}]}',
            '{"inputs":[{"id":"1","properties":{"a":"x"}},{"id":"2","properties":{"a":"x","a":"y"}}]}',
            '{"inputs":[{"id":"1"},{"id":"2","properties":{"a":"x","a":"y"}}]}',
            '{"inputs":[],"inputs":[{"id":"1"}]}',
            '{"inputs":[{"id":"1","properties":{"a":"x"},"x":{"b":1,"b":2}}]}',
            '{"inputs":[{"id":"1","properties":{"a":"x","\\u0061":"y"}}]}',
        )
    ),
    Odd(decode_batch_create, '{"inputs":[{"properties":{"a":"x","a":"y"}}]}', TWICE),
    Odd(decode_batch_create, LINKED % f'{{"to":{{"id":1,"id":2}},"types":[{SPEC}]}}', TWICE),
    Odd(decode_batch_create, LINKED % f'{{"to":{{"id":1}},"types":[],"types":[{SPEC}]}}', TWICE),
    Odd(
        decode_batch_create,
        '{"inputs":[{"properties":{"a":"x"},"associations":[],"associations":[]}]}',
        TWICE,
    ),
    Odd(decode_create, '{"properties":{"a":"x"},"properties":{"a":"y"}}', TWICE),
    Odd(decode_update, '{"properties":{"a":"x","a":"y"}}', TWICE),
    Odd(decode_batch_read, '{"inputs":[{"id":"1","id":"2"}]}', TWICE),
    Odd(decode_batch_read, '{"inputs":[{"id":"1"}],"properties":[],"properties":["a"]}', TWICE),
    Odd(decode_batch_archive, '{"inputs":[{"id":"1"}],"inputs":[]}', TWICE),
    Odd(decode_batch_create, NEW % ("[" * 998 + "]" * 998), "nesting depth"),
    Odd(decode_batch_create, NEW % ("[" * 5_000 + "]" * 5_000), "nesting depth"),
    Odd(decode_batch_create, NEW % f'{{"{"n" * 50_001}":1}}', "Name length"),
    Odd(decode_batch_create, NEW % ("1" * 1_001), "Number value length"),
    Odd(decode_batch_create, NEW % '"\\u0000"', "CTRL-CHAR, code 0"),
    Odd(decode_batch_create, NEW % '"\\ud800"', "surrogate"),
    Odd(
        decode_batch_create,
        (NEW % '"??"').encode().replace(b"??", b"\xed\xa0\x80"),
        "Invalid UTF-8",
    ),
    Odd(decode_batch_create, '{"inputs":[{"properties":{"A":"x"}}]}', "should be lowercase"),
    Odd(
        decode_batch_update,
        f'{{"inputs":[{{"id":"1","properties":{{"{chr(0x10428) * 60}":"x"}}}}]}}',
        "should be lowercase",
    ),
    Odd(decode_batch_create, LINKED % '{"to":{"id":null},"types":[]}', "required"),
    *(
        Odd(
            decode_batch_create,
            LINKED
            % (
                '{"to":{"id":"1"},"types":'
                f'[{{"associationCategory":"WORK","associationTypeId":{number}}}]}}'
            ),
            "out of range of int",
        )
        for number in (2**31, -(2**31) - 1)
    ),
    Odd(decode_batch_read, '{"inputs":[{"id":null}]}', "required"),
]


@pytest.mark.parametrize("odd", ODD_BODIES)
def test_what_only_the_reference_reader_knows_is_refused(odd: Odd) -> None:
    body = odd.body.encode() if isinstance(odd.body, str) else odd.body

    found = odd.read(body)

    assert isinstance(found, JsonProblem)
    assert odd.words in found.message


def test_the_depth_that_is_taken_does_not_depend_on_the_stack() -> None:
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        taken = decode_batch_create((NEW % ("[" * 997 + "]" * 997)).encode())
        refused = decode_batch_create((NEW % ("[" * 998 + "]" * 998)).encode())
    finally:
        sys.setrecursionlimit(usual)

    assert taken == [RecordInput("", {"a": "x"})]
    assert isinstance(refused, JsonProblem)
    assert "nesting depth" in refused.message


def test_the_spelling_of_numbers_is_kept() -> None:
    body = b'{"inputs":[{"id":7,"properties":{"a":12.10,"b":1e2,"c":-0,"d":true,"e":null}}]}'
    properties = {"a": "12.10", "b": "1e2", "c": "-0", "d": "true", "e": None}

    assert decode_batch_update(body) == [RecordInput("7", properties)]
    assert decode_batch_create(body) == [RecordInput("", properties)]
    assert decode_batch_archive(b'{"inputs":[{"id":7},{"id":"8"},{"id":1.0}]}') == ("7", "8", "1.0")


def test_a_create_names_what_its_record_is_associated_with() -> None:
    spec = '{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":279}'
    body = LINKED % f'{{"to":{{"id":"12"}},"types":[{spec}]}},{{"to":{{"id":13}},"types":[]}}'

    assert decode_batch_create(body.encode()) == [
        RecordInput(
            "",
            {"a": "x"},
            associations=(
                InlineAssociation("12", (AssociationSpec("HUBSPOT_DEFINED", 279),)),
                InlineAssociation("13", ()),
            ),
        )
    ]


VALUES = {"a": "x: y", "b": 1.5}
LINKS = [
    {
        "to": {"id": 12},
        "types": [{"associationCategory": "USER_DEFINED", "associationTypeId": 3}],
    }
]
USUAL: Mapping[Read, object] = {
    decode_batch_update: {"inputs": [{"id": str(n), "properties": VALUES} for n in range(100)]},
    decode_batch_upsert: {
        "inputs": [{"id": str(n), "idProperty": "key", "properties": VALUES} for n in range(100)]
    },
    decode_batch_create: {
        "inputs": [{"properties": VALUES, "associations": LINKS[: n % 2]} for n in range(100)]
    },
    decode_batch_read: {"inputs": [{"id": n} for n in range(100)], "properties": ["a", "b"]},
    decode_batch_archive: {"inputs": [{"id": str(n)} for n in range(100)]},
    decode_create: {"properties": VALUES, "associations": LINKS},
    decode_update: {"properties": VALUES},
}


@pytest.mark.parametrize("read", USUAL)
@pytest.mark.parametrize("spacing", [(",", ":"), (", ", ": ")])
def test_a_usual_body_takes_the_quick_path(
    read: Read, spacing: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a slower reader was asked")

    body = json.dumps(USUAL[read], separators=spacing).encode()
    monkeypatch.setattr(decode, "read_json", never)
    # It compares the fields one by one where their number does not tell enough.
    monkeypatch.setattr(json, "loads", never)

    found = read(body)

    assert not isinstance(found, JsonProblem)
