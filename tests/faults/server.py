"""A server in a child process, and clients that load it over HTTP."""

import contextlib
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tests.faults.databases import Database, address
from tests.faults.ledger import Batch, Ledger, Link, Sent, Verb
from tests.faults.portal import COMPANIES_ID, CONTACTS_ID, PIPELINE, TOKEN, TYPE_NAMES
from tests.faults.questions import Question

ROOT = Path(__file__).parents[2]
START_MAX_S = 15.0
"""Far more than a start or restart takes, for a machine on which others work too."""
ANSWER_MAX_S = 15.0
LOCKED = 423
"""Of a write whose turn did not come in time."""
PREFIXES = ("/crm/v3/objects", "/crm/objects/2026-03", "/crm/objects/2026-09")
PIPELINE_PREFIXES = ("/crm/v3/pipelines", "/crm/pipelines/2026-03", "/crm/pipelines/2026-09")
ASSOCIATION_PREFIXES = (
    "/crm/v4/associations",
    "/crm/associations/2026-03",
    "/crm/associations/2026-09",
)
LIST_PREFIXES = ("/crm/v3/lists", "/crm/lists/2026-03", "/crm/lists/2026-09")
STATUSES: Mapping[Verb, tuple[int, ...]] = {
    "update": (200,),
    "create": (201,),
    "upsert": (200,),
    "merge": (200,),
    "archive": (204,),
    "erase": (204,),
    "join": (200,),
    "leave": (200,),
    "add_stage": (201,),
    "remove_stage": (204,),
    "add_label": (200,),
    "remove_label": (204,),
    "associate": (201, 200),
    "associate_default": (200,),
    "dissociate": (204, 200),
    "dissociate_types": (204, 200),
}
"""Of the answer that acknowledges a batch; versions differ."""
_HEADERS = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}


