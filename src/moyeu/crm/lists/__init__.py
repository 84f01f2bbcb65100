"""Lists of records (segments): what they are, who is in them, and what may be done with them.

Pure rules. Marks of the facts: COMPATIBILITY.md, section lists.
"""
