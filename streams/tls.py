"""The TLS that Sluice's own clients ask for."""

import ssl
from functools import cache
from pathlib import Path

import certifi


@cache
def client_context() -> ssl.SSLContext:
    """Return the one context of the process: certificates and names are checked, TLS 1.2 is the least.

    The system's certificate authorities count (or those that SSL_CERT_FILE or SSL_CERT_DIR name); where a
    system has none, as slim containers do, Mozilla's list in `certifi` does.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not _system_has_authorities():
        context.load_verify_locations(certifi.where())
    return context


def _system_has_authorities() -> bool:
    found = ssl.get_default_verify_paths()
    paths = [Path(path) for path in (found.cafile, found.capath) if path]
    return any(path.is_file() or any(path.iterdir()) for path in paths)
