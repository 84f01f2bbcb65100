"""Installing a peer into a folder of its own, once; a later run finds it there.

Versions are pinned by the peers; what they depend on is chosen by the package client.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.peers.failure import PeerFailed, last_words

INSTALL_TIMEOUT_S = 900.0


def install_python(folder: Path, package: str, version: str) -> None:
    """A virtual environment `folder/venv` with the package, from pip as it is set up here."""
    if _is_installed(folder, package, version):
        return
    venv = folder / "venv"
    _run([sys.executable, "-m", "venv", "--clear", venv])
    _run([venv / "bin" / "pip", "install", "--quiet", f"{package}=={version}"])
    _remember(folder, package, version)


def install_node(folder: Path, package: str, version: str) -> None:
    """`folder/node_modules` with the package, from npm as it is set up here.

    Native modules are compiled if no built one can be had; then the headers beside node are used.
    """
    if _is_installed(folder, package, version):
        return
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise PeerFailed("needs node and npm, which are not on this machine")
    shutil.rmtree(folder / "node_modules", ignore_errors=True)
    options = ["--no-audit", "--no-fund", "--omit=dev", "--no-update-notifier"]
    _run(
        [npm, "install", "--prefix", folder, *options, f"{package}@{version}"],
        _headers_beside(Path(node)),
    )
    _remember(folder, package, version)


def _headers_beside(node: Path) -> dict[str, str]:
    prefix = node.resolve().parent.parent
    found = (prefix / "include" / "node" / "node_api.h").exists()
    return {"npm_config_nodedir": str(prefix)} if found else {}


def _run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=INSTALL_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        name = Path(command[0]).name
        raise PeerFailed(f"{name} ended with {done.returncode}: {last_words(done.stdout)}")


def _is_installed(folder: Path, package: str, version: str) -> bool:
    marker = folder / "installed"
    return marker.exists() and marker.read_text() == f"{package} {version}\n"


def _remember(folder: Path, package: str, version: str) -> None:
    """The marker is written last, so that a broken install is not taken for a whole one."""
    (folder / "installed").write_text(f"{package} {version}\n")
