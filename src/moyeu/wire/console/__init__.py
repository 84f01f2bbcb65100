"""The console: pages for people, over the operations that the API answers with.

It has a session of its own and never takes an API token. What its pages say of records comes from
strangers: a template escapes every value, and none stands in a script, a style or an address.
"""
