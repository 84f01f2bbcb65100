"""Folding the history of a record into its properties."""

from moyeu.crm.history import RecordWrite, fold_history

MODIFIED = "hs_lastmodifieddate"


def write(number: int, at_ms: int, changed: dict[str, str]) -> RecordWrite:
    """One entry."""
    return RecordWrite(number, "0-164", 1, 0, at_ms, changed, "INTEGRATION", "77", None, "c", None)


def test_no_writes_make_no_properties() -> None:
    assert fold_history([], MODIFIED) == {}


def test_later_writes_win_and_others_stay() -> None:
    writes = [
        write(1, 0, {"a": "1", "b": "1"}),
        write(2, 1_500, {"b": "2", "c": "2"}),
        write(3, 2_000, {"c": ""}),
    ]

    assert fold_history(writes, MODIFIED) == {
        "a": "1",
        "b": "2",
        "c": "",
        MODIFIED: "1970-01-01T00:00:02Z",
    }


def test_the_time_of_change_is_that_of_the_last_entry() -> None:
    writes = [write(1, 0, {"a": "1"}), write(2, 1_500, {})]

    assert fold_history(writes, MODIFIED)[MODIFIED] == "1970-01-01T00:00:01.500Z"
