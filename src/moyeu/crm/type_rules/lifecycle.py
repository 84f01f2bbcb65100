"""The lifecycle stage of contacts and companies."""

from typing import Final

from moyeu.catalog.pipelines import Pipeline
from moyeu.crm.type_rules.draft import Draft, Step

STAGE: Final = "lifecyclestage"

_FIRST: Final = "lead"
"""The stage of a record that is made without one (observed on contacts and companies, 2022–2026;
a setting of the portal in HubSpot)."""

_CUSTOMER: Final = "customer"


def lifecycle(pipelines: tuple[Pipeline, ...]) -> Step:
    """Keeps the stage from moving backward, and notes when a stage was reached.

    A write of a stage before the present one succeeds and leaves it as it is: the stage has to be
    cleared by a call before (documented for v1, contacts reference as of 2026; seen in 2016 by a
    developer to whom HubSpot explained it; on companies a guess). The order is the pipeline's.

    `hs_lifecyclestage_{stage}_date` is the moment of the write (observed 2022–2025) as ISO text;
    the milliseconds of some answers since late 2025 are not copied. That a stage reached again gets
    a new date and that clearing the stage leaves its dates are guesses. Whoever becomes a customer
    gets a `closedate` (observed 2023-03 on a contact) where there is none (a guess).
    """
    pipeline = next((each for each in pipelines if each.stage_property == STAGE), None)
    stages = () if pipeline is None else pipeline.stages
    positions = {stage.id: position for position, stage in enumerate(stages)}

    def follow(draft: Draft) -> None:
        if draft.is_new:
            if pipeline is not None:
                draft.fill("hs_pipeline", pipeline.id)
            if _FIRST in positions:
                draft.fill(STAGE, _FIRST)
        elif not draft.changes(STAGE):
            return
        stage = draft.text(STAGE)
        if not stage:
            return
        present = positions.get(draft.before.get(STAGE, ""))
        if present is not None and positions.get(stage, present) < present:
            draft.keep(STAGE)
            return
        draft.put(f"hs_lifecyclestage_{stage}_date", draft.now)
        if stage == _CUSTOMER:
            draft.fill("closedate", draft.now)

    return follow
