"""`moyeu export --type` and `moyeu import --type`: records as CSV."""

import csv
import io
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.cli.csv_files import read_rows, read_titles, row_writer, sniff_delimiter
from moyeu.operations.tables import bare_cell, guard_cell
from tests.cli.conftest import Ended, Moyeu


@pytest.fixture
def portal(moyeu: Moyeu) -> str:
    """The id of an empty portal."""
    return str(moyeu("portal", "create", "--json").json["id"])


def load(moyeu: Moyeu, portal: str, object_type: str, *documents: dict[str, str]) -> None:
    """Adds records."""
    lines = [json.dumps({"objectType": object_type, "properties": each}) for each in documents]
    Path("records.jsonl").write_text("\n".join(lines))
    assert moyeu("load", "records.jsonl", "--portal", portal).code == 0


def imported(
    moyeu: Moyeu, portal: str, text: str, *flags: str, object_type: str = "contacts"
) -> Ended:
    """An import of a table."""
    Path("in.csv").write_bytes(text.encode())
    return moyeu("import", "in.csv", "--portal", portal, "--type", object_type, *flags)


def rows_of(moyeu: Moyeu, portal: str, properties: str, object_type: str = "contacts") -> list[str]:
    """The active records as lines of a table, without the titles."""
    flags = ("--type", object_type, "--properties", properties, "--force")
    assert moyeu("export", portal, "rows.csv", *flags).code == 0
    return Path("rows.csv").read_text().splitlines()[1:]


# --- out -------------------------------------------------------------------------------------


def test_active_records_become_rows_of_all_that_can_be_set(moyeu: Moyeu, portal: str) -> None:
    load(
        moyeu,
        portal,
        "products",
        {"name": "Apple, red", "price": "-5"},
        {"name": "=cmd", "description": 'two\nlines "quoted"'},
    )

    ended = moyeu("export", portal, "out.csv", "--type", "products")

    assert (ended.code, ended.out, ended.err) == (0, "exported: 2 products\n", "")
    titles, *rows = csv.reader(io.StringIO(Path("out.csv").read_bytes().decode(), newline=""))
    ids = [row[0] for row in rows]
    assert titles == ["hs_object_id", "createdate", "description", "name", "price"]
    assert [row[2:] for row in rows] == [
        ["", "Apple, red", "-5"],
        ['two\nlines "quoted"', "'=cmd", ""],
    ]
    assert ids == sorted(ids, key=int)


def test_columns_may_be_chosen_read_only_ones_too(moyeu: Moyeu, portal: str) -> None:
    load(moyeu, portal, "contacts", {"email": "a@example.com", "phone": "+39 1"})

    flags = ("--type", "contacts", "--properties", "phone,email", "--properties", "city")
    moyeu("export", portal, "out.csv", *flags)

    assert Path("out.csv").read_bytes() == b"phone,email,city\r\n'+39 1,a@example.com,\r\n"


def test_a_mapping_gives_the_titles(moyeu: Moyeu, portal: str) -> None:
    load(moyeu, portal, "contacts", {"email": "a@example.com", "city": "Turin"})
    Path("map.toml").write_text('[columns]\n"E-mail" = "email"\n"=Town" = "city"\nskip = ""\n')

    moyeu("export", portal, "out.csv", "--type", "contacts", "--mapping", "map.toml", "--bom")

    assert Path("out.csv").read_bytes() == (b"\xef\xbb\xbfE-mail,'=Town\r\na@example.com,Turin\r\n")


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (("--type", "cats"), 1, "the portal has no object type 'cats'"),
        (("--type", "contacts", "--properties", "a"), 1, "the object type has no property 'a'"),
        (("--type", "contacts", "--mapping", "gone.toml"), 2, "gone.toml cannot be read"),
        (
            ("--type", "contacts", "--mapping", "m.toml", "--properties", "email"),
            2,
            "give either --properties or --mapping",
        ),
    ],
)
def test_what_cannot_be_exported_is_refused(
    moyeu: Moyeu, portal: str, flags: tuple[str, ...], code: int, words: str
) -> None:
    ended = moyeu("export", portal, "out.csv", *flags)

    assert ended.code == code
    assert ended.err.startswith(f"moyeu: {words}")
    assert not list(Path().glob("out.csv*"))


