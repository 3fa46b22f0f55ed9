"""Who may read `/metrics`."""

from dataclasses import dataclass
from hmac import compare_digest
from ipaddress import ip_address
from typing import Final

from gateway.authentication import Refusal, peer_address
from gateway.protocol import Scope, first_values

_FORWARDED: Final = frozenset({b"forwarded", b"x-forwarded-for"})
"""Headers of a proxy, which may stand on this machine and pass on what strangers ask."""


@dataclass(frozen=True, slots=True)
class MetricsAccess:
    """Lets in who shows a token; where there is none, who is on this machine."""

    token: str = ""

    def refusal(self, scope: Scope) -> Refusal | None:
        """Why a request may not read them; None: it may."""
        headers = first_values(scope)
        if self.token:
            shown = headers.get(b"authorization", b"").partition(b" ")[2].strip()
            return None if compare_digest(shown, self.token.encode()) else _TOKEN_MISSING
        if _is_loopback(peer_address(scope)) and not _FORWARDED & headers.keys():
            return None
        return _NOT_LOCAL


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


_TOKEN_MISSING: Final = Refusal(
    401, "metrics_token_missing", "Send the token of SLUICE_METRICS_TOKEN: `Authorization: Bearer ...`."
)
_NOT_LOCAL: Final = Refusal(
    403,
    "metrics_refused",
    "Metrics are for this machine alone. SLUICE_METRICS_TOKEN opens them to who has it.",
)
