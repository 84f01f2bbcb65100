"""Values of records as cells of a page: what is shown, and how."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.definitions import TypeDefinitions

CELL_CHARACTERS_MAX: Final = 100
"""Characters of a value that a list shows."""

_SHAPES: Final = {"number": "num", "date": "moment", "datetime": "moment"}
_ADDRESS_CHARACTERS_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A value. text: as kept, cut where is_cut. address: where it leads, of an http(s) URL only.

    label: what people call the value, "" where that is the value itself. shape: how it stands in a
    table, `num`, `moment` or "".
    """

    text: str
    label: str = ""
    address: str = ""
    shape: str = ""
    is_cut: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is no value."""
        return not self.text


def cell_of(
    definitions: TypeDefinitions, name: str, text: str, characters_max: int | None = None
) -> Cell:
    """The value of a property as a cell; characters_max: how many characters are shown."""
    definition = definitions.properties.get(name)
    is_cut = characters_max is not None and len(text) > characters_max
    shown = text[:characters_max] if is_cut else text
    return Cell(
        shown,
        label_of(definitions, name, text),
        web_address(text),
        "" if definition is None else _SHAPES.get(definition.type, ""),
        is_cut,
    )


def label_of(definitions: TypeDefinitions, name: str, text: str) -> str:
    """What people call a value: labels of options, of a pipeline, of a stage; "" if it has none."""
    object_type = definitions.object_type
    if name == object_type.pipeline_property:
        labels = {each.id: each.label for each in definitions.pipelines}
    elif name == object_type.stage_property:
        labels = {stage.id: stage.label for each in definitions.pipelines for stage in each.stages}
    else:
        labels = _option_labels(definitions.properties.get(name))
    if not labels:
        return ""
    label = "; ".join(labels.get(part, part) for part in text.split(";"))
    return "" if label == text else label


def _option_labels(definition: PropertyDefinition | None) -> dict[str, str]:
    return {} if definition is None else {each.value: each.label for each in definition.options}


def web_address(text: str) -> str:
    """The text if it is an http or https URL that a browser may be sent to, else ""."""
    if len(text) > _ADDRESS_CHARACTERS_MAX or not text.lower().startswith(("http://", "https://")):
        return ""
    if not text.isprintable() or any(each in text for each in " \"'<>`\\"):
        return ""
    try:
        return text if urlsplit(text).hostname else ""
    except ValueError:
        return ""
