"""The streams that people know from Tyk's documentation run as they are written there; only addresses are ours.

Each is a file of reference_configurations/. Beside them, one makes XML of GitHub's events, and one asks two databases.
"""

import json
import threading
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
import yaml

from portal.demonstration.receiver import Receiver
from portal.embedded import postgresql
from tests.e2e.broker import Broker
from tests.e2e.http_service import HttpService, http_service
from tests.load.deployment import Deployment
from tests.load.documents import document
from tests.load.events import github_templates
from tests.load.waiting import wait_until
from tests.parts import mariadb
from tests.parts.tcp_to_socket import tcp_to_socket
from tests.parts.topics import Topics
from webhooks.signing import generate_secret

CONFIGURATIONS = Path(__file__).parent / "reference_configurations"
TOPICS = (
    "orders",
    "stream1",
    "stream2",
    "processed_stream1",
    "processed_stream2",
    "bars",
    "github",
    "xml",
    "purchases",
    "enriched",
)
ORDER = {"id": 17, "total": 5, "timestamp": "2026-01-01T10:00:00Z", "clerk": "Ada"}
ANSWERS: dict[str, Callable[[Any], Any]] = {
    "/emails": lambda asked: {"customer_email": f"{asked['customer_id']}@shop.example"},
    "/orders": lambda _: ORDER,
    "/process": lambda event: {"status": "ok" if event["details"]["good"] else "refused"},
    "/analyze": lambda event: {"status": "ok" if event["details"]["good"] else "refused"},
}
SECONDS = 60.0

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def broker(deployment: Deployment) -> Iterator[Broker]:
    bootstrap = deployment.processes.environment["KAFKA_BOOTSTRAP_SERVERS"]
    topics = Topics()
    for topic in TOPICS:
        topics(bootstrap, name=topic)
    deployment.processes.start_worker("worker")
    yield Broker(bootstrap)
    deployment.processes.stop()
    topics.delete()


@pytest.fixture(scope="module")
def service() -> Iterator[HttpService]:
    with http_service(ANSWERS) as made:
        yield made


@pytest.fixture(scope="module")
def run(deployment: Deployment, broker: Broker) -> Callable[..., str]:
    """`run(name, addresses)` puts a configuration in force, each address of it replaced by a local one.

    Returns the definition's id. It goes with the deployment.
    """

    def running(name: str, addresses: dict[str, str]) -> str:
        text = (CONFIGURATIONS / f"{name}.yaml").read_text()
        for written, ours in {"localhost:9092": broker.bootstrap, **addresses}.items():
            assert written in text
            text = text.replace(written, ours)
        return deployment.define(document(name, {"stream": yaml.safe_load(text)}))

    return running


def test_orders_of_high_value_are_read_with_the_address_of_the_customer(deployment, broker, service, run):
    run("high_value_orders", {"http://customer-api.local": service.url})
    orders = [
        {"order": at, "customer_id": f"c{at}", "order_value": value}
        for at, value in enumerate((1001, 1000, 3, 2500.5, 99999))
    ]
    broker.produce("orders", *orders)
    url = f"{deployment.gateways[0].url}/high_value_orders/high-value-orders"
    got: list[Any] = []

    def every_one() -> bool:
        answer = requests.get(url, timeout=SECONDS)
        # What another test wrote into the same topic has no value.
        got.extend(one for one in [answer.json()] if "order" in one)
        return len(got) == 3

    wait_until(every_one, "the orders above 1000", SECONDS, poll=0)
    assert sorted(got, key=lambda one: one["order"]) == [
        {**one, "customer_email": f"{one['customer_id']}@shop.example", "high_value_order": True}
        for one in orders
        if one["order_value"] > 1000
    ]
    assert {"customer_id": "c0"} in service.bodies("/emails")


def test_a_legacy_application_is_asked_and_its_orders_are_in_the_topic(broker, service, run):
    run("legacy_polling", {"http://legacy-app": service.url})
    wanted = {name: ORDER[name] for name in ("id", "total", "timestamp")}
    wanted["order_id"] = wanted.pop("id")
    broker.read("orders", lambda found: wanted in map(json.loads, found))
    # The interval is a minute.
    assert [one.verb for one in service.asked("/orders")] == ["GET"]


def test_events_of_two_topics_are_judged_by_two_services_and_reach_three_places(broker, service, run):
    addresses = {"http://api1.example.com": service.url, "http://api2.example.com": service.url}
    run("orchestration", {**addresses, "https://webhook.site": service.url})
    for topic in ("stream1", "stream2"):
        broker.produce(topic, *({"id": f"{topic}-{at}", "good": at != 1} for at in range(3)))
    numbers = {"event_from_stream1": "1", "event_from_stream2": "2"}
    for topic in ("processed_stream1", "processed_stream2"):
        events = broker.read_json(topic, 4)
        assert sorted(one["details"]["id"] for one in events) == [
            f"stream{number}-{at}" for number in "12" for at in (0, 2)
        ]
        for one in events:
            number = numbers[one["type"]]
            assert one["details"]["id"].startswith(f"stream{number}-")
            assert one[f"api{number}_response"] == {"status": "ok"}
    wait_until(lambda: len(service.asked("/unique-id")) >= 4, "four calls", SECONDS)
    assert sorted(map(str, service.bodies("/unique-id"))) == sorted(map(str, events))


