"""Figures as texts: medians with quartiles, and lines with a target."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.results import Cost, quantile


@dataclass(frozen=True)
class Row:
    """One line: a figure as text, and where there is one its target and whether it is met."""

    what: str
    figure: str
    target: str = ""
    met: bool | None = None


def row_of(
    what: str,
    figures: Sequence[float],
    form: str,
    *,
    at_least: float | None = None,
    below: float | None = None,
) -> Row:
    """The median of figures with quartiles; met when it is `at_least` that, or `below`."""
    median = statistics.median(figures)
    text = spread(figures, form)
    if at_least is not None:
        return Row(what, text, f"≥ {form.format(at_least)}", median >= at_least)
    if below is not None:
        return Row(what, text, f"< {form.format(below)}", median < below)
    return Row(what, text)


def spread(figures: Sequence[float], form: str) -> str:
    """Median and quartiles: `0.71 [0.69–0.74]`; the unit stands once, after the median."""
    number = form.partition("}")[0] + "}"
    middle = form.format(statistics.median(figures))
    low, high = number.format(quantile(figures, 0.25)), number.format(quantile(figures, 0.75))
    return f"{middle} [{low}–{high}]"


def cost_cells(costs: Sequence[Cost], latency_form: str = "{:.0f}") -> tuple[str, ...]:
    """Records a second, CPU by record, and p50 and p99 of the answers."""
    return (
        spread([cost.records_per_s for cost in costs], "{:,.0f}"),
        spread([cost.cpu_us_per_record for cost in costs], "{:.1f}"),
        _latency([cost.answer_ms_p50 for cost in costs], latency_form),
        _latency([cost.answer_ms_p99 for cost in costs], latency_form),
    )


def _latency(answers_ms: Sequence[float | None], form: str) -> str:
    known = [each for each in answers_ms if each is not None]
    return form.format(statistics.median(known)) if known else ""
