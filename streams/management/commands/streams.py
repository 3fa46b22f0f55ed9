"""`manage.py streams`: check, test, run and describe streams in files."""

import asyncio
import json
import signal
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from streams.configuration_files import check_file, find_files, is_test_file
from streams.errors import ConfigError
from streams.garbage import spare_what_stays
from streams.lint import CheckedStream
from streams.outputs.stdout import STDOUT
from streams.reference.folder import write_reference
from streams.reference.json_schema import configuration_schema
from streams.reference.skeleton import skeleton
from streams.registry import Registry
from streams.spec import Kind, Rules, Severity
from streams.standalone import run_stream, standalone_services
from streams.stopping import StopSignal
from streams.stream_tests.running import Outcome, TestFile, has_tests

REFERENCE: Final = "docs/reference"
_DIALECTS: Final = ("sluice", "tyk")


class Command(BaseCommand):
    help = "Check, test, run and describe streams in files."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        lint = actions.add_parser("lint", help="report all that is wrong, with file, line and column")
        lint.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder and all below it")
        test = actions.add_parser("test", help="run tests in the format of `bento test`")
        test.add_argument("paths", nargs="+", metavar="PATH")
        run = actions.add_parser("run", help="run one stream here, without the portal")
        run.add_argument("file")
        run.add_argument("--stream", help="which, where the file has several")
        for one in (lint, run):
            one.add_argument("--dialect", choices=_DIALECTS, default="sluice")
        listing = actions.add_parser("list", help="name the components there are")
        listing.add_argument("kind", nargs="?", choices=[kind.value for kind in Kind])
        create = actions.add_parser("create", help="print a configuration to begin with")
        create.add_argument("components", help="input/processor,processor/output")
        create.add_argument("--small", action="store_true", help="only fields that must be given")
        actions.add_parser("schema", help="print a JSON Schema of configurations, for editors")
        docs = actions.add_parser("docs", help="write the reference of components and of Bloblang")
        docs.add_argument("folder", nargs="?", default=REFERENCE)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's shape
        actions: dict[str, Callable[..., None]] = {
            "lint": self._lint,
            "test": self._test,
            "run": self._run,
            "list": self._list,
            "create": self._create,
            "schema": self._schema,
            "docs": self._docs,
        }
        try:
            actions[options["action"]](_registry(), options)
        except ConfigError as error:
            raise CommandError(str(error)) from error

    def _lint(self, registry: Registry, options: dict[str, Any]) -> None:
        files = [path for path in find_files(options["paths"]) if not is_test_file(path)]
        errors = 0
        for path in files:
            for finding in check_file(path, registry, Rules(dialect=options["dialect"])).findings:
                errors += finding.severity is Severity.ERROR
                advice = f" ({finding.remedy})" if finding.remedy else ""
                place = f"{path}:{finding.line}:{finding.column}"
                self.stdout.write(
                    f"{place}: {finding.severity.value}: {finding.message}{advice} [{finding.code}]"
                )
        if errors:
            raise CommandError(f"{errors} errors in {len(files)} files")

    def _test(self, registry: Registry, options: dict[str, Any]) -> None:
        outcomes = asyncio.run(_run_tests(registry, options["paths"]))
        for outcome in outcomes:
            self._report(outcome)
        if not outcomes:
            raise CommandError("there are no tests in these files")
        if any(outcome.failures for outcome in outcomes):
            raise CommandError(f"{sum(len(outcome.failures) for outcome in outcomes)} tests failed")

    def _report(self, outcome: Outcome) -> None:
        self.stdout.write(f"Test '{outcome.path}' {'failed' if outcome.failures else 'succeeded'}")
        for failure in outcome.failures:
            self.stdout.write(f"\n{outcome.path}:{failure.line}: {failure.name}")
            for problem in failure.problems:
                self.stdout.write(f"  {problem}")

    def _run(self, registry: Registry, options: dict[str, Any]) -> None:
        registry = registry.with_component(STDOUT)
        checked = check_file(Path(options["file"]), registry, Rules(dialect=options["dialect"]))
        for finding in checked.findings:
            self.stderr.write(f"{checked.path}:{finding}")
        if not checked.is_good:
            raise CommandError("the stream cannot run")
        stream = _chosen(checked.streams, options["stream"])
        spare_what_stays()
        uvloop.run(_run_stream(stream, self.stderr.write, options["dialect"]))

    def _list(self, registry: Registry, options: dict[str, Any]) -> None:
        for spec in registry.specs():
            if options["kind"] in {None, spec.kind.value}:
                names = ", ".join((spec.name, *spec.aliases))
                self.stdout.write(f"{spec.kind.value:<11}{names:<28}{spec.summary}")

    def _create(self, registry: Registry, options: dict[str, Any]) -> None:
        self.stdout.write(skeleton(options["components"], registry, small=options["small"]), ending="")

    def _schema(self, registry: Registry, options: dict[str, Any]) -> None:  # noqa: ARG002 - one shape for all
        self.stdout.write(json.dumps(configuration_schema(registry), indent=2))

    def _docs(self, registry: Registry, options: dict[str, Any]) -> None:
        count = write_reference(registry, Path(options["folder"]))
        self.stdout.write(f"{count} pages in {options['folder']}")


def _registry() -> Registry:
    """The components of this installation, which the package above wires together."""
    registry: Registry = import_string(settings.STREAMING_REGISTRY)()
    return registry


def _chosen(streams: dict[str, CheckedStream], name: str | None) -> CheckedStream:
    """The stream to run. Raises ConfigError."""
    if name is None and len(streams) == 1:
        return next(iter(streams.values()))
    if name not in streams:
        raise ConfigError(f"name a stream by --stream (there are: {', '.join(streams) or 'none'})")
    return streams[name]


async def _run_tests(registry: Registry, paths: list[str]) -> list[Outcome]:
    async with standalone_services(settings.OUTBOUND_ALLOW, settings.SQLITE_DIRECTORIES) as services:
        files = [path for path in find_files(paths) if has_tests(path)]
        return [await TestFile(path, registry, services).run() for path in files]


async def _run_stream(stream: CheckedStream, report: Callable[[str], object], dialect: str) -> None:
    """Run a stream until its input has ended, or somebody ends it."""
    async with standalone_services(settings.OUTBOUND_ALLOW, settings.SQLITE_DIRECTORIES) as services:
        stopping, loop = StopSignal(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
        await run_stream(stream, services, report, dialect, stopping)
