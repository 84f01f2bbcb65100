"""The script that installs Chromium for the tests."""

import subprocess
from pathlib import Path

import pytest

INSTALL = Path(__file__).resolve().parents[2] / "requirements" / "install-chromium"


def _install(
    tmp_path: Path, programs: dict[str, str], **more: str
) -> subprocess.CompletedProcess[str]:
    """The script where only these programs are on the path."""
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "cat").symlink_to("/bin/cat")
    return subprocess.run(
        ["/bin/sh", INSTALL],
        env={"PATH": str(tmp_path), **more},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_nothing_is_installed_where_there_is_one(tmp_path: Path, name: str) -> None:
    assert _install(tmp_path, {name: "exit 0", "apt-get": "exit 9"}).returncode == 0


def test_nothing_is_installed_where_one_is_named(tmp_path: Path) -> None:
    ended = _install(tmp_path, {"apt-get": "exit 9"}, MOYEU_TEST_CHROMIUM="/opt/chromium")

    assert ended.returncode == 0


def test_it_is_installed_where_that_can_be_done(tmp_path: Path) -> None:
    noted = tmp_path / "noted"
    ended = _install(tmp_path, {"id": "echo 0", "apt-get": f'echo "$@" >>{noted}'})

    assert ended.returncode == 0
    assert noted.read_text().splitlines() == [
        "-qq update",
        "-qq install -y --no-install-recommends chromium",
    ]


@pytest.mark.parametrize("programs", [{"id": "echo 0"}, {"id": "echo 1000", "apt-get": "exit 9"}])
def test_what_is_missing_is_told_where_it_cannot_be_installed(
    tmp_path: Path, programs: dict[str, str]
) -> None:
    ended = _install(tmp_path, programs)

    assert ended.returncode == 1
    assert ended.stderr.startswith("make: Chromium is needed by the tests of the console.")
