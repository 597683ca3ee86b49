"""One item ahead and never two, errors in their place, and a thread that ends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from dynamics_singer.tap.read_ahead import read_ahead

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT = 10


class Pages:
    """Counts up to `last`, then fails or ends; tells how far it was asked."""

    def __init__(self, last: int, error: Exception | None = None) -> None:
        self._last = last
        self._error = error
        self.given = 0
        self.changed = threading.Condition()

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        if self.given == self._last:
            raise self._error or StopIteration
        with self.changed:
            self.given += 1
            self.changed.notify_all()
            return self.given

    def wait_for(self, number: int) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self.given >= number, WAIT)


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "read-ahead"]


def test_items_come_in_order() -> None:
    assert list(read_ahead(iter(Pages(50)))) == list(range(1, 51))


def test_the_next_item_is_taken_while_one_is_worked_on_and_not_the_one_after() -> None:
    pages = Pages(10)
    for page in read_ahead(iter(pages)):
        assert pages.wait_for(min(page + 1, 10))
        assert pages.given == min(page + 1, 10)


def test_an_error_comes_after_the_items_before_it() -> None:
    got = []
    with pytest.raises(OSError, match="cut"):  # noqa: PT012 - how far it gets is the point
        for page in read_ahead(iter(Pages(3, OSError("cut")))):
            got.append(page)  # noqa: PERF402 - kept up to the error
    assert got == [1, 2, 3]


@pytest.mark.parametrize("last", [0, 3])
def test_the_thread_ends_with_the_items(last: int) -> None:
    list(read_ahead(iter(Pages(last))))
    for thread in readers():
        thread.join(WAIT)
    assert not readers()


def test_the_thread_ends_when_nobody_wants_more() -> None:
    ahead = read_ahead(iter(Pages(10)))
    next(ahead)
    [thread] = readers()
    ahead.close()  # type: ignore[attr-defined] # it is a generator
    thread.join(WAIT)
    assert not thread.is_alive()
