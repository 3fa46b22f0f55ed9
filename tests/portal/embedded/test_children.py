import io
import os
import sys
from pathlib import Path

import pytest

from portal.embedded import process
from portal.embedded.children import Children
from portal.embedded.errors import EmbeddedError
from portal.embedded.logs import Log


@pytest.fixture
def children():
    all_of_them = Children(Log(out=io.StringIO()))
    yield all_of_them
    all_of_them.stop()


def printed(children: Children) -> str:
    assert isinstance(children.log.out, io.StringIO)
    return children.log.out.getvalue()


def command(name: str, *arguments: str) -> process.Command:
    return process.Command(name, arguments, Path("/"), os.environ)


def test_each_line_of_a_child_is_printed_after_its_name(children):
    children.finish(command("speaker", "sh", "-c", "echo one; echo two >&2"))
    children.stop()
    assert "speaker   | two" in printed(children)
    assert "speaker   | one" in printed(children)


def test_the_end_of_any_child_is_an_error_with_its_name(children):
    children.start(command("steady", "sleep", "600"))
    children.start(command("fragile", "sh", "-c", "exit 4"))
    with pytest.raises(EmbeddedError, match="fragile ended with code 4"):
        children.watch()


def test_children_are_stopped_last_to_first(children):
    children.start(command("first", "sleep", "600"))
    children.start(command("second", "sleep", "600"))
    children.stop()
    assert printed(children).index("stopping second") < printed(children).index("stopping first")


def test_a_command_that_fails_is_an_error_with_its_name(children):
    with pytest.raises(EmbeddedError, match="migrate failed with code 2"):
        children.finish(command("migrate", sys.executable, "-c", "raise SystemExit(2)"))
