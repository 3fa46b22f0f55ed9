"""The TLS that the author of a stream asks for: authorities and certificates of its own, in the text itself."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from streams.spec import Config, Field, FieldType, Problem, Shape

_NO_FILES: Final = "a definition reads no files; put the text itself into the field without `_file`"


def _text(name: str, summary: str, *, refused: str = "", secret: bool = False) -> Field:
    return Field(name, FieldType.STRING, summary, default="", refused=refused, secret=secret)


def _flag(name: str, summary: str, refused: str = "") -> Field:
    return Field(name, FieldType.BOOL, summary, default=False, refused=refused)


TLS: Final = Field(
    "tls",
    FieldType.OBJECT,
    "Certificates beside those that the operator trusts.",
    children=(
        _flag("enabled", "Whether these settings count."),
        _flag(
            "skip_cert_verify",
            "Trust any certificate.",
            "certificates are always verified; name the authority in `root_cas`",
        ),
        _flag(
            "enable_renegotiation",
            "Let the server negotiate again.",
            "renegotiation is no part of the TLS spoken here",
        ),
        _text("root_cas", "Certificates in PEM of the authorities to trust instead of the system's."),
        _text("root_cas_file", "The same in a file.", refused=_NO_FILES),
        Field(
            "client_certs",
            FieldType.OBJECT,
            "Certificates by which we show who we are.",
            default=[],
            shape=Shape.LIST,
            children=(
                _text("cert", "The certificate in PEM."),
                _text("key", "Its key in PEM.", secret=True),
                _text("cert_file", "The certificate in a file.", refused=_NO_FILES),
                _text("key_file", "The key in a file.", refused=_NO_FILES),
                _text("password", "What the key is encrypted with.", secret=True),
            ),
        ),
    ),
)


def make_context(config: Mapping[str, Any]) -> ssl.SSLContext | None:
    """The context that the fields of `tls` describe; None: the process's own. Raises ssl.SSLError, ValueError."""
    if not config["enabled"]:
        return None
    context = ssl.create_default_context(cadata=config["root_cas"] or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for certificate in config["client_certs"]:
        _load(context, certificate)
    return context


def check_tls(config: Config) -> Iterable[Problem]:
    """Report certificates and keys that cannot be read."""
    try:
        make_context(config["tls"])
    except (ssl.SSLError, ValueError, OSError) as error:
        yield Problem(
            ("tls",), "bad_certificate", f"the certificates cannot be used: {error}", "PEM is expected"
        )


def _load(context: ssl.SSLContext, certificate: Mapping[str, str]) -> None:
    """Python reads certificates from files only, so they are in one, of this process alone, for a moment."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory, "certificate")
        place.write_text(f"{certificate['cert']}\n{certificate['key']}\n")
        # Without a password an encrypted key would make OpenSSL ask on the terminal.
        context.load_cert_chain(place, password=certificate["password"] or (lambda: ""))
