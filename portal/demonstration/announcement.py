"""What `make up` says when everything runs."""

from collections.abc import Iterator

from portal.demonstration.issued import UpFile
from portal.demonstration.shop import ORDERS_PATH
from portal.demonstration.tutorial import Receiver, shell, steps

FORGETS = "  (embedded: it forgets everything when it stops)"


def facts(up: UpFile, *, embedded_kafka: bool, seconds: float) -> Iterator[str]:
    """Where things are and how to sign in; `seconds` is how long the start took."""
    issued, addresses = up.issued, up.addresses
    yield f"everything runs, {seconds:.1f} s after the start; Ctrl-C stops it"
    portal = addresses["portal"]
    yield f"portal   {portal}/  {portal}/admin/  {portal}/api/docs/"
    yield f"mail     {portal}/dev/mail"
    yield f"gateway  {addresses['gateway']}/healthz"
    yield f"kafka    {addresses['kafka']}{FORGETS if embedded_kafka else ''}"
    for account in issued.accounts:
        yield f"login    {account.email}  {account.password}  ({account.role})"
    for app in issued.apps:
        yield f"app key  {app.key}  ({app.name})"
        yield f"stream   curl -N -H 'X-API-Key: {app.key}' {addresses['gateway']}{ORDERS_PATH}sse"
    yield f"management key of the publisher: {issued.management_key}"
    yield f"all of this is in {up.path}"
    yield "every two seconds the receiver gets a signed webhook of the demonstration"


def commands(up: UpFile) -> Iterator[str]:
    """The tutorial, to be pasted into another shell."""
    yield "\n# A stream, a product and a webhook of your own: paste this into another shell."
    yield f"SLUICE={up.addresses['portal']} KEY={up.issued.management_key}"
    yield from shell(steps("hello", Receiver(**up.addresses["receiver"])))
    yield '# what became of each event\napi "deliveries?endpoint=$ENDPOINT"\n'
