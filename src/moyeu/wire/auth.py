"""Who is calling: a bearer token into a caller."""

from collections.abc import Mapping

from moyeu.crm.callers import Caller
from moyeu.operations.portals import hash_token
from moyeu.storage.contract import Store
from moyeu.wire.errors import UNAUTHENTICATED, Refusal

# Portal API keys ended on 2022-11-30, so no key is one (text observed 2021 and 2024).
INVALID_API_KEY = Refusal(
    401,
    "The API key provided is invalid. View or manage your API key here:"
    " https://app.hubspot.com/l/api-key/",
    "INVALID_AUTHENTICATION",
    last={"links": {"api key": "https://app.hubspot.com/l/api-key/"}},
    rule="api-key",
)


async def authenticate(
    store: Store, headers: Mapping[bytes, bytes], api_key: str | None
) -> Caller | Refusal:
    """The caller of a request.

    A missing, malformed, unknown or revoked token, and `Bearer Bearer …`, get one and the same
    answer (observed).
    """
    header = headers.get(b"authorization")
    if header is None:
        return UNAUTHENTICATED if api_key is None else INVALID_API_KEY
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"bearer" or not token:
        return UNAUTHENTICATED
    token_hash = hash_token(token.strip().decode("latin-1"))
    caller = store.cached_caller(token_hash)
    if caller is None:
        caller = await store.caller_of(token_hash)
    return UNAUTHENTICATED if caller is None else caller
