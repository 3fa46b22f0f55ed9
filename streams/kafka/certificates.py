"""Why the certificates of brokers are not trusted."""

from __future__ import annotations

import socket
import ssl
from typing import Final

from streams.connections import ConnectionSettings
from streams.kafka.diagnosis import InspectionError, Missing

_SECONDS: Final = 1.0
_WRONG_TIME: Final = (
    "the brokers' certificate does not hold at this time",
    "whoever runs the brokers renews it; check this machine's clock too",
)
_WRONG_NAME: Final = (
    "the brokers' certificate is for another name than the address",
    "write the connection's addresses with the names that the certificates are for",
)
_UNKNOWN_AUTHORITY: Final = (
    "the brokers' certificate is signed by an authority that is not trusted here",
    "paste the authority's certificate into the connection's field for it",
)
_REASONS: Final = {9: _WRONG_TIME, 10: _WRONG_TIME, 62: _WRONG_NAME, 64: _WRONG_NAME}
"""By OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID, _CERT_HAS_EXPIRED, _HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH."""


def certificate_error(settings: ConnectionSettings) -> InspectionError | None:
    """Shake hands with the brokers and say why one's certificate is not trusted; None: no reason was found.

    It blocks, for seconds where brokers do not answer.
    """
    context = ssl.create_default_context(cadata=settings.ca_certificate or None)
    for address in settings.addresses:
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        try:
            with socket.create_connection((host, int(port)), _SECONDS) as plain:
                context.wrap_socket(plain, server_hostname=host).close()
        except ssl.SSLCertVerificationError as error:
            message, remedy = _REASONS.get(error.verify_code, _UNKNOWN_AUTHORITY)
            return InspectionError(Missing.CERTIFICATE, f"{message} ({error.verify_message})", remedy)
        except (OSError, ValueError):
            continue
    return None
