"""The outcome of a run as a table for people and as JSON."""

import dataclasses
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.peers.measure import Figures, Phase, Verification
from bench.peers.peer import MOYEU, Subject

_COLUMNS = (
    "",
    "version",
    "rows",
    "concurrency",
    "records/s",
    "of moyeu",
    "server CPU ms/record",
    "client CPU ms/record",
    "answer ms, p50 / p99",
    "refused",
    "read back",
)


@dataclass(frozen=True)
class Row:
    """One peer: its figures, or the reason for which there are none."""

    subject: Subject
    rows: int | None
    figures: Figures | None = None
    reason: str | None = None


def machine() -> dict[str, object]:
    """What the figures depend on and a reader should see beside them."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_1_min": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def render_table(rows: Sequence[Row]) -> str:
    """A Markdown table, a line for each peer and concurrency, and what each of them promises.

    A peer without figures has one line, and its reason below instead of the promise.
    """
    base = next((row.figures for row in rows if row.subject.name == MOYEU), None)
    lines = [
        _COLUMNS,
        tuple("---" for _ in _COLUMNS),
        *(line for row in rows for line in _lines(row, base)),
    ]
    table = [f"| {' | '.join(cells)} |" for cells in lines]
    notes = [f"- {row.subject.name}: {_note(row)}" for row in rows]
    return "\n".join([*table, "", *notes])


def _lines(row: Row, base: Figures | None) -> Iterator[tuple[str, ...]]:
    start = (row.subject.name, row.subject.version, "–" if row.rows is None else f"{row.rows:,}")
    if row.figures is None:
        yield (*start, *("–" for _ in _COLUMNS[len(start) :]))
        return
    read_back = _verdict(row.figures.verification)
    for index, phase in enumerate(row.figures.phases):
        yield (*start, *_phase_cells(phase, base.phases[index] if base else None), read_back)


def _verdict(verification: Verification) -> str:
    if not verification.records:
        return "nothing is certain"
    verdict = f"{len(verification.wrong)} values wrong" if verification.wrong else "all right"
    return f"{verification.records} records, {verdict}"


def _phase_cells(phase: Phase, base: Phase | None) -> tuple[str, ...]:
    refused = ", ".join(f"{number} × {status}" for status, number in phase.refused.items())
    return (
        str(phase.concurrency),
        f"{phase.records_per_s:,.0f}",
        _figure(phase.records_per_s / base.records_per_s if base else None, 4),
        _figure(phase.server_cpu_ms_per_record, 3),
        _figure(phase.client_cpu_ms_per_record, 4),
        f"{_figure(phase.answer_ms_p50, 1)} / {_figure(phase.answer_ms_p99, 1)}",
        refused or "none",
    )


def _figure(number: float | None, digits: int) -> str:
    return "–" if number is None else f"{number:.{digits}f}"


def _note(row: Row) -> str:
    if row.figures is None:
        return f"not measured: {row.reason}"
    wrong = "".join(f"\n  - {difference}" for difference in row.figures.verification.wrong)
    return f"{row.subject.call}; {row.subject.promises}{wrong}"


def render_json(about: Mapping[str, object], rows: Sequence[Row]) -> str:
    """All that the table says, unrounded, with what is known about the run."""
    content = {**about, "peers": [dataclasses.asdict(row) for row in rows]}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