class ServerProcess:
    """The server on one database; `start` again after it has ended.

    wrapper: the beginning of the command line, such as `strace …`. log: needed where the database
    is no file. flags: of the command, beside the usual ones.
    """

    def __init__(
        self,
        database: Database,
        wrapper: Sequence[str] = (),
        log: Path | None = None,
        flags: Sequence[str] = (),
    ) -> None:
        self.database = database
        self.port = _free_port()
        self._wrapper = wrapper
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None
        self.log = log or Path(database).with_name("server.log")
        self.temporary = self.log.with_name("temporary")
        """Where it may put files that are gone with it."""
        self.temporary.mkdir(exist_ok=True)

    def start(self, fault: str | None = None, count: int = 1) -> None:
        """Starts it and waits until it answers; how long that may take is part of the promise."""
        command = [*_command(fault, count), *self._serve()]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._wrapper, *command],
                cwd=self.log.parent,
                env=_environment() | {"SQLITE_TMPDIR": str(self.temporary)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._await_answer()

    def _serve(self) -> list[str]:
        # With few pages, checkpoints fall into every test.
        return [
            *("serve", "--database", address(self.database)),
            *("--port", str(self.port), "--wal-checkpoint-pages", "200"),
            *self._flags,
        ]

    def _await_answer(self) -> None:
        deadline_s = time.monotonic() + START_MAX_S
        while time.monotonic() < deadline_s:
            assert self.process.poll() is None, self.log.read_text()
            try:
                connection = connect(self.port)
                connection.request("GET", "/crm/v3/objects/contacts?limit=1", headers=_HEADERS)
                answer = connection.getresponse()
                answer.read()
                connection.close()
            except OSError:
                time.sleep(0.02)
                continue
            assert answer.status == 200, answer.status
            return
        raise AssertionError(f"no answer within {START_MAX_S} s\n{self.log.read_text()}")

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running or ended process."""
        assert self._process is not None
        return self._process

    def kill(self) -> None:
        """`kill -9` of the process and all that it started."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.exit_code()

    def exit_code(self) -> int:
        """Waits for the end."""
        return self.process.wait(timeout=ANSWER_MAX_S)

    def __enter__(self) -> "ServerProcess":
        return self

    def __exit__(self, *_unused: object) -> None:
        self.kill()


@contextlib.contextmanager
def servers_on(database: Database, folder: Path) -> Iterator[tuple[int, ...]]:
    """The ports of servers on one database: two of them, where several may have it open."""
    names = ("one", "other") if isinstance(database, str) else ("one",)
    with contextlib.ExitStack() as ends:
        ports = []
        for each in names:
            (folder / each).mkdir()
            server = ServerProcess(database, log=folder / each / "server.log")
            ends.enter_context(server)
            server.start()
            ports.append(server.port)
        yield tuple(ports)


def _command(fault: str | None, count: int) -> list[str]:
    if fault is None:
        return [str(Path(sys.executable).with_name("moyeu"))]
    return [sys.executable, "-m", "tests.faults.launcher", fault, str(count)]


def _environment() -> dict[str, str]:
    """Without settings of the person who runs the tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MOYEU_")}
    return kept | {"PYTHONPATH": str(ROOT)}


def run_command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A `moyeu` command that ends by itself."""
    return subprocess.run(
        [*_command(None, 0), *arguments],
        cwd=cwd,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=ANSWER_MAX_S,
        check=False,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def connect(port: int) -> http.client.HTTPConnection:
    """A connection to a server on loopback."""
    return http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_MAX_S)


def call(
    connection: http.client.HTTPConnection,
    path: str,
    body: object,
    method: str = "POST",
    token: str = TOKEN,
) -> tuple[int, dict[str, object]]:
    """Status and body of an answer; body: None where none is sent."""
    text = None if body is None else json.dumps(body)
    connection.request(method, path, text, {**_HEADERS, "authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    received = answer.read()
    content: dict[str, object] = json.loads(received) if received.startswith(b"{") else {}
    return answer.status, content


class Writer(Protocol):
    """Knows what to send next."""

    def next_batch(self) -> Batch:
        """A batch that was never sent before."""
        ...

    def applied(self, batch: Batch) -> None:
        """The batch was acknowledged."""
        ...

    def question(self, batch: Batch) -> Question | None:
        """What has to be seen after this batch, the last one; None for nothing to ask."""
        ...


class Fleet:
    """Clients that write until they are stopped, the server goes away or all is sent.

    A thread each. ports: of one server or several, which clients take in turn. batches_max: of each
    client. server_stays: the server goes on, though its database may not: it has to answer
    everything, and a client ends when it is answered 5xx, as it knows no longer what there is.
    """

    def __init__(
        self,
        ports: int | Sequence[int],
        clients: Sequence[Writer],
        ledger: Ledger,
        batches_max: int = 1_000_000,
        *,
        server_stays: bool = False,
    ) -> None:
        ports = (ports,) if isinstance(ports, int) else ports
        self._batches_max = batches_max
        self._ledger = ledger
        self._server_stays = server_stays
        self._stopped = threading.Event()
        self.questions_cut = 0
        """Questions whose answer did not come, of all clients."""
        self._count_lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=each)
            for each in zip(clients, itertools.cycle(ports), strict=False)
        ]

    def start(self) -> None:
        """Lets all clients write."""
        for each in self._threads:
            each.start()

    def stop(self) -> None:
        """Asks the clients to end after their answer."""
        self._stopped.set()

    def join(self) -> None:
        """Waits until every client has ended."""
        for each in self._threads:
            each.join(ANSWER_MAX_S + 5)
            assert not each.is_alive()

    def _run(self, client: Writer, port: int) -> None:
        connection = connect(port)
        knows_all = True
        for _ in range(self._batches_max):
            if self._stopped.is_set():
                break
            batch = client.next_batch()
            self._ledger.intend(batch)
            try:
                status, answer = call(connection, *_request(batch))
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._ledger.lose(batch, repr(error))
                if self._server_stays:
                    self._ledger.complain(f"{batch.name} was not answered: {error!r}")
                break
            if not self._note(batch, status, answer):
                knows_all = False
                if status >= 500 and self._server_stays:
                    break
                continue
            client.applied(batch)
            question = client.question(batch) if knows_all else None
            if question is not None and not self._ask(connection, question):
                break
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, question: Question) -> bool:
        """Compares the answer; whether there was one."""
        # A server that ends answers 503; one whose database is away may answer 500.
        excused = (500, 503) if self._server_stays else (503,)
        try:
            complaint = ask(connection, question, excused)
        except (OSError, http.client.HTTPException, ValueError):
            with self._count_lock:
                self.questions_cut += 1
            return False
        if complaint is not None:
            self._ledger.complain(complaint)
        return True

    def _note(self, batch: Batch, status: int, answer: dict[str, Any]) -> bool:
        """Enters the answer; whether it was an acknowledgement."""
        ids = _answered_ids(batch, answer)
        is_whole = len(ids) == _ids_awaited(batch) and not answer.get("recordIdsMissing")
        if status in STATUSES[batch.verb] and is_whole:
            self._ledger.acknowledge(batch, ids)
            return True
        if status >= 500:
            self._ledger.lose(batch, str(status))
            if self._server_stays and not answer.get("correlationId"):
                self._ledger.complain(f"{batch.name} was answered {status} without an id: {answer}")
            return False
        self._ledger.refuse(batch, str(status))
        if not (self._server_stays and status == LOCKED):
            self._ledger.complain(f"{batch.name} was answered {status}: {str(answer)[:500]}")
        return False


def ask(
    connection: http.client.HTTPConnection, question: Question, excused: Iterable[int] = ()
) -> str | None:
    """What is wrong with the answer to a question. excused: statuses that are no answer."""
    status, answer = call(connection, *question.request())
    if status in excused:
        return None
    return question.complaint(answer) if status == 200 else f"{question}: {status} {answer}"


def check_answers(port: int, questions: Iterable[Question]) -> None:
    """AssertionError with every answer that is not as it should be; there must be questions."""
    connection = connect(port)
    complaints = [ask(connection, each) for each in questions]
    connection.close()
    assert complaints
    assert not any(complaints), "\n".join(filter(None, complaints))


