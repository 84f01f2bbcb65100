"""Paths with variable segments, kept as a tree.

Finding one costs a dictionary look-up per segment however many there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Node(Generic[T]):
    literals: dict[str, "_Node[T]"] = field(default_factory=dict)
    variable: "_Node[T] | None" = None
    variable_name: str = ""
    by_method: dict[str, T] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PathMatch(Generic[T]):
    """A path that exists: what stands there by method, and the variable segments by name."""

    by_method: Mapping[str, T]
    variables: Mapping[str, str]


class PathTree(Generic[T]):
    """Finds what stands at a path; a literal segment goes before a variable one."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, path: str, method: str, value: T) -> None:
        """Puts something at a path such as `/portals/{portalId}`."""
        node = self._root
        for segment in path.strip("/").split("/"):
            if not segment.startswith("{"):
                node = node.literals.setdefault(segment, _Node())
                continue
            if node.variable is None:
                node.variable, node.variable_name = _Node(), segment[1:-1]
            assert node.variable_name == segment[1:-1], f"two names for {path}"
            node = node.variable
        node.by_method[method] = value

    def match(self, segments: list[str]) -> PathMatch[T] | None:
        """What stands at a path given as its decoded segments, None where nothing does."""
        variables: dict[str, str] = {}
        node = self._find(self._root, segments, 0, variables)
        return PathMatch(node.by_method, variables) if node else None

    def _find(
        self, node: _Node[T], segments: list[str], index: int, variables: dict[str, str]
    ) -> _Node[T] | None:
        if index == len(segments):
            return node if node.by_method else None
        segment = segments[index]
        literal = node.literals.get(segment)
        if literal and (found := self._find(literal, segments, index + 1, variables)):
            return found
        if node.variable is None or not segment:
            return None
        found = self._find(node.variable, segments, index + 1, variables)
        if found:
            variables[node.variable_name] = segment
        return found
