"""The `moyeu` command: its commands, and how each ends."""

import os
import sys
from collections.abc import Sequence
from typing import Final

from cyclopts import App, CycloptsError

from moyeu import __version__
from moyeu.cli.exits import BROKEN, REFUSED, USAGE, CommandError

_HELP: Final = "A self-hosted server that speaks HubSpot's CRM API."
_ENDINGS: Final = (
    f"Exit codes: 0 done, {REFUSED} refused or failed, {USAGE} usage or settings,"
    f" {BROKEN} database broke."
)

# The commands are named by where they are, so that a run imports one of them alone; the help of
# each stands here for the same reason, and a test keeps it equal to its docstring.
_COMMANDS: Final = "moyeu.cli.commands"
COMMANDS: Final = (
    ("demo", "demo:demo", "Serve a portal filled with demo data."),
    ("serve", "serve:serve", "Serve the portals of a database."),
    ("load", "load:load", "Load records from a JSON Lines file."),
    ("export", "export:export", "Write a whole portal, or one object type as a table, to a file."),
    ("import", "import_:import_", "Make a portal of an archive, or records of a table."),
    ("generate", "generate:generate", "Add invented records that belong together to a portal."),
    ("copy", "copy:copy", "Copy all portals of a database into another one."),
    ("pull", "pull:pull", "Copy a portal of HubSpot or of another server."),
    ("migrate", "migrate:migrate", "Bring a database to the schema of this version."),
    ("explain", "explain:explain", "Explain why a request was answered so."),
    ("wait", "wait:wait", "Wait until a server answers."),
    ("settings", "settings:settings", "Show every setting and where its value comes from."),
    ("portal create", "portal:create", "Make a portal."),
    ("portal list", "portal:show_all", "List the portals."),
    (
        "portal remove",
        "portal:remove",
        "Remove a portal with all that it has, its tokens and snapshots too.",
    ),
    (
        "portal snapshot",
        "portal_snapshots:snapshot",
        "Copy all that a portal has under a name.",
    ),
    (
        "portal restore",
        "portal_snapshots:restore",
        "Give a portal back what it had when a snapshot was made.",
    ),
    ("portal snapshots", "portal_snapshots:show_all", "List the snapshots of a portal."),
    (
        "portal forget",
        "portal_snapshots:forget",
        "Remove a snapshot; the portal stays as it is.",
    ),
    ("portal search-lag", "portal:search_lag", "Set how late searches see what was written."),
    ("owner add", "owner:add", "Add an owner, whom records can belong to."),
    ("owner list", "owner:show_all", "List the owners of a portal, archived ones too."),
    ("owner archive", "owner:archive", "Archive an owner; records keep it."),
    ("record restore", "record:restore", "Make archived records active again."),
    ("rules show", "rules:show_all", "Show the rules of an object type as JSON."),
    ("rules set", "rules:put", "Set all rules of an object type from a JSON file."),
    ("token create", "token:create", "Make a token, and show it this once."),
    ("token list", "token:show_all", "List the tokens of a portal by their beginnings."),
    ("token revoke", "token:revoke", "Revoke a token."),
)
_NOUNS: Final = {
    "owner": "Add, list and archive owners.",
    "portal": "Make, list, copy, restore and remove portals, and set how late they search.",
    "record": "Restore archived records.",
    "rules": "Show and set what admins require of records.",
    "token": "Make, list and revoke tokens.",
}


def make_app(arguments: Sequence[str]) -> App:
    """The command line; the command that the arguments name is imported for its own help."""
    app = App("moyeu", help=_HELP, help_epilogue=_ENDINGS, version=f"moyeu {__version__}")
    nouns = {name: App(name, help=text, version_flags=[]) for name, text in _NOUNS.items()}
    for name, place, text in COMMANDS:
        noun, _, verb = name.rpartition(" ")
        parent = nouns[noun] if noun else app
        named = name.split() == list(arguments[: len(name.split())])
        parent.command(f"{_COMMANDS}.{place}", name=verb, help=None if named else text)
    for noun_app in nouns.values():
        app.command(noun_app)
    return app


def run(arguments: Sequence[str]) -> int:
    """Runs one command; the exit code of the process."""
    try:
        outcome = make_app(arguments)(arguments, exit_on_error=False, result_action="return_value")
    except CycloptsError:
        return USAGE  # It was printed.
    except CommandError as error:
        from moyeu.cli.console import print_error  # noqa: PLC0415 — only here

        print_error(str(error))
        return error.code
    except BrokenPipeError:
        # Whoever read our output has left; what is still buffered has no reader either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    except KeyboardInterrupt:
        return 130
    return outcome if isinstance(outcome, int) else 0


def main() -> None:
    """The entry point of the `moyeu` script."""
    sys.exit(run(sys.argv[1:]))
