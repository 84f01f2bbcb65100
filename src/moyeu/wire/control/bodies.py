"""The request bodies of the control plane: fields in camelCase, unknown ones are refused."""

from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from moyeu.crm.problems import Problem

T = TypeVar("T")

SECONDS_MAX: Final = 10 * 366 * 24 * 3_600
"""The longest time to live: ten years."""

# No store keeps U+0000.
_Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*\Z")]
_PortalId = Annotated[int, Meta(ge=1, le=2**53 - 1)]
_Seconds = Annotated[float, Meta(gt=0, le=SECONDS_MAX)]


@dataclass(frozen=True, slots=True)
class BadBody(Problem):
    """The body is not what the route takes; text: msgspec's words."""

    text: str


class NewPortalBody(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`POST /portals`. ttl_seconds: after which the portal is removed, None for never."""

    name: _Name = "Portal"
    template: str | None = None
    portal_id: _PortalId | None = None
    ttl_seconds: _Seconds | None = None


class TtlBody(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`PUT /portals/{portalId}/ttl`: as in `NewPortalBody`, from now on."""

    ttl_seconds: _Seconds | None


class NewTokenBody(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`POST /portals/{portalId}/tokens`; scopes: `all` and `read` stand for many."""

    scopes: tuple[str, ...] = ("all",)
    user_id: _PortalId | None = None
    may_edit_associations: bool = True


class TemplateBody(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`PUT /templates/{name}`: of which portal."""

    portal_id: _PortalId


def read_body_as(body: bytes, kind: type[T]) -> T | BadBody:
    """The body as a value of a kind."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return BadBody(str(error))
