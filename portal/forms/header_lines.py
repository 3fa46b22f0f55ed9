"""HTTP headers as people write them: a line each."""

from django import forms


def read_headers(text: str) -> dict[str, str]:
    """Return headers by name, from lines of `Name: value`; empty lines are passed over. Raises ValidationError."""
    headers: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon:
            raise forms.ValidationError(f"Line {number} is no header: write a name, a colon and the value.")
        if name.strip().lower() in {known.lower() for known in headers}:
            raise forms.ValidationError(f"Line {number} gives {name.strip()} a second time.")
        headers[name.strip()] = value.strip()
    return headers
