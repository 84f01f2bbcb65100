"""The part of a transaction that keeps jobs."""

from moyeu.storage.contract import Job
from moyeu.storage.sql.rows import SqlChanges, SqlRows


class JobReads(SqlRows):
    """The reads of jobs."""

    def job(self, portal_id: int, job_id: str) -> Job | None:
        """See the contract."""
        rows = self._rows(self._sql.JOB, {"portal_id": portal_id, "job_id": job_id})
        return Job(*rows[0]) if rows else None

    def due_jobs(self, now_ms: int, count_max: int) -> list[Job]:
        """See the contract."""
        rows = self._rows(self._sql.DUE_JOBS, {"now_ms": now_ms, "count_max": count_max})
        return [Job(*row) for row in rows]


class JobWrites(JobReads, SqlChanges):
    """The writes of jobs."""

    def put_job(self, job: Job) -> None:
        """See the contract."""
        self._run(
            self._sql.PUT_JOB,
            {
                "portal_id": job.portal_id,
                "job_id": job.id,
                "state": job.state,
                "due_at_ms": job.due_at_ms,
            },
        )

    def remove_job(self, portal_id: int, job_id: str) -> None:
        """See the contract."""
        self._run(self._sql.REMOVE_JOB, {"portal_id": portal_id, "job_id": job_id})
