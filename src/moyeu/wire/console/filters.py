"""The filters of a list as they stand in its address: `amount:GT:1000`, several of them ANDed."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from moyeu.crm.search.requests import OPERATORS, Filter

WITHOUT_VALUE: Final = ("HAS_PROPERTY", "NOT_HAS_PROPERTY")
_WITH_LIST: Final = ("IN", "NOT_IN")


class ShownFilter(NamedTuple):
    """A filter of the address; filter: None where the text is none."""

    text: str
    filter: Filter | None


def write_filter(name: str, operator: str, value: str) -> str:
    """The text of a filter for an address."""
    return f"{name}:{operator}" if operator in WITHOUT_VALUE else f"{name}:{operator}:{value}"


def read_filters(texts: Iterable[str]) -> list[ShownFilter]:
    """The filters that the texts are. Values of lists and ranges are separated by `;`."""
    return [ShownFilter(each, _read(each)) for each in texts]


def _read(text: str) -> Filter | None:
    # A name has no colon, but for `associations.`, which has none either.
    name, _, rest = text.partition(":")
    operator, _, value = rest.partition(":")
    if not name or operator not in OPERATORS:
        return None
    known = operator
    if operator in WITHOUT_VALUE:
        return Filter(name, known)
    if operator in _WITH_LIST:
        return Filter(name, known, values=tuple(value.split(";")))
    if operator == "BETWEEN":
        low, _, high = value.partition(";")
        return Filter(name, known, low, high_value=high)
    return Filter(name, known, value)


def filter_body(given: Filter) -> dict[str, Any]:
    """The filter as the body of a search has it."""
    body: dict[str, Any] = {"propertyName": given.name, "operator": given.operator}
    if given.operator in _WITH_LIST:
        body["values"] = list(given.values)
    elif given.operator not in WITHOUT_VALUE:
        body["value"] = given.value
    if given.operator == "BETWEEN":
        body["highValue"] = given.high_value
    return body
