"""SQL of the request log, which is a file of its own."""

from typing import Final

from moyeu.storage.sql.request_log import COLUMNS

SCHEMA_VERSION: Final = 1
"""A file with another one is thrown away: nothing in it is durable."""

# Bodies stand last and are large: what a filter looks at is read without them.
MAKE_REQUEST_LOG: Final = """
CREATE TABLE request_log (
    id INTEGER PRIMARY KEY,
    portal_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    correlation_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    logged_at_ms INTEGER NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    query TEXT NOT NULL,
    version TEXT,
    object_type_id TEXT,
    status INTEGER NOT NULL,
    facts BLOB NOT NULL,
    request_body BLOB NOT NULL,
    response_body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX request_log_number ON request_log (portal_id, number);
CREATE INDEX request_log_correlation ON request_log (correlation_id);
CREATE INDEX request_log_time ON request_log (logged_at_ms);
"""

LAST_REQUEST: Final = """
SELECT coalesce(max(number), 0) FROM request_log WHERE portal_id = :portal_id
"""

KEEP_REQUEST: Final = """
INSERT INTO request_log (portal_id, number, correlation_id, at_ms, logged_at_ms, method, path,
                         query, version, object_type_id, status, facts, request_body,
                         response_body)
VALUES (:portal_id, :number, :correlation_id, :at_ms, :logged_at_ms, :method, :path, :query,
        :version, :object_type_id, :status, :facts, :request_body, :response_body)
"""

FORGET_REQUESTS: Final = """
DELETE FROM request_log WHERE portal_id = :portal_id AND number <= :last
"""

FORGET_OLD_REQUESTS: Final = "DELETE FROM request_log WHERE logged_at_ms < :before_ms"

CLEAR_REQUESTS: Final = "DELETE FROM request_log WHERE portal_id = :portal_id"

FIND_REQUESTS: Final = f"""
SELECT {COLUMNS}, iif(:with_bodies, request_body, NULL), iif(:with_bodies, response_body, NULL)
FROM request_log
WHERE portal_id = :portal_id
  AND number < coalesce(:before, 9223372036854775807)
  AND (:status_min IS NULL OR status BETWEEN :status_min AND :status_max)
  AND (:method IS NULL OR method = :method)
  AND (:version IS NULL OR version = :version)
  AND (:object_type_id IS NULL OR object_type_id = :object_type_id)
  AND (:correlation_id IS NULL OR correlation_id = :correlation_id)
  AND (:since_ms IS NULL OR at_ms >= :since_ms)
  AND (:until_ms IS NULL OR at_ms <= :until_ms)
  AND (:path_part IS NULL OR instr(path, :path_part))
  AND (:text IS NULL OR instr(CAST(path || '?' || query AS BLOB), :text) OR instr(facts, :text)
       OR instr(request_body, :text) OR instr(response_body, :text))
ORDER BY number DESC LIMIT :limit
"""

CORRELATED_REQUESTS: Final = f"""
SELECT {COLUMNS}, request_body, response_body
FROM request_log WHERE correlation_id = :correlation_id ORDER BY id DESC
"""
