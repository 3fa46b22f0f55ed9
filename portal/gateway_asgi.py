"""The gateway's process: `uvicorn portal.gateway_asgi:application`. Its parts are put together here."""

import os
import secrets

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

# Models and settings must be there before what uses them.
from gateway.admission import Admission  # noqa: E402
from gateway.analytics import Analytics  # noqa: E402
from gateway.asgi import Gateway  # noqa: E402
from gateway.authentication import OpenAccess  # noqa: E402
from gateway.broadcast import Broadcast  # noqa: E402
from gateway.budgets import Budgets  # noqa: E402
from gateway.caller import Limits  # noqa: E402
from gateway.client_counts import ClientCounts  # noqa: E402
from gateway.client_listing import ClientListing  # noqa: E402
from gateway.clients import Clients  # noqa: E402
from gateway.configuration import Changed, ConfigurationFollower  # noqa: E402
from gateway.cursor import cursor_key  # noqa: E402
from gateway.feeds import Feeds  # noqa: E402
from gateway.ingest import Ingest, IngestLimits  # noqa: E402
from gateway.internal_topic import InternalTopics  # noqa: E402
from gateway.metrics_access import MetricsAccess  # noqa: E402
from gateway.parts import Parts  # noqa: E402
from gateway.poll import Poll  # noqa: E402
from gateway.revision import ActiveDefinitions  # noqa: E402
from gateway.round_robin import RoundRobin  # noqa: E402
from gateway.routes import Purpose  # noqa: E402
from gateway.sandbox import Sandbox  # noqa: E402
from gateway.server_flow import ServerFlow  # noqa: E402
from gateway.sse import EventStreams  # noqa: E402
from gateway.upstream import Upstream  # noqa: E402
from gateway.websocket import WebSockets  # noqa: E402
from portal.components import definition_registry, internal_topics  # noqa: E402
from portal.mail.stream_mail import MemberMailer  # noqa: E402
from streams.http.client import HttpClient  # noqa: E402
from streams.mailer import Mailer  # noqa: E402
from streams.outbound import Guard  # noqa: E402
from streams.secrets import KeyRing  # noqa: E402
from streams.sql.sqlite import SqliteDirectories  # noqa: E402
from webhooks.acceptance import Acceptance  # noqa: E402
from webhooks.database import open_pool  # noqa: E402
from webhooks.partitions import KeptDays  # noqa: E402
from webhooks.publish import Publisher  # noqa: E402


async def make_parts(changed: Changed) -> Parts:
    """Make the parts of a gateway, on the running event loop. Raises nothing while the database is away."""
    pool = await open_pool(settings.DATABASE_URL)
    topics = internal_topics()
    counts = ClientCounts(settings.VALKEY_URL, secrets.token_hex(8))
    clients = Clients(counts)
    listing = ClientListing(settings.VALKEY_URL, clients)
    round_robin = RoundRobin(pool, topics, settings.VALKEY_URL)
    broadcast = Broadcast(pool, topics, cursor_key(settings.KEY_RING[-1]))
    feeds = Feeds(broadcast, round_robin)
    acceptance = Acceptance(pool, KeyRing(settings.KEY_RING), KeptDays(settings.RETENTION_DAYS))
    guard = Guard(settings.OUTBOUND_ALLOW)
    http = HttpClient(guard)
    ingest = Ingest(
        {
            InternalTopics: topics,
            Publisher: acceptance.publisher,
            HttpClient: http,
            Guard: guard,
            SqliteDirectories: SqliteDirectories(settings.SQLITE_DIRECTORIES),
            Mailer: MemberMailer(pool),
        },
        IngestLimits(body_bytes=settings.INGEST_BODY_BYTES),
    )
    poll, events, sockets = Poll(round_robin, broadcast), EventStreams(feeds), WebSockets(feeds)
    upstream = Upstream(guard, (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME))
    open_access = OpenAccess(
        settings.OPEN_APIS,
        Limits(requests_per_second=settings.OPEN_REQUESTS_PER_SECOND, max_clients=settings.OPEN_CLIENTS),
    )
    definitions = ActiveDefinitions(
        pool,
        definition_registry(),
        KeyRing(settings.KEY_RING),
        raw_addresses=settings.RAW_ADDRESSES,
        streaming=settings.STREAMING_ENABLED,
    )

    async def close() -> None:
        await http.close()
        await pool.close()

    return Parts(
        serving=(counts, listing, round_robin, broadcast, acceptance, ingest, upstream),
        handlers={
            Purpose.INGEST: ingest.request,
            Purpose.INGEST_WEBSOCKET: ingest.websocket,
            Purpose.POLL: poll.request,
            Purpose.STREAM: events.request,
            Purpose.WEBSOCKET: sockets.websocket,
            Purpose.UPSTREAM: upstream.request,
        },
        sandbox=Sandbox().serve,
        admission=Admission(pool, Budgets(pool, settings.VALKEY_URL), Analytics(pool), clients, open_access),
        follower=ConfigurationFollower(
            pool, definitions, settings.VALKEY_URL, changed, stale_seconds=settings.STALE_REVISION_LIMIT
        ),
        metrics_access=MetricsAccess(settings.METRICS_TOKEN),
        portal_origin=settings.PORTAL_URL.rstrip("/"),
        close=close,
    )


application = ServerFlow(Gateway(make_parts))
