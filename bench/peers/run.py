"""Measures peers of Moyeu, and Moyeu beside them, with one job on one machine in one run.

    python bench/peers/run.py --out var/peers/result.json --write docs/performance.md
    python bench/peers/run.py --moyeu-url http://127.0.0.1:8080 --moyeu-token T --moyeu-pid 4711

The job is 100 record updates with seven changed properties each, random ids and values from a
new seed in every run. Peers are installed into var/peers/ the first time (Directus compiles its
SQLite driver, which takes minutes); afterwards a run takes about a minute and a half. A peer that
cannot be installed or started has the reason in its row. The exit status is 1 if a value that a
peer had accepted could not be read back, 0 otherwise. Needs Linux.
"""

import argparse
import datetime
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# As a script this file stands in the folder of its own package; with the repository's root in
# place of that folder it finds the package, whether the project is installed or not.
if not __package__:
    sys.path[0] = str(ROOT)

from bench.peers import failure, peer_moyeu, report  # noqa: E402 - after the line above
from bench.peers.measure import measure  # noqa: E402
from bench.peers.peer import Peer, Stage  # noqa: E402
from bench.peers.peer_datasette import DATASETTE  # noqa: E402
from bench.peers.peer_directus import DIRECTUS  # noqa: E402
from bench.peers.peer_json_server import JSON_SERVER  # noqa: E402
from bench.peers.report import Row  # noqa: E402
from bench.sections import replace_section  # noqa: E402

PEERS = (DATASETTE, DIRECTUS, JSON_SERVER)
HOME = ROOT / "var" / "peers"
ROWS = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses the command line, measures, prints the table; the exit status."""
    options = _parser().parse_args(arguments)
    seed = random.SystemRandom().getrandbits(64)
    about = {
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "machine": report.machine(),
    }
    rows = []
    for row in _measured(options, random.Random(seed)):
        print(f"{row.subject.name}: {row.reason or 'measured'}", file=sys.stderr)
        rows.append(row)
    print(report.render_table(rows))
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(report.render_json(about, rows))
    if options.write is not None:
        machine = ", ".join(f"{name} {each}" for name, each in report.machine().items())
        text = f"{about['at']}; {machine}\n\n{report.render_table(rows)}"
        replace_section(options.write, "peers", text)
    return int(any(row.figures is not None and row.figures.verification.wrong for row in rows))


def _parser() -> argparse.ArgumentParser:
    names = [peer.subject.name for peer in PEERS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, help="write the figures to this file as JSON")
    parser.add_argument("--write", type=Path, help="the section `peers` of this document")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows of a peer ({ROWS})")
    parser.add_argument("--only", nargs="*", choices=names, default=names, help="these peers")
    parser.add_argument("--moyeu-url", help="the Moyeu at http://host:port, not one of its own")
    parser.add_argument("--moyeu-token", default="", help="a token for its partner services")
    parser.add_argument("--moyeu-pid", type=int, help="its process, to know its CPU time")
    return parser


def _measured(options: argparse.Namespace, rng: random.Random) -> Iterator[Row]:
    """A row for Moyeu and for each chosen peer, as soon as it is known."""
    if options.moyeu_url is None:
        yield _measure_own_moyeu(options, rng)
    else:
        yield _measure_moyeu(options, rng)
    for peer in PEERS:
        if peer.subject.name in options.only:
            yield _measure_peer(peer, options.rows, rng)


def _measure_own_moyeu(options: argparse.Namespace, rng: random.Random) -> Row:
    HOME.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="moyeu-", dir=HOME))
    try:
        with peer_moyeu.started(folder, options.rows) as moyeu:
            target = peer_moyeu.target(moyeu, ids_max=options.rows)
            return Row(peer_moyeu.SUBJECT, len(target.ids), measure(target, rng))
    except failure.EXPECTED as happened:
        return Row(peer_moyeu.SUBJECT, None, reason=failure.reason(happened))
    finally:
        shutil.rmtree(folder)


def _measure_moyeu(options: argparse.Namespace, rng: random.Random) -> Row:
    try:
        moyeu = peer_moyeu.Running(
            peer_moyeu.parse_address(options.moyeu_url), options.moyeu_token, options.moyeu_pid
        )
        target = peer_moyeu.target(moyeu, ids_max=options.rows)
        return Row(peer_moyeu.SUBJECT, len(target.ids), measure(target, rng))
    except failure.EXPECTED as happened:
        return Row(peer_moyeu.SUBJECT, None, reason=failure.reason(happened))


def _measure_peer(peer: Peer, rows_asked: int, rng: random.Random) -> Row:
    rows = rows_asked if peer.rows_max is None else min(rows_asked, peer.rows_max)
    installed = HOME / peer.subject.name
    installed.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=installed))
    try:
        peer.install(installed, peer.subject.name, peer.subject.version)
        with peer.started(Stage(installed, folder, rows, rng)) as target:
            return Row(peer.subject, rows, measure(target, rng))
    except failure.EXPECTED as happened:
        return Row(peer.subject, None, reason=failure.reason(happened))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
