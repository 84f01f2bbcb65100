"""Every conformance case against a running server, once per API version it applies to.

Where a run is about several engines, further ones answer each case in one version.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.runner import Case, Portal, read_cases, run
from tests.storage.engines import Engine, engines_of

CASES = read_cases(Path(__file__).parent)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Cases on the server of each engine."""
    first, *others = engines_of(metafunc.config)
    in_one_version = {case.id: case for case in CASES}.values()
    parameters = [_parameter(case, first) for case in CASES]
    parameters += [_parameter(case, other) for other in others for case in in_one_version]
    metafunc.parametrize(("case", "server"), parameters, indirect=["server"])


def _parameter(case: Case, engine: Engine) -> object:
    marks = [pytest.mark.skip(reason=case.skip)] if case.skip else []
    return pytest.param(case, engine, id=f"{case.id}@{case.version}, {engine.name}", marks=marks)


def test_the_server_answers_as_the_case_says(case: Case, portal: Portal) -> None:
    differences = run(case, portal)

    heading = f"{case.id} in {case.version} (rule {case.rule}, {case.evidence}: {case.source})"
    assert not differences, "\n".join([heading, *differences])
