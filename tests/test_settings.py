"""Where settings come from, and which are refused."""

from pathlib import Path

import pytest

from moyeu.settings import DESCRIPTIONS, Settings, SettingsError, read_settings
from moyeu.wire.edge_limits import EdgeLimits


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_anything_given_the_defaults_hold() -> None:
    read = read_settings({}, {})

    assert read.settings == Settings()
    assert set(read.origins.values()) == {"default"}


def test_a_flag_wins_over_the_environment_and_that_over_the_file() -> None:
    Path("moyeu.toml").write_text('port = 1\nreaders = 3\nhost = "::1"\n')

    read = read_settings({"port": 3}, {"MOYEU_PORT": "2", "MOYEU_READERS": "4"})

    assert (read.settings.port, read.settings.readers, read.settings.host) == (3, 4, "::1")
    assert read.origins["port"] == "flag"
    assert read.origins["readers"] == "MOYEU_READERS"
    assert read.origins["host"] == "moyeu.toml"
    assert read.origins["database"] == "default"


def test_a_named_file_is_read_instead_of_the_one_in_the_folder(tmp_path: Path) -> None:
    Path("moyeu.toml").write_text("port = 1\n")
    other = tmp_path / "other.toml"
    other.write_text("readers = 7\n")

    read = read_settings({}, {}, other)

    assert (read.settings.port, read.settings.readers) == (8080, 7)
    assert read.origins["readers"] == str(other)


def test_a_command_may_have_a_default_of_its_own() -> None:
    defaults = {"database": "sqlite:///var/demo.db"}

    assert read_settings({}, {}, None, defaults).settings.database == "sqlite:///var/demo.db"
    given = read_settings({}, {"MOYEU_DATABASE": "sqlite:///x.db"}, None, defaults)
    assert given.settings.database == "sqlite:///x.db"


def test_other_variables_of_the_environment_are_nothing_to_us() -> None:
    assert read_settings({}, {"PORT": "1", "HOME": "/"}).settings == Settings()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"MOYEU_PROT": "1"}, "MOYEU_PROT is no setting; did you mean MOYEU_PORT?"),
        ({"MOYEU_XYZZY": "1"}, "MOYEU_XYZZY is no setting"),
        ({"MOYEU_PORT": "many"}, "MOYEU_PORT is 'many': expected `int`, got `str`"),
        ({"MOYEU_PORT": "65536"}, "MOYEU_PORT is '65536': expected `int` <= 65535"),
        ({"MOYEU_PORT": "-1"}, "MOYEU_PORT is '-1': expected `int` >= 0"),
        ({"MOYEU_KEEP_ALIVE_S": "0"}, "MOYEU_KEEP_ALIVE_S is '0': expected `float` > 0.0"),
        ({"MOYEU_LOG_LEVEL": "loud"}, "MOYEU_LOG_LEVEL is 'loud': invalid enum value 'loud'"),
    ],
)
def test_a_bad_variable_is_refused(environment: dict[str, str], expected: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({}, environment)

    assert str(refused.value) == expected


@pytest.mark.parametrize("token", ["short-secret", "a token with blanks", "sécret-sécret-sécret"])
def test_a_bad_secret_is_refused_without_being_shown(token: str) -> None:
    Path("moyeu.toml").write_text(f'control_token = "{token}"', "utf-8")

    for flags, environment in (
        ({"control_token": token}, {}),
        ({}, {"MOYEU_CONTROL_TOKEN": token}),
        ({}, {}),
    ):
        with pytest.raises(SettingsError) as refused:
            read_settings(flags, environment)
        assert "***" in str(refused.value)
        assert token not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prot = 1", "moyeu.toml: prot is no setting; did you mean port?"),
        ("[server]\nport = 1", "moyeu.toml: server is no setting"),
        ('port = "1"', "moyeu.toml: port is '1': expected `int`, got `str`"),
        ("port = ", "moyeu.toml is no TOML: Invalid value (at end of document)"),
    ],
)
def test_a_bad_file_is_refused(text: str, expected: str) -> None:
    Path("moyeu.toml").write_text(text)

    with pytest.raises(SettingsError) as refused:
        read_settings({}, {})

    assert str(refused.value) == expected


def test_a_named_file_that_is_missing_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"gone\.toml cannot be read: No such file"):
        read_settings({}, {}, Path("gone.toml"))


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"port": -1}, {"MOYEU_READERS": "0", "MOYEU_PROT": "1"})

    assert str(refused.value).splitlines() == [
        "MOYEU_PROT is no setting; did you mean MOYEU_PORT?",
        "MOYEU_READERS is '0': expected `int` >= 1",
        "--port is -1: expected `int` >= 0",
    ]


def test_the_defaults_of_the_edge_are_those_of_its_limits() -> None:
    settings, limits = Settings(), EdgeLimits()

    for name in (
        "body_bytes_max",
        "header_deadline_s",
        "body_deadline_s",
        "keep_alive_s",
        "connections_max",
    ):
        assert getattr(settings, name) == getattr(limits, name), name


def test_every_setting_has_a_sentence_and_names_its_variable() -> None:
    for each in DESCRIPTIONS:
        assert each.sentence.endswith("."), each.name
        assert each.variable == f"MOYEU_{each.name.upper()}"
