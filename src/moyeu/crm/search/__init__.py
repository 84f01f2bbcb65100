"""What a search means: values as comparable keys and tokens, conditions over records, requests.

`keys` says what of a kept value can be compared, `conditions` decides whether a record meets a
condition, `requests` turns what a client sends into conditions. All of it is pure. Storage answers
searches by indexes that are made of the same keys and tokens, and must agree with `conditions`.
"""