# --- in --------------------------------------------------------------------------------------


def test_each_row_makes_a_record(moyeu: Moyeu, portal: str) -> None:
    text = "\ufeffemail;First Name;Phone Number\r\na@example.com;'=Ada;\r\n;;\r\nb@example.com;Bob"

    ended = imported(moyeu, portal, text)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "imported: 2 created, 0 updated, 0 refused\n"
    assert rows_of(moyeu, portal, "email,firstname,phone") == [
        "a@example.com,'=Ada,",
        "b@example.com,Bob,",
    ]
    Path("records.jsonl").write_text("")
    shown = moyeu("export", portal, "p.csv", "--type", "contacts", "--json")
    assert shown.json == {"contacts": 2}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_out(moyeu: Moyeu, portal: str, delimiter: str) -> None:
    lines = [["email", '"city"'], ["a@example.com", '"Turin, Alba; Asti\tBra"']]

    ended = imported(moyeu, portal, "\n".join(delimiter.join(each) for each in lines))

    assert ended.out == "imported: 1 created, 0 updated, 0 refused\n"
    assert rows_of(moyeu, portal, "city")[0].strip('"') == "Turin, Alba; Asti\tBra"


def test_an_id_property_updates_or_makes(moyeu: Moyeu, portal: str) -> None:
    load(moyeu, portal, "contacts", {"email": "a@example.com", "city": "Turin", "phone": "1"})

    text = "email,city,phone\nA@example.com,Alba,\nb@example.com,Bra,2\nB@EXAMPLE.com,Asti,\n"
    ended = imported(moyeu, portal, text, "--id-property", "email", "--json")

    assert ended.json == {"created": 1, "updated": 2, "refused": 0, "dryRun": False}
    assert rows_of(moyeu, portal, "email,city,phone") == [
        "a@example.com,Alba,1",
        "b@example.com,Asti,2",
    ]


def test_a_table_that_was_exported_updates_by_record_id(moyeu: Moyeu, portal: str) -> None:
    load(moyeu, portal, "contacts", {"email": "a@example.com"}, {"email": "b@example.com"})
    moyeu("export", portal, "out.csv", "--type", "contacts", "--properties", "hs_object_id,city")
    text = Path("out.csv").read_text().replace(",\n", ",Bra\n") + "77,Bra\n"

    refused = imported(moyeu, portal, text, "--id-property", "hs_object_id")
    ended = imported(moyeu, portal, text.replace("77,Bra\n", ""), "--id-property", "hs_object_id")

    assert refused.err.splitlines()[0] == (
        "moyeu: line 4: Could not get some CONTACT objects, they may be deleted or not exist."
        " Check that ids are valid."
    )
    assert ended.out == "imported: 0 created, 2 updated, 0 refused\n"
    assert rows_of(moyeu, portal, "city") == ["Bra", "Bra"]


def test_a_mapping_names_columns_and_constants(moyeu: Moyeu, portal: str) -> None:
    columns = {"Mail": "email", "Notes": "", "hs_object_id": ""}
    Path("map.json").write_text(json.dumps({"columns": columns, "constants": {"city": "Bra"}}))

    text = "Mail,Notes,hs_object_id,lastname\na@example.com,x,1,Ada\n"
    ended = imported(moyeu, portal, text, "--mapping", "map.json")

    assert (ended.code, ended.err) == (0, "")
    assert rows_of(moyeu, portal, "email,lastname,city") == ["a@example.com,Ada,Bra"]


BAD = (
    "email,Contact owner,city\n"
    "a@example.com,,\n"
    "nonsense,9,\n"
    '"b@example.com","8\n9",\n'
    "c@example.com,,Bra,too much\n"
    "a@example.com,,\n"
    "d@example.com\n"
)


def test_refused_rows_are_told_with_line_and_column_and_nothing_is_kept(
    moyeu: Moyeu, portal: str
) -> None:
    ended = imported(moyeu, portal, BAD)

    assert (ended.code, ended.out) == (1, "")
    *lines, taken, last = ended.err.splitlines()
    assert lines == [
        "moyeu: line 3: column email: Email address nonsense is invalid;"
        " column Contact owner: 9 was not a valid owner ID",
        "moyeu: line 4: column Contact owner: 8 9 was not a valid owner ID",
        "moyeu: line 6: it has 4 cells and the first row 3",
    ]
    assert taken.startswith("moyeu: line 7: column email: Cannot set PropertyValueCoordinates")
    assert last == "moyeu: nothing was imported"
    assert rows_of(moyeu, portal, "email") == []


