"""ARCHITECTURE.md shows what a new object type takes: the rows there are applied and used."""

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import moyeu

TABLES = Path(moyeu.__path__[0]) / "catalog" / "tables"
TEXT = Path(__file__).parents[2] / "ARCHITECTURE.md"

HEAD = re.compile(r"--- src/moyeu/catalog/tables/(?P<file>\S+?)(?:: (?P<list>\w+)| \(new\))")

USE = """
import asyncio, json, sys, urllib.request
from pathlib import Path
import moyeu.catalog.tables as tables
tables._TABLES = Path(sys.argv[1])
from moyeu.app import build_app, system_clock_ms
from moyeu.operations.portals import create_portal, create_token, known_scopes
from moyeu.storage.sqlite import open_store
from moyeu.wire.edge import running

def call(method, path, body=None):
    request = urllib.request.Request(
        url + path,
        None if body is None else json.dumps(body).encode(),
        {"authorization": f"Bearer {token}", "content-type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)

store = open_store(Path(sys.argv[2]))
portal = asyncio.run(create_portal(store, "p", system_clock_ms()))
scopes = known_scopes()
token = asyncio.run(
    create_token(store, portal.id, scopes, system_clock_ms(), lambda bits: 2**bits - 1)
).text
with running(build_app(store)) as url:
    made = call("POST", "/crm/objects/2026-09/warehouses", {"properties": {"hs_name": "North"}})
    bare = call("POST", "/crm/objects/2026-09/0-999", {"properties": {}})
    listed = call("GET", "/crm/objects/2026-09/warehouse?properties=hs_name")
    lacking = call("POST", "/crm/objects/2026-09/warehouses/batch/create", {"inputs": []})
    earlier = call("GET", "/crm/v3/objects/warehouses")
    one = call("GET", "/crm/properties/2026-09/warehouses/hs_name")
store.close()
print(json.dumps({
    "scoped": "crm.objects.warehouses.read" in scopes,
    "made": [made[0], made[1]["properties"]["hs_name"]],
    "bare": [bare[0], bare[1]["message"]],
    "listed": [listed[0], [each["properties"]["hs_name"] for each in listed[1]["results"]]],
    "lacking": lacking[0],
    "earlier": earlier[0],
    "label": one[1]["label"],
}))
"""


def test_a_type_is_added_by_rows_alone(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    shutil.copytree(TABLES, tables)
    block = TEXT.read_text("utf-8").split("```diff\n", 1)[1].split("```", 1)[0]
    head: re.Match[str] | None = None
    added: dict[str, int] = defaultdict(int)
    for line in block.splitlines():
        if line.startswith("---"):
            head = HEAD.fullmatch(line)
            assert head is not None, line
            continue
        assert line.startswith("+"), line
        assert head is not None
        row, path = json.loads(line[1:]), tables / head["file"]
        if head["list"] is None:
            assert not path.exists()
            path.write_text(json.dumps(row))
        else:
            table = json.loads(path.read_text("utf-8"))
            table[head["list"]].append(row)
            path.write_text(json.dumps(table))
        added[head["file"]] += 1

    ended = subprocess.run(
        [sys.executable, "-c", USE, str(tables), str(tmp_path / "moyeu.db")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert set(added.values()) == {1}
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {
        "scoped": True,
        "made": [201, "North"],
        "bare": [400, "Error creating WAREHOUSE. Some required properties were not set."],
        "listed": [200, ["North"]],
        "lacking": 400,
        "earlier": 400,
        "label": "Name",
    }
