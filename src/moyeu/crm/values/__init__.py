"""The value rules: what text a property accepts and which text is kept.

One module per kind of property. A rule is a pure function of the text and the moment;
`rules.py` chooses the rule of a definition.
"""
