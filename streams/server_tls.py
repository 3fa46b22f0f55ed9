"""How connections to a definition's servers are encrypted."""

from __future__ import annotations

import ssl

from streams.http.tls import make_context
from streams.servers import Server
from streams.spec import Config
from streams.tls import client_context


def server_context(server: Server, config: Config) -> ssl.SSLContext | None:
    """Return the context for a server, by a body with `tls` in it; None: nothing is encrypted.

    Its certificate is checked for the server's name, not for the address that is connected to.
    """
    given = make_context(config["tls"])
    if given is not None or not server.tls:
        return given
    if server.connection is None or not server.connection.ca_certificate:
        return client_context()
    context = ssl.create_default_context(cadata=server.connection.ca_certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
