"""COMPATIBILITY.md says what the cases say."""

from tools.compatibility import TARGET, render


def test_the_file_is_what_the_cases_and_the_endpoint_table_say() -> None:
    assert TARGET.read_text("utf-8") == render(), "run `make compatibility`"
