"""Addresses of databases: which engine they name, and that nobody sees a password."""

from pathlib import Path

import pytest

from moyeu.cli.database_urls import (
    check_postgresql,
    database_path,
    database_shown,
    is_postgresql,
    without_password,
)
from moyeu.cli.exits import USAGE, CommandError
from tests.cli.conftest import Moyeu

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///crm.db", "crm.db"),
        ("sqlite:////var/crm.db", "/var/crm.db"),
        ("postgresql://host/crm", "postgresql://host/crm"),
        ("postgres://host/crm", "postgres://host/crm"),
        ("postgresql://", "postgresql://"),
        ("postgresql:///crm", "postgresql:///crm"),
        ("postgresql://me@host/crm", "postgresql://me@host/crm"),
        ("postgresql://me:hunter2@host/crm", "postgresql://me@host/crm"),
        ("postgresql://me:hunter2@host:5433/crm", "postgresql://me@host:5433/crm"),
        ("postgresql://:hunter2@host/crm", "postgresql://@host/crm"),
        ("postgresql://me:hunter2?@host/crm", "postgresql://me@host/crm"),
        ("postgresql://me:hunter2%40@a,b:5433/crm", "postgresql://me@a,b:5433/crm"),
        ("postgresql://me:hunter2@[::1]:5433/crm", "postgresql://me@[::1]:5433/crm"),
        ("postgresql://me:hunter2@/crm?host=/run/pg", "postgresql://me@/crm?host=/run/pg"),
        ("postgresql://?host=/run&password=hunter2", "postgresql://?host=/run"),
        ("postgresql://host/crm?password=hunter2", "postgresql://host/crm"),
        ("postgresql://host/crm?p%61ssword=hunter2&a=b", "postgresql://host/crm?a=b"),
        (
            "postgresql://h/c?sslpassword=hunter2&sslmode=require",
            "postgresql://h/c?sslmode=require",
        ),
        ("postgresql://host/crm?user=me@tenant", "postgresql://host/crm?user=me@tenant"),
        ("mysql://me:hunter2@host/crm", "mysql://me@host/crm"),
        ("crm.db", "crm.db"),
    ],
)
def test_a_database_is_shown_without_a_password(url: str, shown: str) -> None:
    assert database_shown(url) == shown
    assert without_password(url).removeprefix("sqlite:///") == shown
    if is_postgresql(url):
        check_postgresql(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@x@host/crm",
        "postgresql://me:hunter2/x@host/crm",
        "postgresql://me:x/hunter2@host/crm",
        "postgresql://me:x:hunter2%zz@host/crm",
        "postgresql://me:hunter2%@host/crm",
        "postgresql://host:hunter2/crm",
        "postgresql://host/crm?hunter2",
        "postgresql://[::1/crm",
    ],
)
def test_what_libpq_would_take_for_something_else_is_refused_unseen(url: str) -> None:
    with pytest.raises(CommandError, match="write % as %25, @ as %40") as refused:
        check_postgresql(url, "--to")

    assert str(refused.value).startswith("--to is ")
    assert SECRET not in str(refused.value)
    assert refused.value.code == USAGE


@pytest.mark.parametrize("url", ["mysql://me:hunter2@host/crm", "crm.db", "sqlite:///", "sqlite:x"])
def test_other_addresses_are_refused_unseen(url: str) -> None:
    assert not is_postgresql(url)
    with pytest.raises(CommandError, match=r"expected sqlite:///PATH or postgresql://") as refused:
        database_path(url)

    assert SECRET not in str(refused.value)
    assert refused.value.code == USAGE


def test_the_path_of_a_sqlite_address() -> None:
    assert database_path("sqlite:///a b.db") == Path("a b.db")
    assert database_path("sqlite:////var/crm.db") == Path("/var/crm.db")


def test_the_settings_are_shown_without_a_password(
    moyeu: Moyeu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOYEU_DATABASE", "postgresql://me:hunter2@host/crm")

    for ended in (moyeu("settings"), moyeu("settings", "--json")):
        assert ended.code == 0
        assert "postgresql://me@host/crm" in ended.out
        assert SECRET not in ended.out + ended.err
    assert "sqlite:///crm.db" in moyeu("settings", "--database", "sqlite:///crm.db").out
