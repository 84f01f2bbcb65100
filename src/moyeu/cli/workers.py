"""Several processes that serve one listening socket: started, watched, replaced.

The parent holds the socket and nothing else; every worker accepts from the same queue, so that a
connection that waits there is taken by another one when a worker ends. Workers are started, not
forked: the parent has no state to share but the socket.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from moyeu.cli.exits import REFUSED
from moyeu.cli.worker_line import DRAIN, HELD_SIGNALS

_LOG: Final = logging.getLogger("moyeu.workers")


@dataclass(frozen=True, slots=True)
class WorkerTimes:
    """How patient the parent is, in seconds.

    ready: for a worker's first answer. steady: a worker that answered so long is replaced at once;
    one that ended sooner after a pause, which doubles from pause_min to pause_max. drain: for the
    end of a worker that was asked to end, beyond what its requests are granted.
    """

    ready: float = 60.0
    steady: float = 10.0
    pause_min: float = 0.1
    pause_max: float = 30.0
    drain: float = 30.0

    def pause_after(self, quick_ends: int) -> float:
        """How long to wait after so many ends in a row that came too soon."""
        if quick_ends == 0:
            return 0.0
        return min(self.pause_max, self.pause_min * 2.0 ** min(quick_ends - 1, 30))


class Worker:
    """A process that was started and is watched; made within a running loop.

    command: starts it, with the numbers of two open files behind it: the listening socket and its
    line. order: a line that it reads first.
    told: what it said once it answered; None when it ended before. ended: its exit code, negative
    for a signal.
    Raises OSError when the system gives no process.
    """

    def __init__(self, command: Sequence[str], order: bytes, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self.told: asyncio.Future[bytes | None] = self._loop.create_future()
        self.ended: asyncio.Future[int] = self._loop.create_future()
        self.ready_at = 0.0
        self._said = b""
        self._line, theirs = socket.socketpair()
        files = (listener.fileno(), theirs.fileno())
        try:
            with theirs, _held_signals():
                self._process = subprocess.Popen(  # noqa: S603 — a command of our own
                    [*command, *map(str, files)], stdin=subprocess.DEVNULL, pass_fds=files
                )
        except OSError:
            self._line.close()
            raise
        self.pid = self._process.pid
        self._loop.add_reader(self._line, self._hear)
        self._say(order)

    @property
    def answers(self) -> bool:
        """Whether it answers requests."""
        return not self.ended.done() and self.told.done() and self.told.result() is not None

    def drain(self) -> None:
        """Asks it to end when the requests at hand are answered."""
        self._say(DRAIN)

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()

    def _say(self, text: bytes) -> None:
        # Of one that is gone `ended` tells.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._line.sendall(text)

    def _hear(self) -> None:
        try:
            said = self._line.recv(4096)
        except ConnectionResetError:
            said = b""
        if not said:
            self._loop.remove_reader(self._line)
            self._reap()
            return
        self._said += said
        if self._said.endswith(b"\n") and not self.told.done():
            self.ready_at = self._loop.time()
            self.told.set_result(self._said)

    def _reap(self) -> None:
        """Its line has ended, so it is about to end, or has."""
        code = self._process.poll()
        if code is None:
            self._loop.call_later(0.01, self._reap)
            return
        self._line.close()
        if not self.told.done():
            self.told.set_result(None)
        self.ended.set_result(code)


class Workers:
    """Keeps so many workers until a signal comes.

    start: starts one. listener: the bound socket that they accept from. on_ready: called with what
    the first one told, once all of them answer.
    """

    def __init__(
        self,
        start: Callable[[], Worker],
        count: int,
        listener: socket.socket,
        on_ready: Callable[[bytes], None],
        times: WorkerTimes | None = None,
    ) -> None:
        self._start = start
        self._count = count
        self._listener = listener
        self._on_ready = on_ready
        self._times = times or WorkerTimes()
        self._alive: set[Worker] = set()
        self._stopping = asyncio.Event()
        self._hangup = asyncio.Event()
        self._forced = False
        self._exit_code = 0

    def run(self) -> int:
        """Serve until stopped; the exit code. In the main thread, once.

        SIGINT and SIGTERM let all workers end gracefully: 0. A second one ends them at once: 128
        and the signal's number. SIGHUP replaces all workers, one after the other; when a new one
        does not become ready, those that run stay.
        When a worker does not become ready at first: its exit code, or 1 for one that has none.
        """
        return asyncio.run(self._run())

    async def _run(self) -> int:
        with self._signals(), self._listener:
            serving = asyncio.create_task(self._serve())
            stopping = asyncio.create_task(self._stopping.wait())
            try:
                await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
                if serving.done():
                    await serving
            except _NotReadyError as error:
                _LOG.critical("%s; not served", error)
                self._exit_code = self._exit_code or error.exit_code
            finally:
                for each in (serving, stopping):
                    each.cancel()
                await asyncio.wait((serving, stopping))
                # As long as one process has it, a connection may wait there, for nobody.
                self._listener.close()
                await self._end(self._alive)
        return self._exit_code

    async def _serve(self) -> None:
        # One before the others: what it finds wrong is then told once.
        first = await self._started()
        others = [asyncio.create_task(self._started()) for _ in range(self._count - 1)]
        try:
            workers = [first, *await asyncio.gather(*others)]
        finally:
            for each in others:
                each.cancel()
        told = first.told.result()
        assert told is not None
        self._on_ready(told)
        places = [_Place(each) for each in workers]
        async with asyncio.TaskGroup() as group:
            for place in places:
                group.create_task(self._keep(place))
            group.create_task(self._replace_when_asked(places))

    async def _started(self) -> Worker:
        """A worker that answers. Raises _NotReadyError for one that did not come to that."""
        try:
            worker = self._start()
        except OSError as error:
            raise _NotReadyError(f"no process could be started: {error}") from error
        self._alive.add(worker)
        worker.ended.add_done_callback(lambda _: self._alive.discard(worker))
        await asyncio.wait((worker.told,), timeout=self._times.ready)
        if worker.answers:
            return worker
        is_slow = not worker.told.done()
        worker.kill()
        code = await asyncio.shield(worker.ended)
        if is_slow:
            raise _NotReadyError(f"worker {worker.pid} did not answer in {self._times.ready:g} s")
        raise _NotReadyError(f"worker {worker.pid} {_ending(code)} before it answered", code)

    # -- replacing ------------------------------------------------------------------------------

    async def _keep(self, place: "_Place") -> None:
        """Puts another worker in the place of each that ends unasked."""
        while True:
            worker = place.worker
            await asyncio.wait((worker.ended,))
            async with place.changing:
                if place.worker is worker:
                    await self._refill(place)

    async def _refill(self, place: "_Place") -> None:
        worker = place.worker
        what = f"worker {worker.pid} {_ending(worker.ended.result())}"
        loop = asyncio.get_running_loop()
        if loop.time() - worker.ready_at >= self._times.steady:
            place.quick_ends = 0
        while True:
            pause_s = self._times.pause_after(place.quick_ends)
            _LOG.warning("%s; another one starts in %g s", what, pause_s)
            await asyncio.sleep(pause_s)
            place.quick_ends += 1
            try:
                place.worker = await self._started()
            except _NotReadyError as error:
                what = str(error)
            else:
                return

    async def _replace_when_asked(self, places: Sequence["_Place"]) -> None:
        while True:
            await self._hangup.wait()
            self._hangup.clear()
            await self._replace_all(places)

    async def _replace_all(self, places: Sequence["_Place"]) -> None:
        for number, place in enumerate(places):
            async with place.changing:
                try:
                    new = await self._started()
                except _NotReadyError as error:
                    _LOG.error(
                        "%s; %d of %d workers are replaced, the others stay",
                        error,
                        number,
                        len(places),
                    )
                    return
                old, place.worker = place.worker, new
                place.quick_ends = 0
            _LOG.info("worker %d takes the place of %d", new.pid, old.pid)
            # One at a time: a database server has connections for one process more, not for all.
            await self._end({old})
        _LOG.info("all %d workers are replaced", len(places))

    # -- ending ---------------------------------------------------------------------------------

    async def _end(self, workers: set[Worker]) -> None:
        """Lets workers end gracefully while they may; at once those that do not answer."""
        ending = {each.ended for each in workers if not each.ended.done()}
        for each in tuple(workers):
            if each.answers and not self._forced:
                each.drain()
            elif not each.ended.done():
                each.kill()
        if not ending:
            return
        _, late = await asyncio.wait(ending, timeout=self._times.drain)
        for each in tuple(workers):
            if each.ended in late:
                _LOG.error("worker %d does not end and is killed", each.pid)
                each.kill()
        if late:
            await asyncio.wait(late)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) for number in HELD_SIGNALS}
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._hangup.set)
        try:
            yield
        finally:
            for number, handler in before.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)

    def _on_stop(self, number: signal.Signals) -> None:
        if not self._stopping.is_set():
            self._stopping.set()
            return
        self._forced = True
        self._exit_code = self._exit_code or 128 + number
        for each in tuple(self._alive):
            each.kill()


@dataclass(eq=False, slots=True)
class _Place:
    """One of the workers that there shall be; `changing` is held by who puts another one there.

    quick_ends: how many workers in a row ended here soon after they had begun.
    """

    worker: Worker
    quick_ends: int = 0
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)


class _NotReadyError(Exception):
    """A worker did not come to answer; with its exit code."""

    def __init__(self, text: str, code: int = REFUSED) -> None:
        super().__init__(text)
        self.exit_code = code if code > 0 else REFUSED


def _ending(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with {code}"


@contextlib.contextmanager
def _held_signals() -> Iterator[None]:
    """Signals wait meanwhile; a process that is started then has them blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
