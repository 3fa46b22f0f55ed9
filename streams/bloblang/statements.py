"""Whole mappings: statements, maps and imports; or a single query standing for `root = query`."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Mapping

from streams.bloblang.cursor import Cursor, SyntaxFault, expecting, required
from streams.bloblang.errors import ParseError
from streams.bloblang.lexer import Kind
from streams.bloblang.literals import read_string
from streams.bloblang.nodes import (
    Assignment,
    ConditionalBlock,
    Expression,
    IfStatement,
    MapDefinition,
    MetadataTarget,
    Program,
    RootTarget,
    Statement,
    Target,
    VariableTarget,
)
from streams.bloblang.parser import QueryParser
from streams.bloblang.registry import Registry
from streams.bloblang.tree import Builder

_MAX_BLOCKS = 48


class MappingParser:
    """Reads one text; a new one reads each import."""

    def __init__(
        self,
        text: str,
        registry: Registry,
        *,
        imports: Mapping[str, str] | None = None,
        permissions: Collection[str] = (),
        importing: tuple[str, ...] = (),
    ) -> None:
        self._text = text
        self._registry = registry
        self._imports = imports or {}
        self._permissions = permissions
        self._importing = importing
        self._maps: dict[str, MapDefinition] = {}
        self._blocks = 0
        self._begin()

    def _begin(self) -> None:
        self._cursor = Cursor(self._text)
        self._queries = QueryParser(self._cursor, Builder(self._registry, self._permissions))

    def program(self) -> Program:
        """The mapping. Raises ParseError for the reading that got furthest."""
        try:
            return self._from_import() or self._statements()
        except SyntaxFault as fault:
            if fault.fatal:
                raise fault.located(self._text) from None
            return self._shorthand(fault)

    def _statements(self) -> Program:
        self._begin()
        statements: list[Statement] = []
        self._cursor.skip_blank()
        while True:
            statement = self._statement(top=True, metadata=True)
            statements += [statement] if statement is not None else []
            self._cursor.skip_space()
            if self._cursor.at_end():
                break
            self._cursor.expect_newline()
            self._cursor.skip_blank()
            if self._cursor.at_end():
                break
        return Program(self._text, tuple(statements), tuple(self._maps.values()))

    def _shorthand(self, first: SyntaxFault) -> Program:
        self._begin()
        try:
            return self._single_query()
        except SyntaxFault as second:
            further = second.offset > first.offset or (second.fatal and second.offset == first.offset)
            furthest = second if further else first
            raise furthest.located(self._text) from None

    def _single_query(self) -> Program:
        self._cursor.skip_blank()
        start = self._cursor.token.start
        query = self._queries.query()
        end = self._cursor.token.start
        self._cursor.skip_blank()
        if not self._cursor.at_end():
            written = self._text[start:end]
            shown = written if len(written) <= 12 else f"{written[:12]}..."
            raise SyntaxFault(
                self._cursor.token.start,
                expected=f"the mapping to end here as the beginning is shorthand for `root = {shown}`, "
                "but this shorthand form cannot be followed with more assignments",
            )
        return Program(self._text, (Assignment(RootTarget(()), query, 0),), ())

    def _from_import(self) -> Program | None:
        self._cursor.skip_blank()
        if not self._cursor.at_word("from"):
            return None
        start = self._cursor.take().start
        if not self._cursor.skip_space() or self._cursor.token.kind is not Kind.STRING:
            return None
        name = read_string(self._cursor)
        self._cursor.skip_blank()
        program = self._imported(name, start)
        if not self._cursor.at_end():
            rest = self._text[self._cursor.token.start :]
            raise SyntaxFault(start, reason=f"unexpected content after single root import: {rest}")
        return program

    def _imported(self, name: str, place: int) -> Program:
        path = self._resolved(name)
        if path in self._importing:
            raise SyntaxFault(place, reason=f"failed to read import: {path} imports itself")
        if path not in self._imports:
            raise SyntaxFault(place, reason=f"failed to read import: open {path}: no such file or directory")
        parser = MappingParser(
            self._imports[path],
            self._registry,
            imports=self._imports,
            permissions=self._permissions,
            importing=(*self._importing, path),
        )
        try:
            return parser._statements()
        except SyntaxFault as fault:
            inner = fault.located(self._imports[path])
            raise SyntaxFault(place, reason=f"failed to parse import '{name}': {inner}") from fault
        except ParseError as error:
            raise SyntaxFault(place, reason=f"failed to parse import '{name}': {error}") from error

    def _resolved(self, name: str) -> str:
        if name in self._imports or not self._importing:
            return name
        return posixpath.normpath(posixpath.join(posixpath.dirname(self._importing[-1]), name))

    def _statement(self, *, top: bool, metadata: bool) -> Statement | None:
        cursor = self._cursor
        spaced = cursor.token.kind is Kind.WORD and cursor.ahead(1).kind is Kind.SPACE
        if spaced and top and cursor.token.text in {"import", "map"}:
            declare = self._import if cursor.token.text == "import" else self._map
            declare()
            return None
        if spaced and cursor.token.text == "let":
            return self._let()
        if spaced and cursor.token.text == "meta":
            return self._meta(allowed=metadata)
        if spaced and cursor.token.text == "if" and cursor.ahead(2).text != "=":
            return self._if()
        return self._assignment(top=top)

    def _import(self) -> None:
        start = self._cursor.take().start
        self._cursor.skip_space()
        name = required(lambda: expecting("filepath", lambda: read_string(self._cursor)))
        maps = self._imported(name, start).maps
        if not maps:
            raise SyntaxFault(start, reason=f"no maps to import from '{name}'")
        collisions = [definition.name for definition in maps if definition.name in self._maps]
        if collisions:
            shown = " ".join(collisions)
            raise SyntaxFault(start, reason=f"map name collisions from import '{name}': [{shown}]")
        self._maps.update((definition.name, definition) for definition in maps)

    def _name(self, what: str) -> str:
        cursor = self._cursor
        if cursor.token.kind is Kind.WORD:
            return cursor.take().text
        return required(lambda: expecting(what, lambda: read_string(self._cursor)))

    def _map(self) -> None:
        start = self._cursor.take().start
        self._cursor.skip_space()
        name = self._name("map name")
        self._cursor.expect_space()
        statements = self._block(metadata=False)
        if name in self._maps:
            raise SyntaxFault(start, reason=f"map name collision: {name}")
        line = self._text.count("\n", 0, start)
        self._maps[name] = MapDefinition(name, statements, line, self._text)

    def _block(self, *, metadata: bool) -> tuple[Statement, ...]:
        cursor = self._cursor
        self._blocks += 1
        if self._blocks > _MAX_BLOCKS:
            raise SyntaxFault(cursor.token.start, reason=f"blocks nest deeper than {_MAX_BLOCKS} levels")
        cursor.expect("{")
        cursor.skip_blank()
        statements: list[Statement] = []
        while not cursor.accept("}"):
            statement = self._statement(top=False, metadata=metadata)
            statements += [statement] if statement is not None else []
            cursor.skip_space()
            if not cursor.at_symbol("}"):
                cursor.expect_newline()
                cursor.skip_blank()
        self._blocks -= 1
        return tuple(statements)

    def _let(self) -> Statement:
        start = self._cursor.take().start
        self._cursor.skip_space()
        target = VariableTarget(self._name("variable name"))
        self._cursor.expect_space()
        return self._assigned(target, start)

    def _meta(self, *, allowed: bool) -> Statement:
        start = self._cursor.take().start
        self._cursor.skip_space()
        named = self._cursor.token.kind in {Kind.WORD, Kind.STRING, Kind.BROKEN}
        key = self._name("metadata key") if named else None
        self._cursor.skip_space()
        statement = self._assigned(MetadataTarget(key), start)
        if not allowed:
            raise SyntaxFault(start, reason="setting meta fields is not allowed within this block")
        return statement

    def _assignment(self, *, top: bool) -> Statement:
        cursor = self._cursor
        start = cursor.token.start
        if cursor.token.kind is not Kind.WORD:
            raise SyntaxFault(start, expected="import, map, or assignment" if top else "assignment")
        path = [cursor.take().text]
        while cursor.accept("."):
            path.append(self._segment())
        cursor.expect_space()
        target = RootTarget(tuple(path[1:] if path[0] == "root" else path))
        return self._assigned(target, start)

    def _segment(self) -> str:
        if self._cursor.token.kind is Kind.WORD:
            return self._cursor.take().text
        return expecting("target path", lambda: read_string(self._cursor))

    def _assigned(self, target: Target, start: int) -> Statement:
        self._cursor.expect("=")
        self._cursor.expect_space()
        return Assignment(target, self._queries.query(), start)

    def _if(self) -> Statement:
        start = self._cursor.token.start
        self._cursor.take()
        blocks = [self._condition_and_block()]
        while self._try(lambda: self._queries.followed_by_else("if")):
            blocks.append(self._condition_and_block())
        if self._try(lambda: self._queries.followed_by_else("")):
            self._cursor.skip_blank()
            blocks.append(ConditionalBlock(None, self._block(metadata=True)))
        return IfStatement(tuple(blocks), start)

    def _try(self, read: Callable[[], bool]) -> bool:
        mark = self._cursor.index
        if read():
            return True
        self._cursor.index = mark
        return False

    def _condition_and_block(self) -> ConditionalBlock:
        self._cursor.expect_space()
        condition: Expression = required(self._queries.query)
        self._cursor.skip_blank()
        return ConditionalBlock(condition, self._block(metadata=True))
