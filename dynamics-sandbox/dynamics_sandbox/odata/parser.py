"""Parses ``$filter`` and ``$orderby`` by recursive descent.

Grammar (OData 4.0 URL conventions, the part Dataverse and F&O understand; binding grows downwards)::

    filter     = or END
    or         = and *( "or" and )
    and        = comparison *( "and" comparison )
    comparison = sum [ ( "eq" / "ne" / "gt" / "ge" / "lt" / "le" ) sum ]
    sum        = product *( ( "add" / "sub" ) product )
    product    = unary *( ( "mul" / "div" / "divby" / "mod" ) unary )
    unary      = "not" unary / primary
    primary    = "(" or ")" / literal / list / alias / call / lambda / path
    list       = "[" [ literal *( "," literal ) ] "]"
    call       = NAME "(" [ argument *( "," argument ) ] ")"
    argument   = NAME "=" or / or
    lambda     = path "/" ( "any" / "all" ) "(" [ NAME ":" or ] ")"
    path       = NAME *( "/" NAME )
    orderby    = path [ "asc" / "desc" ] *( "," path [ "asc" / "desc" ] ) END
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn, cast, get_args

from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.lexer import Token, tokens
from dynamics_sandbox.odata.literals import NULL, literal
from dynamics_sandbox.odata.nodes import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Call,
    Comparison,
    ComparisonOperator,
    Lambda,
    Literal,
    NamedArgument,
    Node,
    Not,
    Or,
    Path,
    Values,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DEPTH: Final = 100
_COMPARISONS: Final = frozenset(get_args(ComparisonOperator))
_UNSUPPORTED_OPERATORS: Final = frozenset({"in", "has"})


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One sort criterion: a property path, and whether large values come first."""

    path: tuple[str, ...]
    descending: bool = False


def parse_filter(text: str, *, aliases: Mapping[str, str] | None = None) -> Node:
    """The tree of a filter expression, already percent-decoded.

    Args:
        text: the expression.
        aliases: parameter aliases by name (``@p1``) with their unparsed values; an alias that is not among
            them means null. None where aliases are not allowed at all (inside ``$expand``).

    Raises:
        QueryError: the text does not follow the grammar, or nests deeper than ``MAX_DEPTH``.
    """
    parser = _Parser(text, aliases)
    node = parser.disjunction()
    parser.expect_end()
    return node


def parse_orderby(text: str, *, aliases: Mapping[str, str] | None = None) -> tuple[OrderItem, ...]:
    """The sort criteria of an ``$orderby`` value, already percent-decoded."""
    parser = _Parser(text, aliases)
    items = [parser.order_item()]
    while parser.accept(","):
        items.append(parser.order_item())
    parser.expect_end()
    return tuple(items)


