"""Which step of verifying a webhook fails, and what usually causes it. Pure: nothing is kept.

Receivers take the steps of `webhooks.signing.verify`; here each is taken by itself, so that all that is wrong is told
at once, and where the signature does not fit, the usual ways to get there are tried: a secret read the other way, a
body that was parsed and written anew.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from webhooks.signing import (
    SECRET_PREFIX,
    HmacKey,
    SecretError,
    SignatureError,
    check_timestamp,
    decode_key,
    secret_key,
    signature_entries,
    signed_content,
)

HEADER_NAMES: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")
_DIGEST_BYTES: Final = 32
_REWRITES: Final = (
    ("as compact JSON", (",", ":"), None),
    ("as JSON with a space after commas and colons", (", ", ": "), None),
    ("as JSON indented by two", (",", ": "), 2),
    ("as JSON indented by four", (",", ": "), 4),
)
"""How frameworks write JSON that they have parsed: description, separators, indent."""


class CheckStep(Enum):
    """What a receiver does, in its order; the value is what people call it."""

    HEADERS = "The three headers"
    TIMESTAMP = "The timestamp"
    SECRET = "The secret"  # noqa: S105 - a step's name
    SIGNATURE = "The signature"


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one step."""

    step: CheckStep
    message: str
    remedy: str = ""
    """What to do; empty: the step passed."""

    @property
    def passed(self) -> bool:
        """Whether a receiver would go on."""
        return not self.remedy


def pasted_headers(text: str) -> dict[str, str]:
    """Return those of the three headers that stand in a text, by their names in lower case.

    text: as tools print headers: a line each, curl's `> name: value`, a JSON object, or a server's `HTTP_NAME`.
    """
    found = {}
    for name in HEADER_NAMES:
        spelling = name.replace("-", "[-_]")
        match = re.search(rf"(?i)(?<![a-z0-9-]){spelling}[\"']?\s*[:=]\s*(?:\[\s*)?[\"']?([^\"'\r\n]+)", text)
        if match is not None:
            found[name] = match[1].strip(" \t,]}")
    return found


def check_pasted(headers: str, body: str, secret: str, now: int) -> list[Finding]:
    """Check what somebody pasted into a form, which cannot tell one kind of line end from another.

    headers: as `pasted_headers` reads them. now: Unix seconds. Returns the steps in their order.
    """
    lines = body.replace("\r\n", "\n")
    bodies = (lines.encode(), lines.replace("\n", "\r\n").encode())
    checked = [check_signature(pasted_headers(headers), each, secret, now) for each in bodies]
    return next((findings for findings in checked if findings[-1].passed), checked[0])


def check_signature(headers: Mapping[str, str], body: bytes, secret: str, now: int) -> list[Finding]:
    """Take each step that can be taken. headers: by names in lower case. now: Unix seconds."""
    missing = [name for name in HEADER_NAMES if not headers.get(name)]
    findings = [_headers(missing)]
    if "webhook-timestamp" not in missing:
        findings.append(_timestamp(headers["webhook-timestamp"], now))
    readable = _secret(secret)
    findings.append(readable)
    if not missing and readable.passed:
        findings.append(_signature(headers, body, secret))
    return findings


def _headers(missing: list[str]) -> Finding:
    if not missing:
        return Finding(CheckStep.HEADERS, "All three are there.")
    remedy = "Look at the request as it reaches your server: a proxy or a framework may drop headers it does not know."
    return Finding(CheckStep.HEADERS, f"Missing: {', '.join(missing)}.", remedy)


def _timestamp(timestamp: str, now: int) -> Finding:
    try:
        check_timestamp(timestamp, now)
    except SignatureError as error:
        remedy = (
            "For a request that you saved this is no fault. For one that just came, set your server's clock."
        )
        return Finding(CheckStep.TIMESTAMP, f"{error}.", remedy)
    return Finding(CheckStep.TIMESTAMP, "It is within five minutes of now.")


