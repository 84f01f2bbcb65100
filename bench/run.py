"""Measures batch updates over HTTP against the same storage work in a bare loop.

Creates, upserts, batch reads, lists, searches, associations and PostgreSQL, where it is installed,
have rows of their own.

    python bench/run.py                             about twelve minutes
    python bench/run.py --quick                     about two minutes
    python bench/run.py --postgres                  only what is measured over PostgreSQL
    python bench/run.py --large                     also a million records
    python bench/run.py --write docs/performance.md

Every run draws new ids and values from a new seed. Nothing asserts a time: the exit status is 1
only when an answer was a refusal or a value could not be read back. Needs Linux.
"""

import argparse
import datetime
import os
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

# As a script this file stands in the folder of its own package; with the repository's root in
# place of that folder it finds the package, whether the project is installed or not.
if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench import report
from bench.measure import Bench
from bench.results import Extent, Results
from bench.sections import replace_section

_WIDTH = 120


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; the exit status."""
    options = _parser().parse_args(arguments)
    rng_seed = int.from_bytes(os.urandom(8))
    progress = Console(stderr=True, highlight=False)
    # A file or a pipe has no width; a terminal folds what is wider than itself.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    about = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", "bench/run.py", *(arguments or sys.argv[1:])]),
        **report.machine(),
        "load before": f"{os.getloadavg()[0]:.2f}",
        "seed": str(rng_seed),
    }
    for name, text in about.items():
        console.print(f"{name:12} {text}", markup=False)
    bench = Bench(_extent(options), random.Random(rng_seed), progress.print)
    if options.postgres:
        results = bench.run_postgres()
        report.print_postgres(results.postgres, console)
    else:
        results = bench.run()
        report.print_tables(results, console)
    if options.json is not None:
        options.json.write_text(report.render_json(results, about))
    if options.write is not None:
        _write(options, results, about)
    for difference in results.wrong:
        progress.print(difference, markup=False)
    return int(bool(results.refused or results.wrong))


def _write(options: argparse.Namespace, results: Results, about: Mapping[str, str]) -> None:
    if not options.postgres:
        replace_section(options.write, "bench", report.render_markdown(results, about))
    tables = report.render_postgres_markdown(results.postgres, about)
    replace_section(options.write, "bench-postgres", tables)


def _extent(options: argparse.Namespace) -> Extent:
    if options.quick:
        return Extent(
            records=100_000,
            rounds=2,
            batches=60,
            growth_records=(),
            growth_rounds=0,
            read_rounds=2,
            call_rounds=2,
            call_batches=40,
            stages=False,
            search_records=(10_000,),
            search_rounds=2,
            searches=20,
            beside_records=10_000,
            beside_rounds=2,
            beside_batches=500,
            link_records=100_000,
            link_rounds=2,
            link_batches=20,
            postgres_workers=(1, 2),
            postgres_rounds=2,
            postgres_batches=40,
            neighbours=200,
            neighbour_records=5_000,
            neighbour_rounds=2,
            neighbour_batches=30,
        )
    return Extent(
        records=100_000,
        rounds=7,
        batches=200,
        growth_records=(10_000, 1_000_000) if options.large else (10_000, 100_000),
        growth_rounds=7,
        read_rounds=4,
        call_rounds=5,
        call_batches=100,
        stages=True,
        search_records=(10_000, 100_000, 1_000_000) if options.large else (10_000, 100_000),
        search_rounds=5,
        searches=50,
        beside_records=100_000,
        beside_rounds=5,
        beside_batches=1_000,
        link_records=100_000,
        link_rounds=5,
        link_batches=50,
        postgres_workers=(1, 2, 4),
        postgres_rounds=7,
        postgres_batches=200,
        neighbours=1_000,
        neighbour_records=20_000,
        neighbour_rounds=7,
        neighbour_batches=100,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="few rounds, no growth, no stages")
    parser.add_argument("--large", action="store_true", help="growth to a million records")
    parser.add_argument("--postgres", action="store_true", help="only what is over PostgreSQL")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--write", type=Path, help="its sections `bench…` get the tables")
    return parser


if __name__ == "__main__":
    sys.exit(main())
