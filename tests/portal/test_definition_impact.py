"""What is said before a definition stops."""

import pytest

from gateway.client_listing import OpenStreams
from portal.definition_impact import DefinitionImpact


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        (None, "not known now"),
        (OpenStreams((), 0, asked=0, answered=0), "not known now"),
        (OpenStreams((), 0, asked=2, answered=2), "No stream of it is open."),
        (OpenStreams((), 0, asked=2, answered=1), "Not every gateway process answered."),
        (
            OpenStreams((), 1, asked=2, answered=2),
            "1 stream that clients have open closes within two seconds",
        ),
        (OpenStreams((), 1200, asked=2, answered=1), "At least 1,200 streams that clients have open close"),
    ],
)
def test_open_streams_are_counted_as_far_as_gateways_answered(streams, said):
    assert said in DefinitionImpact(streams, 0, 0).sentences[0]


def test_subscribers_and_endpoints_are_counted():
    assert DefinitionImpact(None, 0, 0).sentences[1:] == ["Nobody is subscribed to it."]
    assert DefinitionImpact(None, 1, 2).sentences[1:] == [
        "1 subscription receives nothing of it.",
        "2 webhook endpoints get no new events; what is accepted already is still delivered.",
    ]
