"""SQL of jobs."""

from typing import Final

JOB: Final = """
SELECT portal_id, job_id, state, due_at_ms FROM job
WHERE portal_id = %(portal_id)s::bigint AND job_id = %(job_id)s
"""

# Over all portals: nobody knows yet which ones have any. There are few at a time. Those under
# negative ids are parts of copies.
DUE_JOBS: Final = """
SELECT portal_id, job_id, state, due_at_ms FROM job
WHERE due_at_ms <= %(now_ms)s::bigint AND portal_id >= 0
ORDER BY due_at_ms, portal_id, job_id LIMIT %(count_max)s::bigint
"""

PUT_JOB: Final = """
INSERT INTO job (portal_id, job_id, state, due_at_ms)
VALUES (%(portal_id)s::bigint, %(job_id)s, %(state)s, %(due_at_ms)s::bigint)
ON CONFLICT (portal_id, job_id) DO UPDATE SET state = excluded.state,
                                              due_at_ms = excluded.due_at_ms
"""

REMOVE_JOB: Final = """
DELETE FROM job WHERE portal_id = %(portal_id)s::bigint AND job_id = %(job_id)s
"""