def test_a_value_of_an_earlier_batch_is_a_conflict_as_in_the_api(moyeu: Moyeu, portal: str) -> None:
    load(moyeu, portal, "contacts", {"email": "a@example.com"})

    ended = imported(moyeu, portal, "email\na@example.com\n")

    assert ended.err.startswith("moyeu: line 2: Contact already exists. Existing ID: ")


def test_a_dry_run_changes_nothing_and_says_the_same(moyeu: Moyeu, portal: str) -> None:
    real = imported(moyeu, portal, BAD)
    dry = imported(moyeu, portal, BAD, "--dry-run")
    good = imported(moyeu, portal, "email\na@example.com\n", "--dry-run")

    assert dry.code == real.code
    assert dry.err == real.err
    assert good.out == "would be imported: 1 created, 0 updated, 0 refused\n"
    assert rows_of(moyeu, portal, "email") == []


def test_refused_rows_may_have_a_file_of_their_own(moyeu: Moyeu, portal: str) -> None:
    text = "email,lastname\na@example.com,'=A\nbad,'=B\nb@example.com,\n"

    ended = imported(moyeu, portal, text, "--errors", "bad.csv")

    assert (ended.code, ended.out) == (0, "imported: 2 created, 0 updated, 1 refused\n")
    assert ended.err == "line 3: column email: Email address bad is invalid\n"
    assert Path("bad.csv").read_text() == (
        "email,lastname,refused because\nbad,'=B,column email: Email address bad is invalid\n"
    )
    mended = Path("bad.csv").read_text().replace("bad,", "c@example.com,")
    again = imported(moyeu, portal, mended)
    assert again.out == "imported: 1 created, 0 updated, 0 refused\n"
    assert rows_of(moyeu, portal, "email,lastname")[-1] == "c@example.com,'=B"


def test_a_file_of_refused_rows_is_overwritten_only_by_force(moyeu: Moyeu, portal: str) -> None:
    Path("bad.csv").write_text("mine")

    kept = imported(moyeu, portal, "email\nbad\n", "--errors", "bad.csv")
    forced = imported(moyeu, portal, "email\nbad\n", "--errors", "bad.csv", "--force")

    assert (kept.code, forced.code) == (1, 0)
    assert "bad.csv is there already" in kept.err
    assert "bad is invalid" in Path("bad.csv").read_text()


def test_the_first_hundred_refused_rows_are_shown_and_all_are_written(
    moyeu: Moyeu, portal: str
) -> None:
    text = "email\n" + "".join(f"bad{number}\n" for number in range(250))

    shown = imported(moyeu, portal, text).err.splitlines()
    imported(moyeu, portal, text, "--errors", "bad.csv")

    assert len(shown) == 102
    assert shown[100:] == [
        "moyeu: there are 250; these are the first 100",
        "moyeu: nothing was imported",
    ]
    assert len(Path("bad.csv").read_text().splitlines()) == 251


def test_rows_without_a_value_for_the_id_property_are_refused(moyeu: Moyeu, portal: str) -> None:
    ended = imported(moyeu, portal, "email,city\n,Bra\n", "--id-property", "email")

    assert ended.err.splitlines()[0] == (
        "moyeu: line 2: column email: no value to know the record by"
    )


