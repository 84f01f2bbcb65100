"""The order of the stages of a pipeline after a write.

Source, unless a rule says otherwise: observed on a developer test account, 2026-09-29 to
2026-10-06.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from moyeu.catalog.pipelines import Stage


def place(stage: Stage, others: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages in display order after one is written to its slot.

    In a slot that another holds it stands right after the holder, and all are numbered from 0; a
    free slot changes no other stage. Before and after, no two have the same display order.
    """
    held = {each.display_order for each in others}
    ordered = sorted([stage, *others], key=lambda each: (each.display_order, each is stage))
    return _numbered(ordered) if stage.display_order in held else tuple(ordered)


def arrange(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages of a whole pipeline in display order.

    Of stages with one display order the one sent later comes first; then all are numbered from 0.
    """
    orders = {each.display_order for each in stages}
    later_first = stages[::-1]
    ordered = sorted(later_first, key=lambda each: each.display_order)
    return tuple(ordered) if len(orders) == len(stages) else _numbered(ordered)


def _numbered(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    return tuple(replace(each, display_order=order) for order, each in enumerate(stages))
