"""The rules of the metadata of stages: what is kept, and what is answered.

Source, unless a rule says otherwise: observed on a developer test account, 2026-09-29 to
2026-10-06.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from moyeu.catalog.pipelines import CLOSED, PipelineRules
from moyeu.crm.pipeline_inputs import GivenMetadata
from moyeu.crm.pipeline_problems import ProbabilityInvalid, ProbabilityMissing, StageStateInvalid
from moyeu.crm.problems import Problem

Metadata = tuple[tuple[str, str], ...]
"""Pairs of key and text."""

_STATES: Final = ("OPEN", "CLOSED")
# What Java reads as a double; longer texts are refused, so that the time is bounded.
_DOUBLE: Final = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?", re.ASCII)
_PLAIN_DOUBLE_MIN: Final = 1e-3
"""Java prints smaller doubles with an exponent."""


def keep_metadata(
    given: GivenMetadata, rules: PipelineRules, type_name: str = ""
) -> Metadata | Problem:
    """The metadata that is kept: the type's own keys only, `isClosed` derived, ascending by key.

    A probability is kept as Java prints a double; a state that is not sent is OPEN.
    """
    key, kind = rules.metadata_key, rules.metadata_kind
    if key is None or kind is None:
        return ((CLOSED, "false"),)
    kept = _KEEP[kind](given.get(key), type_name)
    if isinstance(kept, Problem):
        return kept
    text, is_closed = kept
    return tuple(sorted([(CLOSED, "true" if is_closed else "false"), (key, text)]))


def _keep_probability(text: str | None, _type_name: str) -> tuple[str, bool] | Problem:
    if text is None:
        return ProbabilityMissing()
    if not _DOUBLE.fullmatch(text.strip()):
        return ProbabilityInvalid()
    number = float(text)
    if not 0 <= number <= 1:
        return ProbabilityInvalid()
    return _java_double(number), number in (0, 1)


def _java_double(number: float) -> str:
    """A number from 0 to 1 as Java prints it: `0.5`, `1.0`, `1.0E-4`."""
    if number == 0 or number >= _PLAIN_DOUBLE_MIN:
        return repr(number)
    _, digits, _ = Decimal(repr(number)).normalize().as_tuple()
    fraction = "".join(map(str, digits[1:])) or "0"
    return f"{digits[0]}.{fraction}E{Decimal(repr(number)).adjusted()}"


def _keep_state(text: str | None, type_name: str) -> tuple[str, bool] | Problem:
    if text is None:
        return "OPEN", False
    return (text, text == "CLOSED") if text in _STATES else StageStateInvalid(type_name)


_KEEP: Final = {"probability": _keep_probability, "state": _keep_state}


def laid_over(before: Iterable[tuple[str, str]], given: GivenMetadata) -> Metadata:
    """What a write answers; a key sent as `null` is absent (a guess)."""
    merged = {**dict(before), **given}
    return tuple((key, text) for key, text in merged.items() if text is not None)
