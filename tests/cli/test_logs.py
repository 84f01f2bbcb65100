"""How messages are logged."""

import json
import logging
import os
from collections.abc import Iterator

import pytest

from moyeu.cli.logs import start_logging
from moyeu.settings import Settings


@pytest.fixture(autouse=True)
def _root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_message_is_one_line_whatever_a_client_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(Settings())

    logging.getLogger("moyeu.x").warning("bad path %s", "a\r\nforged\x1b[31m")

    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(" warning moyeu.x: bad path a\\x0d\\x0aforged\\x1b[31m")


def test_json_is_one_object_per_line_with_the_cause(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(Settings(log_format="json"))

    cause = ValueError("why")
    logging.getLogger("moyeu.x").error("what\nhappened", exc_info=cause)

    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["logger"], entry["message"]) == (
        "error",
        "moyeu.x",
        "what\nhappened",
    )
    assert entry["cause"].endswith("ValueError: why")


@pytest.mark.parametrize(("level", "shown"), [("info", True), ("warning", False)])
def test_less_serious_messages_are_left_out(
    capsys: pytest.CaptureFixture[str], level: str, shown: bool
) -> None:
    start_logging(Settings(log_level=level))  # type: ignore[arg-type]  # one of the literals

    logging.getLogger("moyeu.x").info("hello")

    assert ("hello" in capsys.readouterr().err) is shown


def test_where_several_processes_log_each_message_tells_which_one_it_is_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start_logging(Settings(workers=2))
    logging.getLogger("moyeu.x").warning("hello")
    start_logging(Settings(workers=2, log_format="json"))
    logging.getLogger("moyeu.x").warning("hello")

    text, entry = capsys.readouterr().err.splitlines()
    assert text.endswith(f" warning moyeu.x[{os.getpid()}]: hello")
    assert json.loads(entry)["process"] == os.getpid()


def test_one_process_does_not_tell_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(Settings(log_format="json"))
    logging.getLogger("moyeu.x").warning("hello")

    assert "process" not in json.loads(capsys.readouterr().err)