def _ids_awaited(batch: Batch) -> int:
    return {"merge": 1, "add_label": 2}.get(batch.verb, len(batch.inputs))


def _answered_ids(batch: Batch, answer: dict[str, Any]) -> list[int]:
    results = [answer] if batch.verb == "merge" else answer.get("results", [])
    if batch.verb == "add_label":
        # The type of the other direction comes first.
        return [each["typeId"] for each in reversed(results)]
    return [int(each["id"]) for each in results if "id" in each]


def _request(batch: Batch) -> tuple[str, object, str]:
    """Path, body and method; versions take turns."""
    turn = len(batch.name + "".join(each.mark for each in batch.inputs)) % len(PREFIXES)
    if batch.links or batch.verb in ("add_label", "remove_label"):
        return _association_request(batch, ASSOCIATION_PREFIXES[turn])
    objects = f"{PREFIXES[turn]}/{TYPE_NAMES[batch.type_id]}"
    stages = f"{PIPELINE_PREFIXES[turn]}/{TYPE_NAMES[batch.type_id]}/{PIPELINE}/stages"
    match batch.verb:
        case "create" | "update" | "upsert":
            inputs = [_given(each) for each in batch.inputs]
            return f"{objects}/batch/{batch.verb}", {"inputs": inputs}, "POST"
        case "merge":
            primary, other = map(str, batch.record_ids)
            named = {"primaryObjectId": primary, "objectIdToMerge": other}
            return f"{objects}/merge", named, "POST"
        case "archive":
            return (
                f"{objects}/batch/archive",
                {"inputs": [{"id": str(each)} for each in batch.record_ids]},
                "POST",
            )
        case "erase":
            return f"{objects}/gdpr-delete", {"objectId": str(batch.record_ids[0])}, "POST"
        case "join" | "leave":
            change = "add" if batch.verb == "join" else "remove"
            path = f"{LIST_PREFIXES[turn]}/{batch.list_id}/memberships/{change}"
            return path, [str(each) for each in batch.record_ids], "PUT"
        case "add_stage":
            text = batch.definition
            stage = {"stageId": text, "label": text, "displayOrder": 9, "metadata": {}}
            return stages, stage, "POST"
        case "remove_stage":
            query = "?validateReferencesBeforeDelete=true"
            return f"{stages}/{batch.definition}{query}", None, "DELETE"
        case _:
            raise AssertionError(batch.verb)


_ASSOCIATION_PATHS: Mapping[Verb, str] = {
    "associate": "batch/create",
    "associate_default": "batch/associate/default",
    "dissociate": "batch/archive",
    "dissociate_types": "batch/labels/archive",
}


def _association_request(batch: Batch, prefix: str) -> tuple[str, object, str]:
    other_id = COMPANIES_ID if batch.type_id == CONTACTS_ID else CONTACTS_ID
    pair = f"{prefix}/{TYPE_NAMES[batch.type_id]}/{TYPE_NAMES[other_id]}"
    if batch.verb == "add_label":
        text = batch.definition
        label = {"name": text, "label": f"{text} of", "inverseLabel": f"{text} at"}
        return f"{pair}/labels", label, "POST"
    if batch.verb == "remove_label":
        return f"{pair}/labels/{batch.label_id}", None, "DELETE"
    inputs = [_linked(batch, each) for each in batch.links]
    return f"{pair}/{_ASSOCIATION_PATHS[batch.verb]}", {"inputs": inputs}, "POST"


def _linked(batch: Batch, link: Link) -> dict[str, object]:
    is_forth = batch.type_id == CONTACTS_ID
    ends = [{"id": str(each)} for each in link[:2]]
    near, far = ends if is_forth else ends[::-1]
    if batch.verb == "dissociate":
        return {"from": near, "to": [far]}
    if batch.verb == "associate_default":
        return {"from": near, "to": far}
    types = [
        {
            "associationCategory": each.category,
            "associationTypeId": each.forth if is_forth else each.back,
        }
        for each in link.ways
    ]
    return {"from": near, "to": far, "types": types}


def _given(each: Sent) -> dict[str, object]:
    given: dict[str, object] = {"properties": each.given.properties}
    if each.given.id:
        given["id"] = each.given.id
    if each.given.id_property is not None:
        given["idProperty"] = each.given.id_property
    if each.given.trace_id is not None:
        given["objectWriteTraceId"] = each.given.trace_id
    if each.given.associations:
        given["associations"] = [
            {
                "to": {"id": one.to_id},
                "types": [
                    {"associationCategory": spec.category, "associationTypeId": spec.type_id}
                    for spec in one.types
                ],
            }
            for one in each.given.associations
        ]
    return given


def wait_for(condition: Callable[[], bool], timeout_s: float = ANSWER_MAX_S) -> None:
    """Looks again and again until it is so."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it did not come to that"
        time.sleep(0.01)
