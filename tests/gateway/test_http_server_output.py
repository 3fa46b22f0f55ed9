"""What a definition may say of the outputs that clients read from."""

import pytest

from tests.gateway.serving import REGISTRY
from tests.streams.making import findings

GROUP = "$tyk_context.request_data_user"
KAFKA = "input: {{kafka: {{addresses: ['k:9092'], topics: [orders], consumer_group: {group}}}}}\n"
CLIENTS = "http_server: {path: /get}"


@pytest.mark.parametrize(
    ("group", "output", "codes"),
    [
        ("g", f"broker: {{outputs: [{{{CLIENTS}}}, {{drop: {{}}}}]}}", []),
        ("g", f"broker: {{outputs: [{{{CLIENTS}}}, {{{CLIENTS}}}]}}", ["clients_twice"]),
        ("g", f"broker: {{copies: 2, outputs: [{{{CLIENTS}}}]}}", ["clients_twice"]),
        (GROUP, CLIENTS, []),
        (GROUP, f"broker: {{outputs: [{{{CLIENTS}}}, {{drop: {{}}}}]}}", ["caller_with_outputs"]),
    ],
)
def test_clients_get_each_message_by_one_output(group, output, codes):
    text = KAFKA.format(group=group) + f"output: {{{output}}}\n"
    assert [found.code for found in findings(text, REGISTRY)] == codes
