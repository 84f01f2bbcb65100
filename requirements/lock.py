"""Writes the lock files: every package that is installed, with its version and hashes.

    python requirements/lock.py [--upgrade]

`run.txt` has what the server needs, its build backend included, so that installing the project
itself downloads nothing more; `postgres.txt` has all of that and the extra for PostgreSQL;
`dev.txt` has all of that and what the tests and checks need. A version that is locked stays unless
`--upgrade` is given. No file names an index: the hashes are what is trusted, whichever index serves
the files. The resolver runs in an environment of its
own, without the pip settings of this machine, so that what is here alone leaks into neither.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN = ROOT / "requirements" / "run.txt"
POSTGRES = ROOT / "requirements" / "postgres.txt"
DEV = ROOT / "requirements" / "dev.txt"
PIP_TOOLS = "pip-tools==7.6.2"
HEADER = """\
# Written by `make lock` from pyproject.toml; do not edit.
# {sentence}
"""
SENTENCES = {
    RUN: "What the server needs to be installed and to run.",
    POSTGRES: "What is in run.txt, and what a server with PostgreSQL needs.",
    DEV: "What is in postgres.txt, and what the tests and checks need.",
}
OPTIONS = [
    "--quiet",
    "--no-config",
    "--generate-hashes",
    "--strip-extras",
    "--allow-unsafe",
    "--no-header",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    "--no-emit-options",
    "--annotation-style=line",
]
# What pip may be told on a machine and what must not decide about the lock.
LOCAL_SETTINGS = ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT", "PIP_NO_INDEX")
_ADDRESS = re.compile(r"[a-z+]+://|^\s*-", re.MULTILINE)


def main(arguments: Sequence[str]) -> None:
    """Writes the files; refuses to leave one that names an address."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    with tempfile.TemporaryDirectory(prefix="moyeu-lock-") as folder:
        compiler = _install_compiler(Path(folder))

        def add(output: Path, base: Path, requirements: Sequence[str]) -> None:
            inputs = Path(folder) / f"{output.stem}.in"
            inputs.write_text("\n".join(requirements) + "\n")
            _compile(compiler, output, [str(base), str(inputs), *arguments])

        _compile(compiler, RUN, ["--build-deps-for=editable", "pyproject.toml", *arguments])
        add(POSTGRES, RUN, project["project"]["optional-dependencies"]["postgres"])
        add(DEV, POSTGRES, project["dependency-groups"]["dev"])


def _install_compiler(folder: Path) -> Path:
    venv.create(folder / "venv", with_pip=True)
    binaries = folder / "venv" / "bin"
    subprocess.run([binaries / "pip", "install", "--quiet", PIP_TOOLS], check=True, env=_settings())
    return binaries / "pip-compile"


def _compile(compiler: Path, output: Path, arguments: Sequence[str]) -> None:
    """Runs the resolver on a copy, so that a refused or broken run leaves the file as it is."""
    copy = compiler.parent / output.name
    if output.exists():
        copy.write_bytes(output.read_bytes())
    command: list[str | Path] = [compiler, *OPTIONS, f"--output-file={copy}", *arguments]
    subprocess.run(command, check=True, cwd=ROOT, env=_settings())
    lines = copy.read_text().splitlines(keepends=True)
    # Comments name files by their paths on this machine.
    text = "".join(line for line in lines if not line.lstrip().startswith("#"))
    if found := _ADDRESS.search(re.sub(r"(?m)^\s+--hash=sha256:", "", text)):
        raise SystemExit(f"{output.name} would name an address or an option: {found[0]!r}")
    output.write_text(HEADER.format(sentence=SENTENCES[output]) + text)


def _settings() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in LOCAL_SETTINGS}
    return kept | {"PIP_CONFIG_FILE": os.devnull}


if __name__ == "__main__":
    main(sys.argv[1:])
