"""SQL of the request log."""

from typing import Final

from moyeu.storage.sql.request_log import COLUMNS

# Whoever has counted up is alone with the portal's log until it commits: numbers are dense.
COUNT_REQUESTS: Final = """
INSERT INTO request_log_count AS c (portal_id, last_number)
VALUES (%(portal_id)s::bigint, %(count)s::bigint)
ON CONFLICT (portal_id) DO UPDATE SET last_number = c.last_number + %(count)s::bigint
RETURNING c.last_number
"""

KEEP_REQUEST: Final = """
INSERT INTO request_log (portal_id, number, correlation_id, at_ms, logged_at_ms, method, path,
                         query, version, object_type_id, status, facts, request_body,
                         response_body)
VALUES (%(portal_id)s::bigint, %(number)s::bigint, %(correlation_id)s, %(at_ms)s::bigint,
        %(logged_at_ms)s::bigint, %(method)s, %(path)s, %(query)s, %(version)s,
        %(object_type_id)s, %(status)s::bigint, %(facts)s::bytea, %(request_body)s::bytea,
        %(response_body)s::bytea)
"""

FORGET_REQUESTS: Final = """
DELETE FROM request_log
WHERE portal_id = %(portal_id)s::bigint AND number <= %(last)s::bigint
"""

# Of all portals, also of those that log nothing any more: now and then, never for a request.
FORGET_OLD_REQUESTS: Final = """
DELETE FROM request_log WHERE logged_at_ms < %(before_ms)s::bigint
"""

CLEAR_REQUESTS: Final = "DELETE FROM request_log WHERE portal_id = %(portal_id)s::bigint"

FIND_REQUESTS: Final = f"""
SELECT {COLUMNS}, CASE WHEN %(with_bodies)s::boolean THEN request_body END,
       CASE WHEN %(with_bodies)s::boolean THEN response_body END
FROM request_log
WHERE portal_id = %(portal_id)s::bigint
  AND number < coalesce(%(before)s::bigint, 9223372036854775807)
  AND (%(status_min)s::bigint IS NULL
       OR status BETWEEN %(status_min)s::bigint AND %(status_max)s::bigint)
  AND (%(method)s::text IS NULL OR method = %(method)s::text)
  AND (%(version)s::text IS NULL OR version = %(version)s::text)
  AND (%(object_type_id)s::text IS NULL OR object_type_id = %(object_type_id)s::text)
  AND (%(correlation_id)s::text IS NULL OR correlation_id = %(correlation_id)s::text)
  AND (%(since_ms)s::bigint IS NULL OR at_ms >= %(since_ms)s::bigint)
  AND (%(until_ms)s::bigint IS NULL OR at_ms <= %(until_ms)s::bigint)
  AND (%(path_part)s::text IS NULL OR strpos(path, %(path_part)s::text) > 0)
  AND (%(text)s::bytea IS NULL
       OR position(%(text)s::bytea IN convert_to(path || '?' || query, 'UTF8')) > 0
       OR position(%(text)s::bytea IN facts) > 0
       OR position(%(text)s::bytea IN request_body) > 0
       OR position(%(text)s::bytea IN response_body) > 0)
ORDER BY number DESC LIMIT %(limit)s::bigint
"""

# Whoever asks has a correlation id and does not know the portal.
CORRELATED_REQUESTS: Final = f"""
SELECT {COLUMNS}, request_body, response_body
FROM request_log WHERE correlation_id = %(correlation_id)s ORDER BY logged_at_ms DESC, number DESC
"""
