"""Code by which somebody computes a delivery's signature from the bytes that they saved."""

from string import Template
from typing import Final

_RECIPE: Final = Template("""\
import base64, hmac, os

SECRET = os.environ["WEBHOOK_SECRET"]
KEY = base64.b64decode(SECRET[6:]) if SECRET.startswith("whsec_") else SECRET.encode()
with open("$message.body", "rb") as saved:
    signed = b"$message.$timestamp." + saved.read()
print("v1," + base64.b64encode(hmac.digest(KEY, signed, "sha256")).decode())
""")


def signature_recipe(message_id: str, timestamp: int) -> str:
    """Return Python code that prints the signature of a try, made at `timestamp` (Unix seconds)."""
    return _RECIPE.substitute(message=message_id, timestamp=timestamp)
