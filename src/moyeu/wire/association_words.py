"""The words, categories and status codes of the refusals of associations: one row per problem.

Refusals of whole calls are in `ASSOCIATION_WORDS`; what an entry of a multi-status answer says is
in `problem_entries`.
"""

from collections.abc import Callable
from typing import Any, Final

from moyeu.catalog.object_types import ObjectType
from moyeu.crm import association_problems as p
from moyeu.crm import problems
from moyeu.crm.problems import Problem
from moyeu.wire.bodies import Json, present
from moyeu.wire.errors import NOT_FOUND, VALIDATION, Refusal, Render
from moyeu.wire.record_words import RECORD_WORDS, association_limit_text

_SUB_CATEGORY: Final = "crm.associations."


def _not_associable(problem: p.TypesNotAssociable, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400,
        f"No association types exist from object type {problem.from_object_type_id} to object type"
        f" {problem.to_object_type_id}",
        VALIDATION,
    )


def _page_too_large(
    problem: p.TooManyAssociationsPerPage, _portal_id: int, _type_id: str
) -> Refusal:
    # Observed 2023.
    return Refusal(
        400,
        f"You can only request at most {problem.limit_max} associations at once.",
        VALIDATION,
        context={"limit": [problem.limit]},
    )


def _bad_cursor(problem: p.InvalidAssociationCursor, portal_id: int, type_id: str) -> Refusal:
    # A guess: as any other parameter that has a value that it does not take.
    as_parameter = problems.InvalidParameter("after", problem.after)
    return RECORD_WORDS[problems.InvalidParameter](as_parameter, portal_id, type_id)


ASSOCIATION_WORDS: Final[dict[type[Problem], Render]] = {
    **RECORD_WORDS,
    p.TypesNotAssociable: _not_associable,
    p.TooManyAssociationsPerPage: _page_too_large,
    p.InvalidAssociationCursor: _bad_cursor,
}
"""As `RECORD_WORDS`, with the problems of associations but `AssociationNameUnknown`."""


def name_unknown(name: str, from_text: str, to_text: str) -> Refusal:
    """The refusal of a name that no type of the pair has.

    from_text, to_text: the object types as the path writes them (a fixture copied from an answer).
    """
    return Refusal(
        400,
        f"{name} is not a valid association type between {from_text} and {to_text}",
        VALIDATION,
        context={"type": [name], "fromObjectType": [from_text], "toObjectType": [to_text]},
        sub_category=f"{_SUB_CATEGORY}INVALID_ASSOCIATION_TYPE",
    )


def no_associations(problem: p.NoAssociations, from_type: ObjectType, to_type: ObjectType) -> Json:
    """The entry for a record that has no association, or is not there (observed 2026-08)."""
    from_name, to_name = from_type.singular, to_type.singular
    return {
        "status": "error",
        "category": NOT_FOUND,
        "subCategory": f"{_SUB_CATEGORY}NO_ASSOCIATIONS_FOUND",
        "message": f"No {to_name} is associated with {from_name} {problem.from_id}.",
        "context": {
            "fromObjectId": [problem.from_id],
            "fromObjectType": [from_name],
            "toObjectType": [to_name],
        },
    }


def _absent_records(problem: problems.AssociationTargetsInvalid) -> list[str]:
    return [f"{name}={id_} is not valid" for name, id_ in problem.targets]


def _unknown_types(problem: problems.AssociationTypesUnknown) -> list[str]:
    return [
        f"{category}={type_id} is not a valid association definition id"
        for category, type_id in problem.types
    ]


_BARE: Final[dict[type[Problem], Callable[[Any], list[str]]]] = {
    # Observed 2022 for one record; for the others a guess after it.
    problems.AssociationTargetsInvalid: _absent_records,
    problems.AssociationTypesUnknown: _unknown_types,
    p.AssociationLimitExceeded: lambda problem: [association_limit_text(problem)],
}
"""Problems that stand in a batch without a context, each record or type as an entry."""


def problem_entries(problem: Problem, refusal: Refusal) -> list[Json]:
    """The entries of `errors` for one input; refusal: what the call of that one would get."""
    messages = _BARE.get(type(problem))
    if messages is not None:
        return [
            {"status": "error", "category": refusal.category, "message": each}
            for each in messages(problem)
        ]
    entry: Json = {
        "status": "error",
        "category": refusal.category,
        "subCategory": refusal.sub_category,
        "message": refusal.message,
        "context": refusal.context,
    }
    return [present(entry)]