class _Parser:
    """One pass over the tokens of one text."""

    def __init__(self, text: str, aliases: Mapping[str, str] | None, depth: int = 0) -> None:
        self._text = text
        self._aliases = aliases
        self._tokens = list(tokens(text))
        self._index = 0
        self._depth = depth

    @property
    def _current(self) -> Token:
        return self._tokens[self._index]

    def _advance(self) -> Token:
        token = self._current
        self._index += 1
        return token

    def accept(self, symbol: str) -> bool:
        """Steps over a symbol if it comes next."""
        if self._current.kind != "symbol" or self._current.text != symbol:
            return False
        self._index += 1
        return True

    def _expect(self, symbol: str) -> None:
        if not self.accept(symbol):
            self._fail(f"'{symbol}' expected")

    def expect_end(self) -> None:
        """Refuses anything left over, and names operators the services do not know."""
        if self._current.kind == "end":
            return
        if self._current.text in _UNSUPPORTED_OPERATORS:
            self._fail(f"The operator '{self._current.text}' is not supported")
        self._fail("Syntax error")

    def _fail(self, problem: str) -> NoReturn:
        raise QueryError(f"{problem} at position {self._current.position} in '{self._text}'.")

    def _accept_word(self, words: frozenset[str]) -> str | None:
        token = self._current
        if token.kind == "name" and token.text in words:
            self._index += 1
            return token.text
        return None

    def disjunction(self) -> Node:
        """``and *( "or" and )``, counting how deep parentheses nest."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail("The expression nests too deeply")
        node = self._conjunction()
        while self._accept_word(frozenset({"or"})):
            node = Or(node, self._conjunction())
        self._depth -= 1
        return node

    def _conjunction(self) -> Node:
        node = self._comparison()
        while self._accept_word(frozenset({"and"})):
            node = And(node, self._comparison())
        return node

    def _comparison(self) -> Node:
        left = self._sum()
        op = self._accept_word(_COMPARISONS)
        return left if op is None else Comparison(cast("ComparisonOperator", op), left, self._sum())

    def _sum(self) -> Node:
        node = self._product()
        while op := self._accept_word(frozenset({"add", "sub"})):
            node = Arithmetic(cast("ArithmeticOperator", op), node, self._product())
        return node

    def _product(self) -> Node:
        node = self._unary()
        while op := self._accept_word(frozenset({"mul", "div", "divby", "mod"})):
            node = Arithmetic(cast("ArithmeticOperator", op), node, self._unary())
        return node

    def _unary(self) -> Node:
        negations = 0
        while self._accept_word(frozenset({"not"})):
            negations += 1
        if negations > MAX_DEPTH:
            self._fail("The expression nests too deeply")
        node = self._primary()
        for _ in range(negations):
            node = Not(node)
        return node

    def _primary(self) -> Node:
        if self.accept("("):
            node = self.disjunction()
            self._expect(")")
            return node
        if self.accept("["):
            return self._values()
        token = self._current
        if token.kind == "alias":
            return self._alias(self._advance())
        constant = literal(token)
        if constant is not None:
            self._index += 1
            return constant
        if token.kind != "name":
            self._fail("Expression expected")
        return self._named()

    def _values(self) -> Values:
        items: list[Literal] = []
        while not self.accept("]"):
            if items:
                self._expect(",")
            constant = literal(self._current)
            if constant is None:
                self._fail("Literal expected")
            self._index += 1
            items.append(constant)
        return Values(tuple(items))

    def _alias(self, token: Token) -> Node:
        if self._aliases is None:
            self._index -= 1
            self._fail(f"The parameter alias '{token.text}' is not allowed here")
        value = self._aliases.get(token.text)
        if value is None:
            return NULL
        # A value may use another alias; the depth carried over stops two that name each other.
        parser = _Parser(value, self._aliases, self._depth)
        node = parser.disjunction()
        parser.expect_end()
        return node

    def _named(self) -> Node:
        """A call, a lambda or a path: what starts with a name."""
        segments = [self._advance().text]
        if self.accept("("):
            return Call(segments[0], self._arguments())
        while self.accept("/"):
            token = self._current
            if token.kind != "name":
                self._fail("Property name expected")
            self._index += 1
            if token.text in {"any", "all"} and self.accept("("):
                return self._lambda(tuple(segments), token.text)
            segments.append(token.text)
        return Path(tuple(segments))

    def _arguments(self) -> tuple[Node, ...]:
        arguments: list[Node] = []
        while not self.accept(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._argument())
        return tuple(arguments)

    def _argument(self) -> Node:
        following = self._tokens[self._index + 1] if self._current.kind == "name" else None
        if following is not None and following.kind == "symbol" and following.text == "=":
            name = self._advance().text
            self._index += 1
            return NamedArgument(name, self.disjunction())
        return self.disjunction()

    def _lambda(self, path: tuple[str, ...], kind: str) -> Lambda:
        if kind == "any" and self.accept(")"):
            return Lambda(path, "any", "", None)
        if self._current.kind != "name":
            self._fail("Range variable expected")
        variable = self._advance().text
        self._expect(":")
        body = self.disjunction()
        self._expect(")")
        return Lambda(path, "any" if kind == "any" else "all", variable, body)

    def order_item(self) -> OrderItem:
        """``path [ "asc" / "desc" ]``; an alias may stand for the path."""
        node = self._primary()
        if not isinstance(node, Path):
            self._fail("Only properties can be sorted by: syntax error")
        word = self._accept_word(frozenset({"asc", "desc"}))
        return OrderItem(node.segments, word == "desc")
