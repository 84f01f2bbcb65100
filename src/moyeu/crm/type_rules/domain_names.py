"""Domain names: their form, and the value rule of a company's domain."""

import re
from typing import Final

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.problems import InvalidDomain
from moyeu.crm.values.outcome import ValueOutcome, ValueRule

_CHARACTERS_MAX: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII)
_BEHIND_HOST: Final = re.compile(r"[/?#:]")


def ascii_labels(text: str) -> list[str]:
    """The labels of a domain name in their ASCII form, lower case; empty when it is none.

    A name has two labels or more and 253 characters at most (RFC 1035); other scripts are written
    as RFC 3490 says.
    """
    if len(text) > _CHARACTERS_MAX:
        return []
    try:
        name = text.lower() if text.isascii() else text.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return []
    labels = name.split(".")
    is_name = len(name) <= _CHARACTERS_MAX and all(map(_LABEL.fullmatch, labels))
    return labels if is_name and len(labels) > 1 else []


def domain_rule(definition: PropertyDefinition) -> ValueRule:
    """A domain name, kept in lower case without what an address has around it.

    Source: that other texts are refused is observed (2021-08). What is taken off (scheme, `www.`,
    port, path) and what a name must look like are guesses.
    """
    name = definition.name

    def keep(text: str, _now_ms: int) -> ValueOutcome:
        without_scheme = _SCHEME.sub("", text.strip().lower(), count=1)
        host = _BEHIND_HOST.split(without_scheme, maxsplit=1)[0].removeprefix("www.")
        return host if ascii_labels(host) else InvalidDomain(name, text)

    return keep
