"""The list of private SDK hooks: each must exist in the installed SDK."""

from __future__ import annotations

from inspect import getattr_static

import pytest
from dynamics_singer.tap.private_hooks import HOOKS


@pytest.mark.parametrize(
    ("owner", "name", "use"), HOOKS, ids=lambda value: getattr(value, "__name__", value)[:30]
)
def test_hook_exists(owner: type, name: str, use: str) -> None:
    assert getattr_static(owner, name, None), f"singer-sdk lost {owner.__name__}.{name}, which is {use}"
