"""SQL of jobs."""

from typing import Final

JOB: Final = """
SELECT portal_id, job_id, state, due_at_ms FROM job
WHERE portal_id = :portal_id AND job_id = :job_id
"""

# There are few at a time. Those under negative ids are parts of copies.
DUE_JOBS: Final = """
SELECT portal_id, job_id, state, due_at_ms FROM job
WHERE due_at_ms <= :now_ms AND portal_id >= 0
ORDER BY due_at_ms, portal_id, job_id LIMIT :count_max
"""

PUT_JOB: Final = """
INSERT OR REPLACE INTO job (portal_id, job_id, state, due_at_ms)
VALUES (:portal_id, :job_id, :state, :due_at_ms)
"""

REMOVE_JOB: Final = "DELETE FROM job WHERE portal_id = :portal_id AND job_id = :job_id"
