"""The quick paths of the bodies of associations agree with the reference reader."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.crm.association_writes import PairInput
from moyeu.crm.associations import AssociationSpec
from moyeu.wire import association_bodies as bodies
from moyeu.wire import plain_associations as plain
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.plain_bodies import NOT_PLAIN

Decode = Callable[[bytes], Any]

PATHS: dict[str, tuple[Decode, Decode, Decode]] = {
    "reads": (bodies.decode_reads, bodies.read_reads, plain.plain_reads),
    "named reads": (bodies.decode_named_reads, bodies.read_named_reads, plain.plain_reads),
    "named pairs": (bodies.decode_named_pairs, bodies.read_named_pairs, plain.plain_named_pairs),
    "pairs": (bodies.decode_pairs, bodies.read_pairs, plain.plain_typed_pairs),
    "default pairs": (bodies.decode_default_pairs, bodies.read_default_pairs, plain.plain_pairs),
    "removals": (bodies.decode_removals, bodies.read_removals, plain.plain_removals),
}
"""How each body is decoded, the reference reader for it, and its quick path."""

SPEC = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}
USUAL: dict[str, Any] = {
    "reads": {"id": "1", "after": "MC0yLTc1MDI%3D"},
    "named reads": {"id": "1"},
    "named pairs": {"from": {"id": "1"}, "to": {"id": "2"}, "type": "contact_to_company"},
    "pairs": {"from": {"id": "1"}, "to": {"id": "2"}, "types": [SPEC, SPEC]},
    "default pairs": {"from": {"id": 1}, "to": {"id": 2}},
    "removals": {"from": {"id": "1"}, "to": [{"id": "2"}, {"id": 3}]},
}

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
odd = st.one_of(
    texts,
    texts.map(lambda text: f'":{text}":'),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.just([]),
    st.just({}),
)


def mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The usual values, and now and then an odd one."""
    return st.one_of(usual, usual, usual, odd)


record_ids = mostly(st.one_of(st.integers(0, 10**12), st.integers(0, 10**12).map(str)))
ends = mostly(st.fixed_dictionaries({"id": record_ids}, optional={"unknown": odd}))
specs = mostly(
    st.fixed_dictionaries(
        {
            "associationCategory": mostly(st.sampled_from(["HUBSPOT_DEFINED", "WORK"])),
            "associationTypeId": mostly(st.integers(1, 2**31)),
        }
    )
)
items = st.fixed_dictionaries(
    {"from": ends, "to": st.one_of(ends, st.lists(ends, max_size=2))},
    optional={
        "id": record_ids,
        "after": mostly(texts),
        "type": mostly(texts),
        "types": mostly(st.lists(specs, max_size=2)),
    },
)
given_bodies = mostly(st.fixed_dictionaries({"inputs": st.lists(items, max_size=2)}))


def as_told(found: Any) -> Any:
    """A problem by what is told of it."""
    return (found.message, found.category) if isinstance(found, JsonProblem) else found


@pytest.mark.parametrize("name", PATHS)
def test_the_usual_body_takes_the_quick_path(name: str) -> None:
    decode, read, quick = PATHS[name]
    body = json.dumps({"inputs": [USUAL[name]] * 3}).encode()

    assert decode(body) == read(body)
    assert len(quick(body)) >= 3


def test_pairs_are_read_with_their_types_once() -> None:
    body = json.dumps({"inputs": [USUAL["pairs"], USUAL["removals"] | {"types": []}]}).encode()

    assert bodies.decode_pairs(json.dumps({"inputs": [USUAL["pairs"]]}).encode()) == [
        PairInput("1", "2", (AssociationSpec("HUBSPOT_DEFINED", 1),))
    ]
    # The `to` of a removal is a list.
    assert isinstance(bodies.decode_pairs(body), JsonProblem)


def test_a_removal_is_one_pair_for_each_record() -> None:
    body = json.dumps({"inputs": [USUAL["removals"]]}).encode()

    assert bodies.decode_removals(body) == [PairInput("1", "2"), PairInput("1", "3")]


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize(
    "body",
    [
        b'{"inputs":[{"id":"1","id":"2","from":{"id":"1"},"to":{"id":"2"}}]}',
        b'{"inputs":[{"id":"\\u0000","from":{"id":"\\u0000"},"to":{"id":"2"}}]}',
        b'{"inputs":[{"id":null,"from":{"id":null},"to":{"id":"2"}}]}',
        b'{"inputs":[null]}',
        b'{"inputs":[]} x',
        b"[]",
    ],
)
def test_what_is_unusual_is_left_to_the_reader(name: str, body: bytes) -> None:
    decode, read, quick = PATHS[name]

    with pytest.raises(NOT_PLAIN):
        quick(body)
    assert as_told(decode(body)) == as_told(read(body))
    assert isinstance(read(body), JsonProblem)


@pytest.mark.parametrize("name", PATHS)
@given(given_bodies, st.randoms(use_true_random=False))
def test_both_paths_agree(name: str, body: Any, chance: random.Random) -> None:
    decode, read, _ = PATHS[name]
    sent = json.dumps(body, ensure_ascii=chance.random() < 0.5).encode()

    assert as_told(decode(sent)) == as_told(read(sent))


@pytest.mark.parametrize("name", PATHS)
@given(st.data())
def test_both_paths_agree_on_damaged_bodies(name: str, data: st.DataObject) -> None:
    decode, read, _ = PATHS[name]
    sent = bytearray(json.dumps({"inputs": [USUAL[name]]}).encode())
    place = data.draw(st.integers(0, len(sent) - 1))
    sent[place] = data.draw(st.integers(0, 255))

    assert as_told(decode(bytes(sent))) == as_told(read(bytes(sent)))
