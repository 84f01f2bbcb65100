"""The operations on portals and tokens."""

import asyncio
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from moyeu.crm.problems import Problem
from moyeu.operations.portals import (
    AmbiguousToken,
    NewToken,
    PortalNotFound,
    TokenNotFound,
    UnknownScopes,
    create_portal,
    create_token,
    find_portal,
    hash_token,
    known_scopes,
    list_portals,
    list_tokens,
    make_token,
    reading_scopes,
    render_token,
    revoke_token,
)
from moyeu.storage.contract import Portal, Store, Token, WriteTransaction

NOW_MS = 1_795_000_000_250
SCOPES = ("crm.objects.contacts.read", "crm.objects.contacts.write")


@pytest.fixture
def own_store(open_store: Callable[[Path], Store], tmp_path: Path) -> Store:
    return open_store(tmp_path)


def _bits(*numbers: int) -> Callable[[int], int]:
    following = iter(numbers)
    return lambda _count: next(following)


def _portal(store: Store) -> Portal:
    return asyncio.run(create_portal(store, "First", NOW_MS))


def _add(token: Token, transaction: WriteTransaction) -> None:
    transaction.add_token(token)


def _token(store: Store, portal: Portal, bits: int = 1 << 127) -> NewToken:
    made = asyncio.run(create_token(store, portal.id, SCOPES, NOW_MS, _bits(bits)))
    assert isinstance(made, NewToken), made
    return made


def test_portals_get_ids_and_apps_of_their_own(own_store: Store) -> None:
    first = asyncio.run(create_portal(own_store, "First", NOW_MS))
    second = asyncio.run(create_portal(own_store, "Second", NOW_MS + 1))

    assert second.id == first.id + 1
    assert second.app_id != first.app_id
    assert asyncio.run(list_portals(own_store)) == [first, second]
    assert asyncio.run(find_portal(own_store, second.id)) == second
    assert asyncio.run(find_portal(own_store, 1)) == PortalNotFound(1)


def test_a_token_is_kept_as_its_hash_alone(own_store: Store, tmp_path: Path) -> None:
    portal = _portal(own_store)

    made = _token(own_store, portal)

    assert made.token.hash == hash_token(made.text)
    assert asyncio.run(list_tokens(own_store, portal.id)) == [made.token]
    secret = made.text[len(made.token.hint) :].encode()
    for each in tmp_path.iterdir():
        assert secret not in each.read_bytes(), each.name


def test_a_token_stands_for_the_app_of_its_portal_with_the_scopes_given(
    own_store: Store,
) -> None:
    portal = _portal(own_store)
    made = _token(own_store, portal)

    caller = asyncio.run(own_store.read(lambda tx: tx.caller_of(hash_token(made.text))))

    assert caller is not None
    assert (caller.portal_id, caller.app_id, caller.user_id) == (portal.id, portal.app_id, None)
    assert caller.scopes == frozenset(SCOPES)


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (0, "pat-na1-00000000-0000-0000-0000-000000000000"),
        (0x0123456789ABCDEF0123456789ABCDEF, "pat-na1-01234567-89ab-cdef-0123-456789abcdef"),
        (2**128 - 1, "pat-na1-ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ],
)
def test_all_128_bits_are_in_the_token(bits: int, expected: str) -> None:
    assert render_token(bits) == expected


def test_no_two_tokens_of_a_portal_begin_alike(own_store: Store) -> None:
    portal = _portal(own_store)
    first = _token(own_store, portal, bits=0xAAAA << 112)

    made = asyncio.run(
        create_token(own_store, portal.id, SCOPES, NOW_MS, _bits(0xAAAA << 112 | 1, 0xBBBB << 112))
    )

    assert isinstance(made, NewToken)
    assert (first.token.hint, made.token.hint) == ("pat-na1-aaaa", "pat-na1-bbbb")


@pytest.mark.parametrize("portal_offset", [0, 1])
def test_scopes_that_no_route_asks_for_are_refused(own_store: Store, portal_offset: int) -> None:
    portal = _portal(own_store)
    scopes = ("crm.objects.contact.read", "all", *SCOPES)

    made = asyncio.run(create_token(own_store, portal.id + portal_offset, scopes, NOW_MS, _bits(1)))

    expected: Problem = UnknownScopes(("all", "crm.objects.contact.read"))
    if portal_offset:
        expected = PortalNotFound(portal.id + 1)
    assert made == expected
    assert asyncio.run(list_tokens(own_store, portal.id)) == []


@pytest.mark.parametrize("whole", [False, True])
def test_a_token_is_revoked_by_its_beginning_or_whole(own_store: Store, whole: bool) -> None:
    portal = _portal(own_store)
    kept, revoked = (_token(own_store, portal, bits << 112) for bits in (1, 2))

    text = revoked.text if whole else revoked.token.hint
    assert asyncio.run(revoke_token(own_store, portal.id, text)) is None

    assert asyncio.run(list_tokens(own_store, portal.id)) == [kept.token]
    assert asyncio.run(revoke_token(own_store, portal.id, text)) == TokenNotFound(
        revoked.token.hint
    )


def test_a_beginning_that_two_tokens_share_revokes_neither(own_store: Store) -> None:
    portal = _portal(own_store)
    # A new token never begins like another; one that was given from outside may.
    first, second = (
        make_token(f"pat-na1-1234{end}", portal, frozenset(SCOPES), NOW_MS) for end in "ab"
    )
    for each in (first, second):
        asyncio.run(own_store.write(partial(_add, each)))

    problem = asyncio.run(revoke_token(own_store, portal.id, first.hint))
    assert problem == AmbiguousToken(first.hint)
    both = asyncio.run(list_tokens(own_store, portal.id))
    assert isinstance(both, list)
    assert len(both) == 2

    assert asyncio.run(revoke_token(own_store, portal.id, "pat-na1-1234a")) is None
    assert asyncio.run(list_tokens(own_store, portal.id)) == [second]


def test_a_token_of_another_portal_is_not_revoked(own_store: Store) -> None:
    owner, other = _portal(own_store), _portal(own_store)
    made = _token(own_store, owner)

    problem = asyncio.run(revoke_token(own_store, other.id, made.text))

    assert problem == TokenNotFound(made.token.hint)
    assert asyncio.run(list_tokens(own_store, owner.id)) == [made.token]


def test_reading_scopes_are_known_and_none_of_them_names_writing() -> None:
    assert reading_scopes() < known_scopes()
    assert [each for each in reading_scopes() if re.search(r"write|^tickets$", each)] == []
