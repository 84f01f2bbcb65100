"""What a request body may hold, as data.

A shape names the Java type that HubSpot's decoder would fill, because its error messages do.
Fields are in wire spelling. This module reads nothing; `reader` does.

    OPTION = Record(
        "com.hubspot.inbounddb.properties.Option$Json",
        {"label": TEXT, "value": TEXT, "displayOrder": INT, "hidden": FLAG},
        required=("label", "value"),
    )
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """A string; a JSON number or boolean is taken in its own spelling, `null` as None."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean; also `"true"`, `"True"`, `"TRUE"` and integers (0 is false). `null` gives None."""

    java_type: Literal["boolean", "java.lang.Boolean"] = "boolean"


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number from `minimum` to `maximum`; also as text, and with a fraction that is cut."""

    java_type: str
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A string that is one of `names`, case sensitive: a Java enum."""

    java_type: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Whatever JSON there is, numbers as text in their own spelling."""


@dataclass(frozen=True, slots=True)
class TextMap:
    """An object whose values are all `Text`; `null` gives an empty one.

    property_names: the names are property names, and the object that holds this map refuses
    those with upper case letters or of 100 characters and more.
    """

    property_names: bool = False

    @property
    def java_class(self) -> str:
        """The class without its type arguments."""
        return "java.util.LinkedHashMap"

    @property
    def java_type(self) -> str:
        """The class with its type arguments."""
        return "java.util.LinkedHashMap<java.lang.String,java.lang.String>"


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array whose elements have one shape and are never `null`; `null` gives an empty one."""

    item: "Shape"
    java_class: str = "java.util.ArrayList"

    @property
    def java_type(self) -> str:
        """The class with its type arguments.

        The argument is the interface, not the builder that decodes it: observed for
        associations as `java.util.HashSet<…AssociationSpec>`, without the `$Json`.
        """
        return f"{self.java_class}<{java_type_of(self.item).removesuffix('$Json')}>"


@dataclass(frozen=True, slots=True)
class Record:
    """An object with declared fields; others are skipped.

    java_type: the decoder's full class name, as error messages print it (`…$Json`).
    required: fields that must be there and not `null`, in the order that messages list them.
    check: what the class says of an object read, as the reason of its refusal; None if nothing.
    """

    java_type: str
    fields: Mapping[str, "Shape"]
    required: tuple[str, ...] = ()
    check: Callable[[Mapping[str, object]], str | None] | None = None


Shape: TypeAlias = Text | Flag | Count | Choice | Any | TextMap | ListOf | Record
"""Everything that a body or a part of it can be declared as."""

_BOXED: Final = {
    "boolean": "java.lang.Boolean",
    "int": "java.lang.Integer",
    "long": "java.lang.Long",
}


def java_type_of(shape: Shape) -> str:
    """The Java type of a shape, as it stands between `<` and `>`."""
    if isinstance(shape, Text):
        return "java.lang.String"
    if isinstance(shape, Any):
        return "java.lang.Object"
    return _BOXED.get(shape.java_type, shape.java_type)


def java_class_of(shape: Shape) -> str:
    """The Java class of a shape, without type arguments."""
    return shape.java_class if isinstance(shape, TextMap | ListOf) else java_type_of(shape)


TEXT: Final = Text()
FLAG: Final = Flag()
INT: Final = Count("int", -(2**31), 2**31 - 1)
LONG: Final = Count("long", -(2**63), 2**63 - 1)
ANY: Final = Any()
TEXT_MAP: Final = TextMap()
TEXT_LIST: Final = ListOf(TEXT)
