"""The mapping guide says what the templates do."""

from __future__ import annotations

from mapper_p2c import templates

from scripts import mapping_guide
from scripts.settings_tables import PROJECT


def test_the_guide_is_what_the_templates_say() -> None:
    assert mapping_guide.main(["--check"]) == 0


def test_every_quirk_is_told() -> None:
    text = (PROJECT / mapping_guide.GUIDE).read_text(encoding="utf-8")
    head = text.partition(mapping_guide.BEGIN)[0]
    quirks = {
        quirk.name
        for name in templates.names()
        for task in templates.load(name).tasks
        for quirk in task.quirks
    }
    assert {quirk for quirk in quirks if f"`{quirk}`" not in head} == set()
