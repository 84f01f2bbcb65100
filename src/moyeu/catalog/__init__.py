"""What HubSpot has, as rows: versions, object types, operations, scopes, limits, properties.

Facts only: no rule, no portal, no I/O except reading this package's own tables. The large tables
are read when they are first asked for, one object type at a time.
"""