@pytest.mark.parametrize(
    ("text", "flags", "words"),
    [
        ("a,b\n", (), "column a: the object type has no property of that name or label"),
        ("email,Email\n", (), "several columns or constants are the property 'email'"),
        ("city\n", ("--id-property", "email"), "no column is the id property 'email'"),
        ("city\n", ("--id-property", "city"), "--id-property: the values of 'city' are not unique"),
        ("hs_object_id\n", (), 'column hs_object_id: "hs_object_id" is a read only property;'),
        ('email\n"a\n', (), "in.csv is no CSV, line 2: unexpected end of data"),
        ("", (), "in.csv has no row of titles"),
        ("city\n\0\n", (), "in.csv, line 2: a cell has U+0000, which no store keeps"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(
    moyeu: Moyeu, portal: str, text: str, flags: tuple[str, ...], words: str
) -> None:
    ended = imported(moyeu, portal, text, *flags)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"moyeu: {words}")


def test_what_is_not_utf_8_is_refused(moyeu: Moyeu, portal: str) -> None:
    Path("in.csv").write_bytes(b"email,city\na@example.com,K\xf6ln\n")

    ended = moyeu("import", "in.csv", "--portal", portal, "--type", "contacts")

    assert (ended.code, ended.err) == (
        1,
        "moyeu: in.csv is not UTF-8, in line 1 or soon after it\n",
    )


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (("--type", "contacts"), 2, "a table needs --portal"),
        (("--type", "contacts", "--portal", "5", "--name", "x"), 2, "--name is for archives"),
        (("--type", "contacts", "--portal", "5"), 1, "there is no portal 5;"),
        (("--type", "cats", "--portal", "PORTAL"), 1, "the portal has no object type 'cats'"),
        (
            ("--type", "contacts", "--portal", "PORTAL", "--mapping", "bad.toml"),
            2,
            "bad.toml is no mapping: Expected `object`, got `int` - at `$.columns`",
        ),
    ],
)
def test_a_wrong_command_line_is_refused(
    moyeu: Moyeu, portal: str, flags: tuple[str, ...], code: int, words: str
) -> None:
    Path("in.csv").write_text("email\n")
    Path("bad.toml").write_text("columns = 1\n")

    ended = moyeu("import", "in.csv", *(portal if each == "PORTAL" else each for each in flags))

    assert ended.code == code
    assert ended.err.startswith(f"moyeu: {words}")


# --- files -----------------------------------------------------------------------------------

rows = st.lists(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
        | st.text("'=+-@\t\r\n\";, x", max_size=6),
        min_size=2,
        max_size=4,
    ),
    min_size=2,
    max_size=4,
)


@given(written=rows, delimiter=st.sampled_from(",;\t"), marked=st.booleans())
def test_every_text_comes_back_from_a_file(
    tmp_path_factory: pytest.TempPathFactory,
    written: list[list[str]],
    delimiter: str,
    marked: bool,
) -> None:
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    with path.open("wb") as file:
        write = row_writer(file, delimiter, marked=marked)
        for row in written:
            write([guard_cell(each) for each in row])

    titles = read_titles(path, delimiter)
    back = [list(each.cells) for each in read_rows(path, delimiter)]

    assert titles == written[0]
    assert back == [each for each in written[1:] if any(each)]
    assert all(bare_cell(guard_cell(each)) == each for row in written for each in row)


def test_lines_are_counted_through_quoted_line_breaks(folder: Path) -> None:
    Path("a.csv").write_bytes(b'a\r\n"1\r\n2\r\n3"\r\n\r\nx\r\n')

    assert [each.line for each in read_rows(Path("a.csv"), ",")] == [2, 6]


@pytest.mark.parametrize(
    ("first", "delimiter"),
    [
        ("a", ","),
        ("a,b", ","),
        ("a;b", ";"),
        ("a\tb", "\t"),
        ("a,b;c", ","),
        ("a;b;c,d", ";"),
        ('"a;b;c",d', ","),
        ('"a,\nb";c', ";"),
        ("", ","),
    ],
)
def test_the_delimiter_is_what_parts_the_first_row(
    folder: Path, first: str, delimiter: str
) -> None:
    Path("a.csv").write_text(first)

    assert sniff_delimiter(Path("a.csv")) == delimiter


def test_memory_does_not_grow_with_the_table(moyeu: Moyeu, portal: str) -> None:
    peaks = []
    for run, count in enumerate((600, 600, 1_800)):
        lines = (f"{run}-{n}@example.com,{'x' * 300}\n" for n in range(count))
        Path("in.csv").write_text("email,city\n" + "".join(lines))
        flags = ("--portal", portal, "--type", "contacts", "--id-property", "email")
        tracemalloc.start()
        assert moyeu("import", "in.csv", *flags).code == 0
        assert moyeu("export", portal, "out.csv", "--type", "contacts", "--force").code == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    # The first run fills caches.
    assert peaks[2] < 1.3 * peaks[1]
