"""The command line as a whole: help, settings, endings."""

import dataclasses
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import moyeu as package
from moyeu.cli.flags import SettingFlags
from moyeu.cli.main import COMMANDS
from moyeu.settings import NAMES
from tests.cli.conftest import Moyeu


@pytest.mark.parametrize(("name", "place", "text"), COMMANDS)
def test_the_help_of_a_command_is_its_docstring_with_an_example(
    moyeu: Moyeu, name: str, place: str, text: str
) -> None:
    module, function = place.split(":")
    docstring = getattr(importlib.import_module(f"moyeu.cli.commands.{module}"), function).__doc__

    assert docstring.splitlines()[0] == text
    example = docstring.split("Example: ")[1]
    assert f"moyeu {name}" in example
    shown = moyeu(*name.split(), "--help")
    assert shown.code == 0
    assert "Example: " in shown.out


def test_help_names_every_command_and_the_exit_codes(moyeu: Moyeu) -> None:
    shown = moyeu("--help")

    assert shown.code == 0
    for name, _, text in COMMANDS:
        assert name.split()[0] in shown.out
        assert text in shown.out or " " in name
    assert "Exit codes: 0 done, 1 refused or failed, 2 usage or settings, 74" in shown.out


def test_help_imports_neither_the_database_nor_the_server() -> None:
    code = (
        "import sys; from moyeu.cli.main import run; run(['--help']);"
        " print(sys.modules.keys() & {'apsw', 'uvicorn', 'uvloop', 'asyncio'}, file=sys.stderr)"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert ended.stderr == "set()\n"


def test_the_version_is_that_of_the_package(moyeu: Moyeu) -> None:
    assert moyeu("--version").out == f"moyeu {package.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("serve", "--prot", "1"),
        ("serve", "--port", "x"),
        ("serve", "--port", "65536"),
        ("serve", "more"),
        ("token", "list"),
        ("load", "--portal", "1"),
    ],
)
def test_a_wrong_command_line_ends_with_2(
    moyeu: Moyeu, folder: Path, arguments: tuple[str, ...]
) -> None:
    ended = moyeu(*arguments)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err
    assert list(folder.iterdir()) == []


def test_every_setting_has_a_flag() -> None:
    flags = [each.name for each in dataclasses.fields(SettingFlags)]

    assert sorted(flags) == sorted([*NAMES, "config"])


def test_settings_are_shown_with_their_origins(
    moyeu: Moyeu, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("moyeu.toml").write_text("readers = 3\nport = 1\n")
    monkeypatch.setenv("MOYEU_PORT", "2")

    shown = moyeu("settings", "--host", "::1")

    rows = dict(line.split(maxsplit=1) for line in shown.out.splitlines())
    assert rows["port"].split() == ["2", "MOYEU_PORT"]
    assert rows["readers"].split() == ["3", "moyeu.toml"]
    assert rows["host"].split() == ["::1", "flag"]
    assert rows["log_format"].split() == ["text", "default"]
    told = {each["name"]: each for each in moyeu("settings", "--json").json}
    assert list(told) == list(NAMES)
    assert told["port"]["value"] == 2
    assert told["port"]["default"] == 8080


def test_a_wrong_setting_ends_with_2(moyeu: Moyeu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOYEU_PROT", "1")

    ended = moyeu("settings")

    assert ended.code == 2
    assert ended.err == "moyeu: MOYEU_PROT is no setting; did you mean MOYEU_PORT?\n"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    code = "from moyeu.cli.main import main; main()"
    command = f"{sys.executable} -c '{code}' settings --json | true"

    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)

    assert ended.stderr == ""
