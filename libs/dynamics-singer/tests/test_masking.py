"""Nothing secret reaches a log line, in whatever form it takes there."""

from __future__ import annotations

import io
import logging

import pytest
from dynamics_singer.masking import SecretFilter, mask


@pytest.mark.parametrize(
    "text",
    ["the value a/b+c d", "?secret=a%2Fb%2Bc%20d&x=1", "secret=a%2Fb%2Bc+d", "twice a/b+c d a/b+c d"],
)
def test_a_value_is_hidden_in_every_form(text: str) -> None:
    masked = mask(text, ["a/b+c d"])
    assert "***" in masked
    assert not any(form in masked for form in ("a/b+c d", "a%2Fb%2Bc%20d", "a%2Fb%2Bc+d"))


def test_a_value_with_quotes_is_hidden_inside_json() -> None:
    assert mask('{"secret":"a\\"b"}', ['a"b']) == '{"secret":"***"}'


def test_a_value_given_with_blanks_around_it_is_hidden_without_them() -> None:
    assert mask("the secret is hush.", ["hush\n"]) == "the secret is ***."


def test_longer_values_are_hidden_before_values_they_contain() -> None:
    assert mask("abcdef", ["abc", "abcdef"]) == "***"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abcdefghijkl.mnop-qrst", "Authorization: Bearer ***"),
        ("token eyJhbGciOiJub25l.eyJzdWIiOiIxIn0x.c2lnbmF0dXJl end", "token *** end"),
        ("client_id=1&client_secret=xyz&scope=a", "client_id=1&client_secret=***&scope=a"),
        ('{"client_secret": "x\\"yz", "a": 1}', '{"client_secret": "***", "a": 1}'),
        ("{'access_token': 'xyz', 'a': 1}", "{'access_token': '***', 'a': 1}"),
        ("a bearer of news", "a bearer of news"),
    ],
)
def test_what_looks_like_a_token_is_hidden_without_being_told(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_empty_values_hide_nothing() -> None:
    assert mask("text", ["", ""]) == "text"


@pytest.fixture
def log() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    secrets = SecretFilter()
    secrets.add(["hush"])
    handler.addFilter(secrets)
    logger = logging.Logger("test")  # noqa: LOG001 - a logger of its own, outside the tree
    logger.addHandler(handler)
    return logger, stream


def test_filter_masks_messages_and_arguments(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.info("hush %s %d", "hush", 5)
    assert stream.getvalue() == "*** *** 5\n"


def test_filter_masks_tracebacks(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    try:
        raise ValueError("hush")  # noqa: TRY301 - a traceback is wanted
    except ValueError:
        logger.exception("broken")
    assert "ValueError: ***" in stream.getvalue()
    assert "hush" not in stream.getvalue().replace('raise ValueError("***")', "")


def test_filter_leaves_other_records_as_they_are(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    try:
        raise KeyError("loud")  # noqa: TRY301 - a traceback is wanted
    except KeyError:
        logger.exception("broken %s", "thing")
    assert stream.getvalue().startswith("broken thing\nTraceback")
