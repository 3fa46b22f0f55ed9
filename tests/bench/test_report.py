from tests.bench.latency import Latencies
from tests.bench.report import table


def test_a_table_has_a_row_a_case_with_median_and_spread():
    results = [
        {"benchmark": "b", "scheme": scheme, "run": run, "rate": 10.0 * run + len(scheme)}
        for scheme in ("http", "https")
        for run in (3, 1, 2)
    ]
    assert table(results).splitlines() == [
        "| benchmark | scheme | rate |",
        "|---|---|---|",
        "| b | http | 24 (14 to 34) |",
        "| b | https | 25 (15 to 35) |",
    ]


def test_a_quantile_is_the_value_that_the_share_does_not_exceed():
    latencies = Latencies([float(number) for number in range(1, 101)])
    assert latencies.figures() == {"count": 100, "p50 ms": 51.0, "p99 ms": 100.0, "max ms": 100.0}
