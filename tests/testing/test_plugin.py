"""The plugin of pytest in test runs of its own: alone, under xdist, and when a test fails."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

from moyeu.testing.servers import serving

SUITE = Path(__file__).with_name("example_suite.py").read_text("utf-8")
TESTS = 17
NOTING = """
import pytest

@pytest.fixture(autouse=True)
def noted(portal):
    with open("noted", "a") as file:
        file.write(f"{portal.url} {portal.portal_id}\\n")
"""


def run(folder: Path, suite: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a suite with this plugin, xdist and no other."""
    (folder / "test_suite.py").write_text(suite)
    source = str(Path(__file__).resolve().parents[2] / "src")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "MOYEU_"))
    } | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": source}
    command = (sys.executable, "-m", "pytest", "-p", "xdist", "-p", "moyeu.testing.plugin", "-q")
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_process_has_a_server_of_its_own(tmp_path: Path) -> None:
    ended = run(tmp_path, SUITE)

    assert f"{TESTS} passed" in ended.stdout, ended.stdout


def test_eight_workers_use_one_server_and_leave_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    with serving(tmp_path / "server") as control:
        place = ("--moyeu-url", control.url, "--moyeu-control-token", control._token)

        (tmp_path / "conftest.py").write_text(NOTING)
        ended = run(tmp_path, SUITE, "-n", "8", *place)

        assert f"{TESTS} passed" in ended.stdout, ended.stdout
        assert control.portals() == []
        noted = (tmp_path / "noted").read_text().splitlines()
        assert [each.split()[0] for each in noted] == [control.url] * TESTS
        (tmp_path / "noted").unlink()
        # Portals have the same ids in each run; where one is taken, the test has another.
        taken = control.create_portal(portal_id=int(noted[0].split()[1]))
        again = run(tmp_path, SUITE, *place)
        assert f"{TESTS} passed" in again.stdout, again.stdout
        noted_again = (tmp_path / "noted").read_text().splitlines()
        assert len({*noted} & {*noted_again}) == TESTS - 1
        assert [each["portalId"] for each in control.portals()] == [taken.portal_id]


def test_a_portal_that_is_made_again_was_asked_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as control:
        for _ in range(2):
            portal = control.create_portal(portal_id=77)
            assert portal.requests() == []
            request = Request(
                f"{portal.url}/crm/v3/objects/deals",
                headers={"Authorization": f"Bearer {portal.token}"},
            )
            with urlopen(request, timeout=30) as answer:
                assert answer.status == 200
            assert len(portal.requests()) == 1
            portal.delete()


def test_a_test_that_fails_shows_what_was_asked_of_its_portal(tmp_path: Path) -> None:
    suite = """
def test_it(portal, hubspot):
    api = hubspot.crm.objects.basic_api
    api.get_page("deals", limit=3)
    api.create("deals", {"properties": {"no_such_property": "x"}})
"""
    ended = run(tmp_path, suite)

    assert ended.returncode == 1
    shown = ended.stdout[ended.stdout.index("Moyeu requests, newest last") :]
    lines = shown.splitlines()[1:4]
    assert re.fullmatch(r"200 GET /crm/\S+/deals\?.*limit=3.*", lines[0])
    assert re.fullmatch(r"400 POST /crm/\S+/deals", lines[1])
    assert lines[2].startswith("    > ")
    assert "no_such_property" in lines[2]
    assert "    < {" in shown


def test_a_server_that_runs_needs_its_token(tmp_path: Path) -> None:
    suite = "def test_it(portal): pass"

    ended = run(tmp_path, suite, "--moyeu-url", "http://127.0.0.1:9")

    assert ended.returncode != 0
    assert "--moyeu-url needs --moyeu-control-token or MOYEU_CONTROL_TOKEN" in ended.stdout


def test_it_costs_nothing_where_it_is_not_used() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import moyeu.testing.plugin;"
        "print(sorted(set(sys.modules) - before))"
    )
    source = str(Path(__file__).resolve().parents[2] / "src")
    environment = os.environ | {"PYTHONPATH": source}
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == "['moyeu', 'moyeu.testing', 'moyeu.testing.plugin']"


def test_its_fixtures_say_what_they_are(tmp_path: Path) -> None:
    ended = run(tmp_path, "", "--fixtures")

    for name in ("portal", "hubspot", "requests", "moyeu_server"):
        pattern = rf"^{name}( \[session scope\])? -- .*plugin\.py:\d+\n    \w"
        assert re.search(pattern, ended.stdout, re.MULTILINE), name
