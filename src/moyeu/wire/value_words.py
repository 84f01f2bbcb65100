"""The codes and texts of property values that are refused: one row per problem.

The texts are HubSpot's as recorded unless the row says that they are ours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moyeu.crm import problems as p
from moyeu.crm.values.moment import DAY_MS
from moyeu.wire.bodies import Json, encode_json
from moyeu.wire.rule_words import rule_code, rule_message


@dataclass(frozen=True, slots=True)
class ValueWords:
    """Code and text of a property problem; `shows_value`: whether `propertyValue` is told."""

    code: str | Callable[[Any], str]
    message: Callable[[Any], str]
    shows_value: bool = True

    def code_of(self, problem: p.ValueProblem) -> str:
        """The code of this problem."""
        return self.code if isinstance(self.code, str) else self.code(problem)


def _clock(moment_ms: int) -> str:
    seconds, ms = divmod(moment_ms % DAY_MS, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute}:{second}.{ms}"


def _options(problem: p.InvalidOption) -> str:
    allowed = ", ".join(problem.allowed)
    return f"{problem.part} was not one of the allowed options: [{allowed}]"


def _stages(problem: p.InvalidStage) -> str:
    shown = ", ".join(f"pipelineId={each} : [{', '.join(ids)}]" for each, ids in problem.pipelines)
    return f"{problem.value} is not a valid pipeline stage ID. Valid options are: {shown}"


VALUE_WORDS: dict[type[p.ValueProblem], ValueWords] = {
    p.UnknownProperty: ValueWords(
        "PROPERTY_DOESNT_EXIST", lambda x: f'Property "{x.name}" does not exist', shows_value=False
    ),
    p.ReadOnlyProperty: ValueWords(
        "READ_ONLY_VALUE", lambda x: f'"{x.name}" is a read only property; its value cannot be set.'
    ),
    p.CalculatedProperty: ValueWords(
        "READ_ONLY_VALUE",
        lambda x: f'"{x.name}" is a calculated property; its value cannot be set.',
    ),
    p.InvalidOption: ValueWords("INVALID_OPTION", _options),
    p.InvalidStage: ValueWords("INVALID_OPTION", _stages),
    # The text for a pipeline is ours, after the one for a stage.
    p.InvalidPipeline: ValueWords(
        "INVALID_OPTION",
        lambda x: (
            f"{x.value} is not a valid pipeline ID. Valid options are: [{', '.join(x.allowed)}]"
        ),
    ),
    p.InvalidOwner: ValueWords("INVALID_OWNER_ID", lambda x: f"{x.value} was not a valid owner ID"),
    # The code stands for every number property, decimals included (observed October 2025).
    p.InvalidNumber: ValueWords("INVALID_INTEGER", lambda x: f"{x.value} was not a valid number."),
    p.InvalidLong: ValueWords("INVALID_LONG", lambda x: f"{x.value} was not a valid long."),
    p.DateNotMidnight: ValueWords(
        "INVALID_DATE", lambda x: f"{x.at_ms} is at {_clock(x.at_ms)} UTC, not midnight!"
    ),
    # The code is documented, the text is ours.
    p.DateWithTime: ValueWords("INVALID_DATE", lambda x: f"{x.value} was not a valid date."),
    p.DateOutOfRange: ValueWords(
        "INVALID_DATE",
        lambda x: f"{x.at_ms} is more than 1,000 years ago or 1,000 years from now.",
    ),
    p.InvalidEmail: ValueWords(
        "INVALID_EMAIL", lambda x: f"Email address {x.value.strip()} is invalid"
    ),
    p.InvalidDomain: ValueWords("INVALID_DOMAIN", lambda x: f'"{x.value}" is an invalid domain'),
    p.ContainsUrl: ValueWords("CONTAINS_URL", lambda x: f'"{x.value}" contains a URL'),
    # No capture of this refusal exists: code and text are ours.
    p.TextTooLong: ValueWords(
        "PROPERTY_VALUE_TOO_LONG",
        lambda x: f"The value of {x.name} is longer than {x.characters_max} characters.",
    ),
    p.RuleBroken: ValueWords(rule_code, rule_message),
}


def value_message(problem: p.ValueProblem) -> str:
    """What is said of a property value that is refused."""
    return VALUE_WORDS[type(problem)].message(problem)


def describe_value_problem(problem: p.ValueProblem, portal_id: int) -> tuple[Json, Json]:
    """The entry embedded in the message and the entry of `errors` (form of October 2025)."""
    words = VALUE_WORDS[type(problem)]
    message, code = words.message(problem), words.code_of(problem)
    embedded: Json = {
        "isValid": False,
        "message": message,
        "error": code,
        "name": problem.name,
        "localizedErrorMessage": message,
    }
    if words.shows_value:
        embedded["propertyValue"] = problem.value
    embedded["portalId"] = portal_id
    entry = {"message": message, "code": code, "context": {"propertyName": [problem.name]}}
    return embedded, entry


def invalid_values_message(problem: p.InvalidValues, portal_id: int) -> str:
    """The text that lists every problem as JSON."""
    listed = [describe_value_problem(each, portal_id)[0] for each in problem.problems]
    return f"Property values were not valid: {encode_json(listed).decode()}"
