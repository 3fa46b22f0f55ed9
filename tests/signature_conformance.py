"""Signature vectors of the shared conformance suite, judged by our own verifier."""

from typing import Any

from webhooks.signing import HmacKey, SecretError, SignatureError, Verifier, decode_key, verify, verify_key

FORMS = ("v1", "v1a")
"""Those that Sluice signs by; a file may have vectors of other dialects too."""


def judged(vector: dict[str, Any], form: str) -> str:
    """Return "valid" or "invalid"."""
    headers = {
        "webhook-id": vector["msg_id"],
        "webhook-timestamp": vector["timestamp"],
        "webhook-signature": vector["signature"],
    }
    headers.pop(vector.get("omit_header"), None)
    try:
        verify(
            [_key(vector, form)], headers, vector["payload"].encode(), vector["now"], vector["tolerance_s"]
        )
    except (SecretError, SignatureError):
        return "invalid"
    return "valid"


def _key(vector: dict[str, Any], form: str) -> Verifier:
    """The libraries of the standard hold `whsec_` to be optional: their vectors are read so."""
    if form == "v1a":
        return verify_key(vector["public_key"])
    return HmacKey(decode_key(vector["secret"].removeprefix("whsec_")))
