"""docs/control-plane.md: its blocks run against a demo, one after the other, as when pasted."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from moyeu.app import build_app, with_control
from moyeu.demo.portal import demo_control_token
from moyeu.storage.contract import LogBounds
from moyeu.storage.sqlite import open_store
from moyeu.wire.control.access import ControlAccess
from moyeu.wire.control.plane import CONTROL_ROUTES
from moyeu.wire.edge import running
from tests.docs.documents import ROOT, fenced
from tests.testing.test_plugin import run

TEXT = (ROOT / "docs" / "control-plane.md").read_text("utf-8")
TOKEN = demo_control_token(1)
DEMO = "http://127.0.0.1:8080"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server that has the demo's control token."""
    store = open_store(tmp_path / "moyeu.db")
    api = build_app(store, log_bounds=LogBounds(100, 10**9))
    app = with_control(api, store, ControlAccess(TOKEN))
    with running(app) as served:
        yield served
    store.close()


def test_its_token_is_that_of_the_demo() -> None:
    assert set(re.findall(r"(?<!-)\bmoyeu-control-\w+", TEXT)) == {TOKEN}


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_its_blocks_can_be_pasted_one_after_the_other(url: str) -> None:
    blocks = "\n".join(fenced(TEXT, "sh"))
    # Every curl tells its status on a line of its own.
    script = "set -eu\ncurl() { command curl -sS -w '\\n#%{http_code}\\n' \"$@\"; }\n"
    done = subprocess.run(
        ["/bin/sh", "-c", script + blocks.replace(DEMO, url)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    statuses = re.findall(r"^#(\d+)$", done.stdout, re.MULTILINE)
    assert len(statuses) == len(re.findall(r"^curl ", blocks, re.MULTILINE))
    # The one request without a token that counts shows how it is logged.
    assert [each for each in statuses if not each.startswith("2")] == ["401"], done.stdout


def test_its_lines_of_python_run(url: str) -> None:
    _, code = fenced(TEXT, "python")

    exec(code.replace(DEMO, url), {})


def test_it_shows_every_route() -> None:
    shown = set(re.findall(r"-X (\w+) \$B(\S*)", TEXT))
    for call in re.findall(r"curl (?!-X)\"?\$B(\S*?)[\"` ]((?:.|\\\n)*?)(?:\n(?!  )|`|$)", TEXT):
        path, rest = call
        shown.add(("POST" if "-d " in rest else "GET", path))
    patterns = [
        (each.method, re.sub(r"\\\{\w+\\\}", "[^/?]+", re.escape(each.template)))
        for each in CONTROL_ROUTES
    ]

    for method, pattern in patterns:
        assert any(
            method == asked and re.fullmatch(pattern + r"(\?.*)?", path.strip('"`'))
            for asked, path in shown
        ), (method, pattern)


def test_its_test_passes(tmp_path: Path) -> None:
    suite, _ = fenced(TEXT, "python")

    ended = run(tmp_path, suite)

    assert "1 passed" in ended.stdout, ended.stdout
