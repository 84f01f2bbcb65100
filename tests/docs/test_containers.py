"""The Dockerfile and the compose files fit the program, each other and the files around them."""

import fnmatch
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from moyeu.cli.database_urls import is_postgresql
from moyeu.cli.workers import WorkerTimes
from moyeu.settings import DESCRIPTIONS, read_settings
from tests.docs.documents import COMPOSE_FILES, ROOT, check_command

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
OTHERS_VARIABLES = {"PGPASSWORD", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"}
"""Of libpq and of the image of PostgreSQL."""
PASSWORD = "${POSTGRES_PASSWORD:?put it into the file .env}"
PROGRAMS = {"pg_isready", "psql"}
"""Of the image of PostgreSQL, that the files call."""

on_each_file = pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)


def read(path: Path) -> Any:
    """A compose file, anchors and merges carried out."""
    return yaml.safe_load(path.read_text("utf-8"))


def moyeu_services(path: Path) -> dict[str, Any]:
    """The services that run our image."""
    services = read(path)["services"]
    return {name: each for name, each in services.items() if each["image"] == "moyeu"}


def seconds(text: str) -> float:
    """Of a duration such as 45s."""
    assert text.endswith("s")
    return float(text.removesuffix("s"))


@on_each_file
def test_our_services_have_commands_and_settings_that_exist(path: Path) -> None:
    services = moyeu_services(path)

    assert set(services) == {"migrate", "server"}
    for service in services.values():
        check_command(service["command"])
        ours = {k: v for k, v in service["environment"].items() if k.startswith("MOYEU_")}
        assert set(service["environment"]) - set(ours) <= OTHERS_VARIABLES
        assert is_postgresql(read_settings({}, ours).settings.database)


@on_each_file
def test_the_database_is_a_service_and_its_user_and_name_are_made_there(path: Path) -> None:
    services = read(path)["services"]

    for service in moyeu_services(path).values():
        address = conninfo_to_dict(service["environment"]["MOYEU_DATABASE"])
        database = services[address["host"]]["environment"]
        assert address["user"] == database["POSTGRES_USER"]
        assert address["dbname"] == database["POSTGRES_DB"]
        assert "password" not in address


@on_each_file
def test_no_password_is_written_down(path: Path) -> None:
    for service in read(path)["services"].values():
        for name, value in service["environment"].items():
            assert (value == PASSWORD) == name.endswith("PASSWORD"), name


@on_each_file
def test_what_is_waited_for_can_be(path: Path) -> None:
    services = read(path)["services"]

    for service in services.values():
        for name, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[name]
            else:
                assert how["condition"] == "service_completed_successfully"
                assert services[name]["restart"] == "no"


@on_each_file
def test_the_tables_are_made_and_spread_before_the_server_starts(path: Path) -> None:
    services = moyeu_services(path)
    is_cluster = "citus" in path.name

    assert list(services["server"]["depends_on"]) == ["migrate"]
    assert services["migrate"]["command"][0] == "migrate"
    assert ("--distribute" in services["migrate"]["command"]) == is_cluster
    assert list(services["migrate"]["depends_on"]) == ["register" if is_cluster else "database"]


@on_each_file
def test_data_is_in_volumes_that_are_declared(path: Path) -> None:
    file = read(path)
    mounted = [
        mount.partition(":")[0]
        for service in file["services"].values()
        for mount in service.get("volumes", [])
    ]

    assert sorted(mounted) == sorted(file["volumes"])
    for service in file["services"].values():
        if "POSTGRES_DB" in service["environment"]:
            assert service["volumes"]


@on_each_file
def test_the_server_is_checked_and_published_on_this_machine_alone(path: Path) -> None:
    server = moyeu_services(path)["server"]
    port = next(each.default for each in DESCRIPTIONS if each.name == "port")

    assert server["ports"] == [f"127.0.0.1:{port}:{port}"]
    kind, program, *arguments = server["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "moyeu")
    check_command(arguments)
    answer_s = float(arguments[arguments.index("--timeout") + 1])
    assert answer_s < seconds(server["healthcheck"]["timeout"])


@on_each_file
def test_nobody_is_killed_before_the_requests_at_hand_are_answered(path: Path) -> None:
    server = moyeu_services(path)["server"]

    assert seconds(server["stop_grace_period"]) > WorkerTimes().drain


@on_each_file
def test_other_services_call_programs_of_their_image(path: Path) -> None:
    for name, service in read(path)["services"].items():
        if name in moyeu_services(path):
            continue
        called = [service["entrypoint"][0]] if "entrypoint" in service else []
        called += service["healthcheck"]["test"][1:2] if "healthcheck" in service else []
        assert called, name
        assert set(called) <= PROGRAMS


def test_a_cluster_registers_every_worker() -> None:
    services = read(COMPOSE_FILES[1])["services"]
    workers = {name for name in services if name.startswith("worker-")}
    registered = set(re.findall(r"citus_add_node\('([^']+)'", str(services["register"])))

    assert len(workers) == 2
    assert registered == workers
    assert set(services["register"]["depends_on"]) == workers | {"coordinator"}


# --- the image -----------------------------------------------------------------------------------


def instructions(name: str) -> list[str]:
    """What stands behind each instruction of that name."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    return re.findall(rf"^{name} (.+)$", joined, re.MULTILINE)


def test_what_the_image_is_made_of_is_there_and_sent_to_the_builder() -> None:
    sent = [
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line.startswith("!")
    ]
    copied = [each for line in instructions("COPY") for each in line.split()[:-1]]

    assert copied
    for each in copied:
        assert (ROOT / each).exists(), each
        assert any(fnmatch.fnmatch(each, pattern) for pattern in sent), each


def test_the_image_starts_the_program_with_settings_that_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    variables = dict(each.split("=", 1) for each in instructions("ENV"))
    port = next(each.default for each in DESCRIPTIONS if each.name == "port")

    assert instructions("ENTRYPOINT") == ['["moyeu"]']
    assert "moyeu" in project["scripts"]
    assert instructions("CMD") == ['["serve"]']
    assert instructions("EXPOSE") == [str(port)]
    assert read_settings({}, variables).settings.host == "0.0.0.0"
    (python,) = re.findall(r"^FROM python:3\.(\d+)-", DOCKERFILE, re.MULTILINE)
    assert int(python) >= int(project["requires-python"].rpartition(".")[2])


def test_the_image_installs_what_the_lock_names_and_runs_as_somebody() -> None:
    runs = instructions("RUN")

    assert any("--require-hashes -r requirements/postgres.txt" in each for each in runs)
    assert any("--no-deps --no-build-isolation ." in each for each in runs)
    (user,) = instructions("USER")
    assert any(f" {user} " in each and each.startswith("useradd") for each in runs)
