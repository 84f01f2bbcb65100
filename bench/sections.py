"""The measured parts of a document: text between `<!-- name -->` and `<!-- /name -->`."""

from pathlib import Path


def replace_section(document: Path, name: str, text: str) -> None:
    """Puts the text in the place of what the section held; the rest of the document stays.

    Raises ValueError when the document has no such section.
    """
    whole = document.read_text("utf-8")
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = whole.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{document} has no section {name}")
    document.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}", "utf-8")
