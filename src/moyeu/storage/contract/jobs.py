"""What engines promise of jobs: work in parts that goes on when the process that began it ends."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is not finished.

    id: unique in the portal. state: what is left to do, JSON text. due_at_ms: until then whoever
    carries it out is expected to come back; afterwards anybody may take it over.
    """

    portal_id: int
    id: str
    state: str
    due_at_ms: int


class JobReads(Protocol):
    """The reads of jobs."""

    def job(self, portal_id: int, job_id: str) -> Job | None:
        """A job as it stands; None when it is finished."""
        ...

    def due_jobs(self, now_ms: int, count_max: int) -> list[Job]:
        """Jobs of all portals that anybody may take over, those that have waited longest first."""
        ...


class JobWrites(Protocol):
    """The writes of jobs."""

    def put_job(self, job: Job) -> None:
        """Adds or replaces a job."""
        ...

    def remove_job(self, portal_id: int, job_id: str) -> None:
        """Removes a job that is finished; nothing happens when it is gone."""
        ...
