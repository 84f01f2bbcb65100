"""Rule types for texts that name a place: e-mail addresses, domains, web addresses, telephones.

Names and arguments: property validations guide (2026-03-31). What counts as a well-formed address
is a guess.
"""

import re
from collections.abc import Callable
from typing import Final

from moyeu.catalog.limits import RULE_DOMAINS_MAX
from moyeu.crm.validations.arguments import Arguments, RuleTest

_DOMAIN_CHARACTERS_MAX: Final = 253
_EMAIL_CHARACTERS_MAX: Final = 254
_URL_CHARACTERS_MAX: Final = 2_048

# A label holds no dot, so that there is one way only to read a domain and no backtracking.
_LABEL: Final = r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?"
_DOMAIN: Final = rf"(?:{_LABEL}\.)+(?:[^\W\d_]{{2,63}}|xn--[a-z0-9-]{{1,59}})"
_ATOM: Final = r"[\w!#$%&'*+/=?^`{|}~-]+"

_IS_DOMAIN: Final = re.compile(_DOMAIN, re.IGNORECASE).fullmatch
_IS_EMAIL: Final = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_DOMAIN}", re.I).fullmatch
_IS_URL: Final = re.compile(
    rf"(?:https?://)?{_DOMAIN}(?::\d{{1,5}})?(?:[/?#]\S*)?", re.IGNORECASE
).fullmatch
# Whatever else it is, a text that a browser takes for the address of a host names it so.
_HOST: Final = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?[/\\]*(?:[^/\\?#@]*@)?([^/\\?#:]*)", re.I)


def _is_domain(text: str) -> bool:
    return len(text) <= _DOMAIN_CHARACTERS_MAX and _IS_DOMAIN(text) is not None


def _is_email(text: str) -> bool:
    return len(text) <= _EMAIL_CHARACTERS_MAX and _IS_EMAIL(text) is not None


def _is_url(text: str) -> bool:
    return len(text) <= _URL_CHARACTERS_MAX and _IS_URL(text) is not None


def _email_domain(text: str) -> str:
    """What stands after the last `@`, "" without one."""
    _, at, domain = text.rpartition("@")
    return domain.strip().lower() if at else ""


def _url_host(text: str) -> str:
    found = _HOST.match(text[:_URL_CHARACTERS_MAX])
    return found[1].strip().rstrip(".").lower() if found else ""


def _without_arguments(test: Callable[[str], bool]) -> Callable[[Arguments], RuleTest | None]:
    def make(arguments: Arguments) -> RuleTest | None:
        return None if arguments else lambda text, _now_ms: test(text)

    return make


email = _without_arguments(_is_email)
"""An e-mail address."""

domain = _without_arguments(_is_domain)
"""A domain name with at least one dot."""

url = _without_arguments(_is_url)
"""An address of the web; the scheme may be left out."""


def _domains(arguments: Arguments) -> frozenset[str] | None:
    if not 1 <= len(arguments) <= RULE_DOMAINS_MAX or not all(map(_is_domain, arguments)):
        return None
    return frozenset(each.lower() for each in arguments)


def email_allowed_domains(arguments: Arguments) -> RuleTest | None:
    """An address at one of the domains; their subdomains are others."""
    domains = _domains(arguments)
    return None if domains is None else lambda text, _now_ms: _email_domain(text) in domains


def email_blocked_domains(arguments: Arguments) -> RuleTest | None:
    """No address at one of the domains."""
    domains = _domains(arguments)
    return None if domains is None else lambda text, _now_ms: _email_domain(text) not in domains


def _lies_within(host: str, domains: frozenset[str]) -> bool:
    return any(host == each or host.endswith(f".{each}") for each in domains)


def url_allowed_domains(arguments: Arguments) -> RuleTest | None:
    """An address at one of the domains or below it."""
    domains = _domains(arguments)
    if domains is None:
        return None
    return lambda text, _now_ms: _lies_within(_url_host(text), domains)


def url_blocked_domains(arguments: Arguments) -> RuleTest | None:
    """No address at one of the domains or below it."""
    domains = _domains(arguments)
    if domains is None:
        return None
    return lambda text, _now_ms: not _lies_within(_url_host(text), domains)


def phone_number(arguments: Arguments) -> RuleTest | None:
    """A telephone number that begins with `+` and a country code, of one country if one is given.

    arguments: none, or a country's two lower-case letters.
    """
    if not arguments:
        return _is_phone_number
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 — most portals have no such rule

    country = arguments[0].upper()
    if len(arguments) != 1 or arguments[0] == country or country not in SUPPORTED_REGIONS:
        return None
    return lambda text, _now_ms: _is_phone_number_of(text, country)


def _is_phone_number(text: str, _now_ms: int) -> bool:
    return _is_phone_number_of(text, None)


def _is_phone_number_of(text: str, country: str | None) -> bool:
    import phonenumbers  # noqa: PLC0415

    if not text.strip().startswith("+"):
        return False
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return False
    if country is None:
        return phonenumbers.is_valid_number(number)
    return phonenumbers.is_valid_number_for_region(number, country)
