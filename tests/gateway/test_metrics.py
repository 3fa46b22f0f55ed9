from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics import CONTENT_TYPE, Gauge, exposition

TOTALS = {
    "messages": 5,
    "bytes": 320,
    "requests.accepted": 7,
    "requests.quota_exceeded": 2,
    "closed.slow_client": 1,
    'error.with "quotes"': 1,
    "counts_lost": 3,
}


def samples(text):
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_counts_are_told_as_prometheus_reads_them():
    found = samples(exposition(TOTALS, [Gauge("sluice_gateway_streams_open", "Open.", 4)]))
    assert found == {
        ("sluice_gateway_messages_total", ()): 5,
        ("sluice_gateway_message_bytes_total", ()): 320,
        ("sluice_gateway_requests_total", (("outcome", "accepted"),)): 7,
        ("sluice_gateway_requests_total", (("outcome", "quota_exceeded"),)): 2,
        ("sluice_gateway_streams_closed_total", (("reason", "slow_client"),)): 1,
        ("sluice_gateway_errors_total", (("kind", 'with "quotes"'),)): 1,
        ("sluice_gateway_counts_lost_total", ()): 3,
        ("sluice_gateway_streams_open", ()): 4,
    }


def test_a_process_that_has_counted_nothing_says_so_in_the_same_form():
    assert samples(exposition({}, [])) == {}
    assert CONTENT_TYPE.startswith(b"text/plain; version=0.0.4")
