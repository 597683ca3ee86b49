"""The README's example of the pytest plugin, run as its reader would run it; and what its fixtures give."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dynamics_sandbox import pytest_plugin

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox

pytest_plugins = ("pytester",)
README = Path(__file__).parents[2] / "README.md"


def test_the_example_of_the_readme_passes(pytester: pytest.Pytester) -> None:
    blocks = re.findall(r"```python\n# (test_\w+)\.py\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    ((name, code),) = blocks
    pytester.makepyfile(**{name: code})

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")

    result.assert_outcomes(passed=2)


def test_every_fixture_of_the_plugin_is_in_the_readme() -> None:
    ours = {name for name in vars(pytest_plugin) if name.startswith("dynamics_")}
    table = README.read_text("utf-8").partition("| fixture |")[2].partition("\n\n")[0]

    assert ours == set(re.findall(r"`(dynamics_\w+)`", table))


def test_a_fresh_sandbox_has_forgotten_everything(
    dynamics_sandbox_process: Sandbox, request: pytest.FixtureRequest
) -> None:
    used = dynamics_sandbox_process
    used.call("POST", "sales", "accounts", json={"name": "left behind"})
    used.faults(environment="sales", status=500)
    used.control("POST", "hooks", {"environment": "cds"})
    used.clock.advance(days=400)

    fresh: Sandbox = request.getfixturevalue("dynamics_sandbox")

    assert fresh is used
    assert fresh.requests() == []
    assert fresh.call("GET", "sales", "accounts")[2]["value"] == []
    assert fresh.call("GET", "cds", "WhoAmI")[0] == 200
    assert fresh.control("GET", "clock")["ahead"] == pytest.approx(0, abs=1)


@pytest.mark.parametrize("name", ["sales", "cds", "fno"])
def test_the_settings_name_an_environment(
    dynamics_sandbox_of_module: Sandbox, request: pytest.FixtureRequest, name: str
) -> None:
    config = request.getfixturevalue(f"dynamics_{name}_config")

    assert config == dynamics_sandbox_of_module.config(name)
    assert config["environment_url"] == dynamics_sandbox_of_module.url(name)
