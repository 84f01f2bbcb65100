"""What the audit of a pipeline remembers of a write."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from moyeu.catalog.pipelines import Pipeline, Stage

AuditAction = Literal["CREATE", "UPDATE", "DELETE"]
"""What happened to a pipeline or stage; the words are documented."""


@dataclass(frozen=True, slots=True)
class AuditedChange:
    """One change for the audit of a pipeline, or of one of its stages.

    subject: the pipeline or stage afterwards, or as it was before it was deleted.
    """

    pipeline_id: str
    action: AuditAction
    subject: Pipeline | Stage

    @property
    def stage_id(self) -> str:
        """The stage's id, empty for a pipeline."""
        return self.subject.id if isinstance(self.subject, Stage) else ""


def audited_changes(before: Pipeline | None, after: Pipeline | None) -> Iterator[AuditedChange]:
    """What a write did to a pipeline and to its stages; a moved time alone is no change."""
    subject = after or before
    assert subject is not None
    yield AuditedChange(subject.id, _action(before, after), subject)
    old = {each.id: each for each in before.stages} if before else {}
    new = {each.id: each for each in after.stages} if after else {}
    for stage_id in dict.fromkeys([*old, *new]):
        was, now = old.get(stage_id), new.get(stage_id)
        if was and now and was == replace(now, updated_at_ms=was.updated_at_ms):
            continue
        stage = now or was
        assert stage is not None
        yield AuditedChange(subject.id, _action(was, now), stage)


def _action(before: Pipeline | Stage | None, after: Pipeline | Stage | None) -> AuditAction:
    if before is None:
        return "CREATE"
    return "DELETE" if after is None else "UPDATE"