def _secret(secret: str) -> Finding:
    try:
        size = len(secret_key(secret))
    except SecretError as error:
        remedy = "Paste all of it, whsec_ included; a new one is made by rotating the endpoint's secret."
        return Finding(CheckStep.SECRET, f"It cannot be used: {error}.", remedy)
    prefixed = secret.startswith(SECRET_PREFIX)
    how = "what follows whsec_, decoded from base64" if prefixed else "the text's own UTF-8 bytes"
    return Finding(CheckStep.SECRET, f"The key is {size} bytes: {how}.")


def _signature(headers: Mapping[str, str], body: bytes, secret: str) -> Finding:
    entries = list(signature_entries(headers["webhook-signature"]))
    signatures = [signature for version, signature in entries if version == HmacKey.version]
    if not [one for one in signatures if len(one) == _DIGEST_BYTES]:
        message = "webhook-signature holds no whole v1 entry: v1, a comma and 44 characters of base64."
        remedy = "Paste the header's whole value; entries are apart by spaces."
        return Finding(CheckStep.SIGNATURE, message, remedy)
    fit = next(_fits(headers, body, secret, signatures), None)
    if fit is None:
        message = "It was not made with this secret over this id, timestamp and body."
        remedy = (
            "Verify the body's bytes as they came, before any parsing; the delivery's page shows those that were "
            "signed. Is the secret that of this endpoint, and was it rotated since?"
        )
        return Finding(CheckStep.SIGNATURE, message, remedy)
    return fit


def _fits(headers: Mapping[str, str], body: bytes, secret: str, signatures: list[bytes]) -> Iterator[Finding]:
    """Yield the readings of secret and body under which a signature fits, the right one first."""
    message_id, timestamp = headers["webhook-id"].encode(), headers["webhook-timestamp"].encode()
    for key, secret_fault in _keys(secret):
        for variant, body_fault in _bodies(body):
            content = signed_content(message_id, timestamp, variant)
            if any(HmacKey(key).accepts(content, signature) for signature in signatures):
                yield _fitting(secret_fault, body_fault)


def _fitting(secret_fault: str, body_fault: str) -> Finding:
    if not secret_fault and not body_fault:
        message = "It fits: this body was signed with this secret, and nobody changed it."
        return Finding(CheckStep.SIGNATURE, message)
    faults = " ".join(fault for fault in (secret_fault, body_fault) if fault)
    remedies = (
        "Use the key as the step above says." if secret_fault else "",
        "Verify the raw body, before anything parses it." if body_fault else "",
    )
    return Finding(CheckStep.SIGNATURE, faults, " ".join(filter(None, remedies)))


def _keys(secret: str) -> Iterator[tuple[bytes, str]]:
    """Yield the key of a secret, then what it is taken for by mistake."""
    yield secret_key(secret), ""
    if secret.startswith(SECRET_PREFIX):
        yield secret.encode(), "It fits when the secret's own text is the key: the signer did not decode it."
        rest = secret.removeprefix(SECRET_PREFIX).encode()
        yield (
            rest,
            "It fits when the text after whsec_ is the key as it stands: the signer did not decode it.",
        )
        return
    if secret.strip() != secret:
        yield secret.strip().encode(), "It fits without the space around the secret."
    try:
        decoded = decode_key(secret.strip())
    except SecretError:
        return
    if decoded:
        yield decoded, "It fits when the secret is decoded from base64: was it pasted without its whsec_?"


def _bodies(body: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield a body, then what it was before the usual accidents."""
    yield body, ""
    yield body + b"\n", "The body was altered: it fits with a line end at its end."
    yield body.rstrip(b"\r\n"), "The body was altered: it fits without the line end at its end."
    yield body.strip(), "The body was altered: it fits without the space around it."
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    for how, separators, indent in _REWRITES:
        for ascii_only in (False, True):
            text = json.dumps(value, separators=separators, indent=indent, ensure_ascii=ascii_only)
            spelled = ", with escapes for all that is not ASCII" if ascii_only and not text.isascii() else ""
            yield (
                text.encode("utf-8", "surrogatepass"),
                f"The body was parsed and written anew: it fits {how}{spelled}.",
            )
