"""Reads the next page while the current one is written, and keeps the memory of one for the next."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["keep_freed_memory", "read_ahead"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Taken(Generic[_T]):
    """What came out of the iterator: an item, or the error that ended it."""

    item: _T | None = None
    error: BaseException | None = None


def read_ahead(items: Iterator[_T]) -> Iterator[_T]:
    """Give what `items` gives, in order; the one after is taken in a thread meanwhile, never a second one.

    An error is raised where its item would have come. The thread ends with the iterator, or with the process:
    a request under way does not hold up a signal.
    """
    asked: SimpleQueue[bool] = SimpleQueue()
    taken: SimpleQueue[_Taken[_T] | None] = SimpleQueue()
    threading.Thread(target=_take, args=(items, asked, taken), name="read-ahead", daemon=True).start()
    asked.put(True)
    try:
        while (one := taken.get()) is not None:
            if one.error is not None:
                raise one.error
            asked.put(True)
            yield one.item  # type: ignore[misc] # an item unless it is an error
    finally:
        asked.put(False)


def _take(items: Iterator[_T], asked: SimpleQueue[bool], taken: SimpleQueue[_Taken[_T] | None]) -> None:
    try:
        while asked.get():
            taken.put(_Taken(next(items)))
    except StopIteration:
        taken.put(None)
    except BaseException as error:  # noqa: BLE001 - raised by the one who reads
        taken.put(_Taken(error=error))


def keep_freed_memory() -> None:
    """Have the C library keep the memory of a page for the next one instead of giving it back.

    A page is 10 MB. glibc maps such blocks one by one, and each is cleared by the system before it is used;
    after a larger one was freed it keeps them (mallopt(3), M_MMAP_THRESHOLD). A fifth of all CPU time.
    """
    bytearray(31 << 20)
