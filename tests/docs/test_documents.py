"""Documents name commands, settings and each other as they are."""

import re
from pathlib import Path

import pytest
from cyclopts import CycloptsError

from moyeu.cli.main import COMMANDS
from moyeu.settings import DESCRIPTIONS
from tests.docs.documents import (
    COMPOSE_FILES,
    OPERATIONS,
    ROOT,
    anchors,
    check_command,
    links,
    moyeu_commands,
)

README = ROOT / "README.md"
DOCUMENTS = (README, ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md")))


def relative(path: Path) -> str:
    """How a test is called by the file."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*DOCUMENTS, *COMPOSE_FILES], ids=relative)
def test_every_command_is_one_that_the_command_line_takes(path: Path) -> None:
    for arguments in moyeu_commands(path.read_text("utf-8")):
        check_command(arguments)


@pytest.mark.parametrize(
    ("path", "count_min"), [(README, 7), (OPERATIONS, 15), (COMPOSE_FILES[0], 2)]
)
def test_commands_are_found(path: Path, count_min: int) -> None:
    assert len(moyeu_commands(path.read_text("utf-8"))) >= count_min


@pytest.mark.parametrize(
    "line",
    [
        "    moyeu serve --worker-count 2",
        "    A=b .venv/bin/moyeu portal make",
        "#     docker compose run --rm server token create",
        "ExecStart=/opt/moyeu/bin/moyeu serve --port high",
    ],
)
def test_a_command_that_would_be_refused_is_noticed(line: str) -> None:
    (arguments,) = moyeu_commands(line)

    with pytest.raises(CycloptsError):
        check_command(arguments)


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_commands_within_sentences_exist(path: Path) -> None:
    names = {name for name, _, _ in COMMANDS} | {name.split()[0] for name, _, _ in COMMANDS}

    for found in re.findall(r"`moyeu ([a-z][a-z -]*)", path.read_text("utf-8")):
        words = found.split()
        assert words[0] in names, found
        if words[0] not in {name for name, _, _ in COMMANDS}:
            assert " ".join(words[:2]) in names, found


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_variables_are_those_of_settings(path: Path) -> None:
    settings = {each.variable for each in DESCRIPTIONS}
    named = set(re.findall(r"\bMOYEU_[A-Z_]*[A-Z]\b", path.read_text("utf-8")))

    assert {each for each in named if not each.startswith("MOYEU_TEST")} <= settings


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_links_lead_somewhere(path: Path) -> None:
    for link in links(path.read_text("utf-8")):
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), link
