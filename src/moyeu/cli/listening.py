"""The address that a server takes."""

import socket

from moyeu.cli.exits import CommandError
from moyeu.settings import Settings
from moyeu.wire import edge_socket


def bound_socket(settings: Settings) -> socket.socket:
    """A socket that has the address of the settings and does not listen yet.

    Refused: CommandError when the address is taken or is none of this machine's.
    """
    try:
        return edge_socket.bind(settings.host, settings.port)
    except OSError as error:
        raise CommandError(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror};"
            " --port 0 picks a free port"
        ) from error
