"""The tables as files: when they are read, and what they must carry."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import moyeu.catalog

TABLES = Path(moyeu.catalog.__path__[0]) / "tables"

READS_AT_IMPORT = """
from pathlib import Path

read = []
plain = Path.read_bytes

def recorded(path):
    read.append(path.name)
    return plain(path)

Path.read_bytes = recorded

import moyeu.catalog.capabilities
import moyeu.catalog.limits
import moyeu.catalog.object_types
import moyeu.catalog.pipelines
import moyeu.catalog.properties
import moyeu.catalog.scopes
import moyeu.catalog.versions

at_import = list(read)
contacts = moyeu.catalog.object_types.find_object_type("contacts")
for _ in range(2):
    moyeu.catalog.properties.standard_properties(contacts)
print(at_import, read[len(at_import):])
"""

every_table = pytest.mark.parametrize(
    "path", sorted(TABLES.rglob("*.json")), ids=lambda path: path.stem
)


def test_only_the_object_types_are_read_at_import_and_a_type_is_read_once_when_asked() -> None:
    done = subprocess.run(
        [sys.executable, "-c", READS_AT_IMPORT], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "['object_types.json'] ['contacts.json', '_core.json']"


@every_table
def test_a_table_says_its_source_and_its_evidence(path: Path) -> None:
    table = json.loads(path.read_text(encoding="utf-8"))

    assert table["source"]
    assert table["evidence"]


@every_table
def test_a_table_has_one_row_a_line(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    table = json.loads("\n".join(lines))
    rows = sum(len(value) for value in table.values() if isinstance(value, list))
    rows += sum(len(row["stages"]) for row in table.get("pipelines", []))

    assert len([line for line in lines if line.lstrip().startswith(("{", "[", '"'))]) >= rows