def subscribed(deployment: Deployment, definition: str, event_type: str, url: str, secret: str) -> None:
    """An app that is sent the events of a type."""
    api, name = deployment.api, f"portal-{uuid.uuid4().hex[:8]}"
    product = {"name": name, "slug": name, "webhooks_enabled": True, "event_types": [event_type]}
    made = api.call("POST", "products", {**product, "definitions": [definition]})["id"]
    plan = api.call("POST", f"products/{made}/plans", {"name": "Free", "approval": "automatic"})["id"]
    api.call("POST", f"products/{made}/publish", {})
    app = api.call("POST", "apps", {"name": name})["id"]
    api.call("POST", "subscriptions", {"app": app, "product": name, "plan": plan})
    api.call("POST", "endpoints", {"app": app, "url": url, "secret": secret})


def test_events_reach_the_webhook_of_a_subscribed_app_signed(deployment, broker, run):
    deployment.api.call("POST", "event-types", {"name": "bar"})
    heard: list[str] = []
    secret = generate_secret()
    with Receiver(("127.0.0.1", 0), secret, heard.append) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        definition = run("portal_webhook", {"http://localhost:3001": deployment.portal})
        subscribed(deployment, definition, "bar", f"http://127.0.0.1:{receiver.server_port}/", secret)
        sent = 0

        def arrived() -> bool:
            """A worker that has not heard of the subscription yet finds nobody for an event: another follows."""
            nonlocal sent
            broker.produce("bars", {"bar": sent})
            sent += 1
            return bool(heard)

        wait_until(arrived, "an event at the endpoint", SECONDS)
        wait_until(lambda: any(f'{{"bar": {sent - 1}}}' in line for line in heard), "the last one", SECONDS)
        receiver.shutdown()
        thread.join()
    assert all(line.startswith("verified msg_") for line in heard)


def named(value: Any) -> Any:
    """A payload whose keys are names of XML, as the stream makes them."""
    if isinstance(value, list):
        return [named(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {{"+1": "liked", "-1": "disliked"}.get(name, name): named(item) for name, item in value.items()}


def as_xml_tells(value: Any) -> Any:
    """What is left of a value in XML: texts, and children by name; nothing is as good as an empty text."""
    if isinstance(value, dict):
        children = {
            name: [as_xml_tells(item) for item in (one if isinstance(one, list) else [one])]
            for name, one in value.items()
        }
        return {name: items for name, items in children.items() if items} or ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    return "" if value is None else json.dumps(value)


def parsed(element: ET.Element) -> Any:
    """An element in the same form."""
    children: dict[str, list[Any]] = {}
    for child in element:
        children.setdefault(child.tag, []).append(parsed(child))
    return children or element.text or ""


@pytest.mark.shared
def test_github_events_are_the_same_events_as_xml(broker, run, shared):
    run("github_as_xml", {})
    bodies = [template.event(at).body for at, template in enumerate(github_templates(shared))]
    broker.produce("github", *bodies)
    documents = broker.read("xml", lambda found: len(found) >= len(bodies))
    assert len(documents) == len(bodies)
    for body, text in zip(bodies, documents, strict=True):
        event = ET.fromstring(text)
        assert (event.tag, parsed(event)) == ("event", as_xml_tells(named(json.loads(body))))


@pytest.fixture
def databases(deployment: Deployment, postgres_server: postgresql.Place, tmp_path: Path) -> Iterator[None]:
    """PostgreSQL with a customer, as connection `customers`, and MariaDB as `stock`."""
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE crm")
    with psycopg.connect(postgres_server.url("crm")) as connection:
        connection.execute("CREATE TABLE customer AS SELECT 7 AS id, 'Ada' AS name")
    stock = mariadb.make(tmp_path / "mariadb").start()
    with tcp_to_socket(postgres_server.sockets / ".s.PGSQL.5432") as port:
        customers = {"name": "customers", "kind": "postgresql", "addresses": [f"127.0.0.1:{port}"]}
        there = {"name": "stock", "kind": "mysql", "addresses": [f"127.0.0.1:{stock.port}"]}
        deployment.connect(
            {**customers, "username": postgresql.USER},
            {**there, "username": "shop", "password": "secret"},
        )
        yield
    stock.stop()


@pytest.mark.usefixtures("databases")
def test_purchases_are_enriched_from_two_databases(broker, run):
    run("customers_and_stock", {})
    purchase = {"customer": 7, "sku": "s-1"}
    broker.produce("purchases", purchase)
    assert broker.read_json("enriched", 1) == [{**purchase, "name": "Ada", "in_stock": 3}]
