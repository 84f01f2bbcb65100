"""The lock files, and the search for a Python to install them with."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FIND_PYTHON = ROOT / "requirements" / "find-python"
NEW = "#!/bin/sh\nexit 0\n"
OLD = '#!/bin/sh\ncase "$2" in *version_info*) exit 1;; esac\nexit 0\n'
BARE = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexit 0\n'
STARTS_NOTHING = "#!/bin/sh\nexit 127\n"


def _locked(name: str) -> dict[str, list[str]]:
    """Hashes by requirement, `name==version`."""
    text = (ROOT / "requirements" / name).read_text().replace(" \\\n", " ")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {line[0]: line[1:] for line in lines}


@pytest.mark.parametrize("name", ["run.txt", "postgres.txt", "dev.txt"])
def test_a_lock_has_versions_with_hashes_and_nothing_else(name: str) -> None:
    for requirement, hashes in _locked(name).items():
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", requirement), requirement
        assert hashes, requirement
        for each in hashes:
            assert re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each), requirement


def test_the_locks_have_what_the_project_names_and_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run, postgres, dev = _locked("run.txt"), _locked("postgres.txt"), _locked("dev.txt")

    def names(requirements: list[str]) -> set[str]:
        found = (re.match(r"[A-Za-z0-9_.-]+", each) for each in requirements)
        return {each[0].lower().replace("_", "-") for each in found if each}

    runtime = project["project"]["dependencies"] + project["build-system"]["requires"]
    assert names(runtime) <= names(list(run))
    assert names(project["project"]["optional-dependencies"]["postgres"]) <= names(list(postgres))
    assert names(project["dependency-groups"]["dev"]) <= names(list(dev))
    assert run.items() <= postgres.items() <= dev.items()
    assert not any(each.startswith("psycopg") for each in run)


def _find(folder: Path, pythons: dict[str, str], **more: str) -> tuple[int, str, str]:
    """Exit code, output and first error line of the search where only these are on the path."""
    for name, text in pythons.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    ended = subprocess.run(
        ["/bin/sh", FIND_PYTHON],
        env={"PATH": str(folder), "HOME": os.devnull, **more},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout.strip(), ended.stderr.partition("\n")[0]


@pytest.mark.parametrize(
    ("pythons", "expected"),
    [
        ({"python3": NEW}, (0, "python3", "")),
        ({"python3": OLD, "python3.12": NEW}, (0, "python3.12", "")),
        ({"python3": STARTS_NOTHING, "python": NEW}, (0, "python", "")),
        ({"python3": OLD}, (1, "", "make: Python 3.11 or newer is needed; python3 is older.")),
        (
            {"python3": BARE, "python": OLD},
            (
                1,
                "",
                "make: python3 cannot make virtual environments: a part of Python is not"
                " installed.",
            ),
        ),
        ({}, (1, "", "make: no Python is found; 3.11 or newer is needed.")),
    ],
)
def test_the_first_python_that_will_do_is_taken_or_what_is_missing_is_told(
    tmp_path: Path, pythons: dict[str, str], expected: tuple[int, str, str]
) -> None:
    assert _find(tmp_path, pythons) == expected


def test_a_python_that_is_named_is_the_only_one_tried(tmp_path: Path) -> None:
    pythons = {"python3": NEW, "mine": OLD}

    assert _find(tmp_path, pythons, PYTHON="python3") == (0, "python3", "")
    assert _find(tmp_path, pythons, PYTHON="mine")[0] == 1
    assert _find(tmp_path, pythons, PYTHON="gone")[2].endswith("(looked for gone).")
