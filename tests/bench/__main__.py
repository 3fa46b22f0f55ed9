"""`python -m tests.bench [NAME] [options]`: the benchmarks of docs/benchmarks.md; without a name, all."""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import gateway, isolation, latency, mapping, pages, pipeline, takeover, throughput
from tests.bench.cases import SHARED, Case, cases
from tests.bench.report import Result, kept, table
from tests.load.stage import SETTINGS, OwnStage, own_stage

REBALANCE_DELAY_MS = 3000
"""Kafka's own default: workers that start together are given their partitions together."""

Benchmark = Callable[[OwnStage, argparse.Namespace], Iterator[Result]]


def _throughput(stage: OwnStage, options: argparse.Namespace) -> Iterator[Result]:
    return throughput.results(
        stage,
        cases(options.scheme, options.payload, options.fan_out, options.endpoints),
        deliveries=options.deliveries,
        naive_deliveries=options.naive_deliveries,
        runs=options.runs,
        workers=options.workers,
    )


def _latency(stage: OwnStage, options: argparse.Namespace) -> Iterator[Result]:
    chosen = [Case(scheme, endpoints=options.endpoints) for scheme in options.scheme]
    size = {"rate": options.rate, "seconds": options.seconds}
    return latency.results(stage, chosen, runs=options.runs, workers=options.workers, **size)


def _isolation(trouble: Callable[[argparse.Namespace], isolation.Trouble]) -> Benchmark:
    def run(stage: OwnStage, options: argparse.Namespace) -> Iterator[Result]:
        size = {"rate": options.rate_each, "seconds": options.seconds}
        chosen = trouble(options)
        return isolation.results(stage, chosen, runs=options.runs, workers=options.workers, **size)

    return run


def _fan_out(stage: OwnStage, options: argparse.Namespace) -> Iterator[Result]:
    size = {"rate": options.fan_out_rate, "seconds": options.seconds}
    return gateway.fan_out_results(stage, clients=options.clients, runs=options.runs, **size)


def _post(stage: OwnStage, options: argparse.Namespace) -> Iterator[Result]:
    size = {"connections": options.connections, "seconds": options.seconds}
    return gateway.post_results(stage, runs=options.runs, **size)


BENCHMARKS: dict[str, Benchmark] = {
    "throughput": _throughput,
    "latency": _latency,
    "hang": _isolation(lambda _: isolation.Trouble("hang", hangs=True)),
    "stuck": _isolation(lambda options: isolation.Trouble("stuck", backlog=options.rows)),
    "post": _post,
    "fanout": _fan_out,
    "idle": lambda stage, options: gateway.idle_results(
        stage, clients=options.idle_clients, runs=options.runs
    ),
    "mapping": lambda _, options: mapping.results(SHARED, runs=options.runs),
    "pages": lambda stage, options: pages.results(stage, runs=options.runs),
    "pipeline": lambda stage, options: pipeline.results(stage, runs=options.runs),
    "takeover": lambda stage, options: takeover.results(stage, runs=options.runs),
}


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        "python -m tests.bench", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=list(BENCHMARKS), help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--runs", type=int, default=5, help="of each case")
    parser.add_argument("--workers", type=int, default=2, help="worker processes of Sluice")
    parser.add_argument("--endpoints", type=int, default=100)
    parser.add_argument("--scheme", nargs="+", default=["http", "https"], choices=["http", "https"])
    parser.add_argument("--payload", nargs="+", default=["1kB", "github"], choices=["1kB", "github"])
    parser.add_argument("--fan-out", nargs="+", type=int, default=[1, 10])
    parser.add_argument("--deliveries", type=int, default=80_000, help="throughput: of each case")
    parser.add_argument("--naive-deliveries", type=int, default=1_000, help="throughput: 0 leaves it out")
    parser.add_argument("--rate", type=float, default=2000.0, help="latency: events a second")
    parser.add_argument("--rate-each", type=float, default=20.0, help="hang, stuck: a second and endpoint")
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="latency, hang, stuck, post, fanout: how long"
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="stuck: due deliveries of the bad one")
    parser.add_argument("--connections", type=int, default=64, help="post: clients that post")
    parser.add_argument("--clients", type=int, default=1000, help="fanout: SSE clients")
    parser.add_argument("--fan-out-rate", type=float, default=200.0, help="fanout: messages a second")
    parser.add_argument("--idle-clients", type=int, default=5000, help="idle: SSE or WebSocket clients")
    parser.add_argument(
        "--output", type=Path, default=Path("var/bench.jsonl"), help="where results are added"
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - BENCHMARKS.keys():
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    return options


def main(arguments: list[str]) -> None:
    """Run the benchmarks asked for on parts of their own."""
    options = parsed(arguments)
    results: list[Result] = []
    with own_stage(SETTINGS, rebalance_delay_ms=REBALANCE_DELAY_MS) as stage:
        for name in options.names:
            for result in kept(BENCHMARKS[name](stage, options), options.output):
                sys.stdout.write(f"{result}\n")
                sys.stdout.flush()
                results.append(result)
    sys.stdout.write(f"\n{table(results)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
