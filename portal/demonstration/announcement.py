"""What `make up` says when everything runs."""

from collections.abc import Iterator

from portal.demonstration.issued import UpFile


def lines(up: UpFile, *, embedded_kafka: bool, seconds: float) -> Iterator[str]:
    """The lines to print; `seconds` is how long the start took."""
    issued, addresses = up.issued, up.addresses
    yield f"everything runs, {seconds:.1f} s after the start; Ctrl-C stops it"
    yield f"portal   {addresses['portal']}  (administration at {addresses['portal']}/admin/)"
    yield f"gateway  {addresses['gateway']}"
    yield f"kafka    {addresses['kafka']}" + (
        "  (embedded: it forgets everything when it stops)" if embedded_kafka else ""
    )
    for account in issued.accounts:
        yield f"login    {account.email}  {account.password}  ({account.role})"
    for app in issued.apps:
        yield f"app key  {app.key}  ({app.name})"
    yield f"management key of the publisher: {issued.management_key}"
    yield f"all of this is in {up.path}"
    yield "watch the receiver's lines: every two seconds a signed webhook arrives. Now make your own, in another shell:"
    yield from tutorial(up)


def tutorial(up: UpFile) -> Iterator[str]:
    """The tutorial's commands, ready to paste into a shell."""
    yield f"  export SLUICE={up.addresses['portal']} KEY={up.issued.management_key}"
    yield '  curl -H "Authorization: $KEY" $SLUICE/api/products/'
