"""Every conformance case against a running server, once per API version it applies to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.runner import Case, Portal, read_cases, run

CASES = read_cases(Path(__file__).parent)


def _parameter(case: Case) -> object:
    marks = [pytest.mark.skip(reason=case.skip)] if case.skip else []
    return pytest.param(case, id=f"{case.id}@{case.version}", marks=marks)


@pytest.mark.parametrize("case", [_parameter(case) for case in CASES])
def test_the_server_answers_as_the_case_says(case: Case, portal: Portal) -> None:
    differences = run(case, portal)

    heading = f"{case.id} in {case.version} (rule {case.rule}, {case.evidence}: {case.source})"
    assert not differences, "\n".join([heading, *differences])
