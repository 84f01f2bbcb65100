"""Portals and their tokens: made and revoked by the operations of the command line."""

from dataclasses import dataclass

from moyeu.crm.problems import Problem
from moyeu.operations.portals import (
    AmbiguousToken,
    NewToken,
    TokenNotFound,
    UnknownScopes,
    create_portal,
    create_token,
    find_portal,
    known_scopes,
    list_tokens,
    reading_scopes,
    revoke_token,
)
from moyeu.storage.contract import Portal
from moyeu.wire.console.answers import Moved, Page
from moyeu.wire.console.visits import Visit

_NAME_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class ScopeSet:
    """Scopes that are chosen together; name: as the form sends it."""

    name: str
    label: str
    scopes: frozenset[str]


async def portals(visit: Visit) -> Page | Moved:
    """`/console/portals`: all portals, and a form for one more."""
    problem = ""
    if visit.written("action") == "create":
        name = visit.written("name").strip()
        if visit.options.demo_token is not None:
            problem = "A demo serves its own portal alone."
        elif not name:
            problem = "A portal needs a name."
        elif len(name) > _NAME_CHARACTERS_MAX or "\0" in name:
            problem = f"A name has at most {_NAME_CHARACTERS_MAX} characters."
        else:
            made = await create_portal(visit.store, name, visit.now_ms)
            return Moved(visit.link("portals", str(made.id)))
    context = {
        "portals": visit.portals,
        "problem": problem,
        "may_create": visit.options.demo_token is None,
    }
    return Page("portals.html", context, 400 if problem else 200)


async def portal(visit: Visit) -> Page | Moved:
    """`/console/portals/{id}`: a portal with its tokens; a new token is shown once."""
    text = visit.path["id"]
    found = (
        await find_portal(visit.store, int(text)) if text.isascii() and text.isdecimal() else None
    )
    if not isinstance(found, Portal):
        return Page("missing.html", {"sentence": f"There is no portal {text}."}, 404)
    outcome: NewToken | Moved | str | None = None
    if visit.written("action") == "create":
        outcome = await _create(visit, found)
    elif visit.written("action") == "revoke":
        outcome = await _revoke(visit, found)
    if isinstance(outcome, Moved):
        return outcome
    tokens = await list_tokens(visit.store, found.id)
    context = {
        "subject": found,
        "tokens": tokens if isinstance(tokens, list) else [],
        "new": outcome if isinstance(outcome, NewToken) else None,
        "problem": outcome if isinstance(outcome, str) else "",
        "done": visit.query.last("done") or "",
        "sets": scope_sets(),
        "scopes": sorted(known_scopes()),
        "all_scopes": known_scopes(),
    }
    return Page("portal.html", context, 400 if isinstance(outcome, str) else 200)


def scope_sets() -> tuple[ScopeSet, ...]:
    """What the form offers besides single scopes."""
    return (
        ScopeSet("all", "every scope", known_scopes()),
        ScopeSet("read", "reads only", reading_scopes()),
        ScopeSet("chosen", "those chosen below", frozenset()),
    )


async def _create(visit: Visit, subject: Portal) -> NewToken | str:
    chosen = next((each for each in scope_sets() if each.name == visit.written("set")), None)
    if chosen is None:
        return "Choose which scopes the token has."
    scopes = chosen.scopes or {text for name, text in visit.form.pairs if name == "scope"}
    if not scopes:
        return "Choose at least one scope."
    made = await create_token(
        visit.store, subject.id, scopes, visit.now_ms, visit.options.secret_bits
    )
    return made if isinstance(made, NewToken) else _words(made)


async def _revoke(visit: Visit, subject: Portal) -> Moved | str:
    problem = await revoke_token(visit.store, subject.id, visit.written("hint"))
    if problem is not None:
        return _words(problem)
    return Moved(visit.link("portals", str(subject.id), done="revoked"))


def _words(problem: Problem) -> str:
    if isinstance(problem, UnknownScopes):
        return f"There is no scope {problem.names[0]}."
    if isinstance(problem, TokenNotFound):
        return f"The portal has no token that begins with {problem.hint}."
    if isinstance(problem, AmbiguousToken):
        return f"Several tokens begin with {problem.hint}."
    return "There is no such portal any more."
