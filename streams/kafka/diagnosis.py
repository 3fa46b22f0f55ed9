"""Why a broker cannot be used, told from what librdkafka says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from confluent_kafka import KafkaError

from streams.errors import ConnectError


class Missing(Enum):
    """What a connection lacks to be of use."""

    ADDRESS = "address"  # a name that no address is known for
    BROKER = "broker"  # nobody answers
    TLS = "tls"
    CERTIFICATE = "certificate"  # one that is trusted, in time and for the address
    CREDENTIALS = "credentials"
    AUTHORIZATION = "authorization"
    TOPIC = "topic"


class InspectionError(ConnectError):
    """A cluster, or a topic of it, cannot be looked at."""

    def __init__(self, missing: Missing, message: str, remedy: str) -> None:
        super().__init__(message)
        self.missing = missing
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the client said: the name of an error of librdkafka, and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class _Sign:
    """What tells one trouble from the others."""

    names: frozenset[str]
    words: tuple[str, ...]
    """Any of these stands in the text; none: the name is enough."""
    missing: Missing
    message: str
    remedy: str

    def seen_in(self, complaint: Complaint) -> bool:
        """Tell whether a complaint is of this trouble."""
        text = complaint.text.lower()
        return complaint.name in self.names and (not self.words or any(word in text for word in self.words))


_NO_ANSWER: Final = "no broker answers at the connection's addresses"
_CHECK_WAY: Final = "check that the brokers run, and that a firewall lets this machine through"
_TLS_NAMES: Final = frozenset({"_SSL", "_TRANSPORT"})
_SIGNS: Final = (
    _Sign(
        frozenset({"_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED"}),
        ("not valid in current sasl state",),
        Missing.CREDENTIALS,
        "the brokers take no credentials at this address",
        "leave the SASL mechanism empty, or name the addresses of the listener that asks for credentials",
    ),
    _Sign(
        frozenset({"_AUTHENTICATION", "UNSUPPORTED_SASL_MECHANISM"}),
        ("unsupported sasl mechanism",),
        Missing.CREDENTIALS,
        "the brokers do not take this SASL mechanism",
        "set the SASL mechanism to one that they take; the detail names them",
    ),
    _Sign(
        frozenset({"_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED"}),
        (),
        Missing.CREDENTIALS,
        "the brokers do not take the user name and password",
        "set both anew, and check that the brokers know this user under this mechanism",
    ),
    _Sign(
        frozenset({"_INVALID_ARG"}),
        ("ssl.ca.pem",),
        Missing.TLS,
        "the authority's certificate in the connection cannot be read",
        "paste it anew, all from BEGIN CERTIFICATE to END CERTIFICATE",
    ),
    _Sign(
        _TLS_NAMES,
        ("certificate verify failed", "certificate could not be verified"),
        Missing.CERTIFICATE,
        "the brokers' certificate is not trusted here",
        "paste the certificate of the authority that signed it into the connection's field for it",
    ),
    _Sign(
        _TLS_NAMES,
        ("plaintext broker listener", "wrong version number", "ssl connection closed", "ssl handshake"),
        Missing.TLS,
        "the brokers do not speak TLS at this address",
        "switch TLS off in the connection, or name the addresses of their TLS listener",
    ),
    _Sign(
        frozenset({"_RESOLVE"}),
        (),
        Missing.ADDRESS,
        "no address is known for the host name",
        "correct the name in the connection's addresses, or the name servers of this machine",
    ),
    _Sign(
        frozenset({"TOPIC_AUTHORIZATION_FAILED"}),
        (),
        Missing.AUTHORIZATION,
        "the brokers do not let this user read the topic",
        "whoever runs the brokers permits READ and DESCRIBE on it",
    ),
    _Sign(
        frozenset({"CLUSTER_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED"}),
        (),
        Missing.AUTHORIZATION,
        "the brokers do not let this user look at the cluster",
        "whoever runs the brokers permits DESCRIBE on the cluster",
    ),
    _Sign(
        frozenset({"UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION"}),
        (),
        Missing.TOPIC,
        "the cluster has no such topic",
        "check how it is spelt, or have it made",
    ),
    _Sign(
        frozenset({"_TRANSPORT"}),
        ("refused", "timed out", "no route", "unreachable"),
        Missing.BROKER,
        _NO_ANSWER,
        _CHECK_WAY,
    ),
    _Sign(
        frozenset({"_BAD_MSG"}),
        (),
        Missing.BROKER,
        "what answers at the address does not speak Kafka's protocol",
        "check the port: HTTP servers and proxies answer like this",
    ),
)
"""The first that is seen says what is missing: what comes early is known more exactly."""

_VAGUE: Final = frozenset({"_ALL_BROKERS_DOWN", "_TRANSPORT"})
"""What is said of every trouble."""
_GAVE_UP: Final = frozenset({"_TRANSPORT", "_TIMED_OUT"})
"""How the client says that it waited no longer, which is no news of the brokers."""
# A listener with TLS or SASL just hangs up on a client without.
_SILENCE: Final = "the brokers hang up without a word"
_CHECK_LISTENER: Final = (
    "check whether that listener asks for TLS or for credentials, and that the port is Kafka's"
)
_LOOK_AT_LOGS: Final = "try again; if it stays so, whoever runs the brokers finds the reason in their logs"


def complaint(error: KafkaError) -> Complaint:
    """What an error of librdkafka says, without how long it took: the same trouble is the same complaint."""
    return Complaint(error.name(), error.str().partition(" (after ")[0])


def failure(error: KafkaError) -> tuple[Complaint, ...]:
    """What the end of a call adds to the complaints made meanwhile."""
    said = complaint(error)
    return () if said.name in _GAVE_UP else (said,)


def diagnosed(complaints: Iterable[Complaint]) -> InspectionError:
    """Say what is missing, with what the client itself said of it in brackets; nothing said: nobody answered."""
    said = list(complaints)
    for sign in _SIGNS:
        for one in said:
            if sign.seen_in(one):
                return InspectionError(sign.missing, f"{sign.message} ({_detail(one.text)})", sign.remedy)
    strange = [one for one in said if one.name not in _VAGUE]
    if strange:
        return InspectionError(Missing.BROKER, _detail(strange[0].text), _LOOK_AT_LOGS)
    message, remedy = (_SILENCE, _CHECK_LISTENER) if said else (_NO_ANSWER, _CHECK_WAY)
    return InspectionError(Missing.BROKER, message, remedy)


def _detail(text: str) -> str:
    """A text of librdkafka without its own advice."""
    return text.partition(", verify that")[0][:300]
