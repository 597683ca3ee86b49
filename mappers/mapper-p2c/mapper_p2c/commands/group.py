"""The commands beside the plugin: `list`, `explain`, `guide`, `validate`, `try`, `diff`, `filters`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import yaml
from rich.console import Console
from rich.table import Table

from mapper_p2c import filters, templates
from mapper_p2c.commands import choosing, comparing, explaining, markdown, page, trying
from mapper_p2c.errors import MapperError, SettingsError, nearest
from mapper_p2c.jobs import JOBS


@click.group(name="mapper-p2c", help="Look at the Prospect-to-cash templates, and try them.")
def commands() -> None:
    """The group; each command is its own story."""


@commands.command(name="list", help="The shipped templates: what each reads and writes.")
def list_() -> None:
    """One line for each task of each template."""
    table = Table(box=None, header_style="bold")
    for heading in ("template", "task", "reads", "writes", "rows"):
        table.add_column(heading, no_wrap=True)
    for name in templates.names():
        for task in templates.load(name).tasks:
            streams = (task.source.stream, task.destination.stream)
            table.add_row(name, task.title, *streams, str(len(task.rows)))
    _console().print(table)


@commands.command(help="A template as the table of a mapping page, with tags and effective overrides.")
@choosing.TEMPLATE
@choosing.overrides_option()
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a web page instead")
def explain(template: str, overrides: Path | None, html: Path | None) -> None:
    """The mapping as people read it."""
    found = choosing.chosen(template, overrides)
    if html is not None:
        html.write_text(page.of(found), encoding="utf-8")
        click.echo(f"{html} written")
        return
    explaining.explain(_console(), found)


@commands.command(help="All shipped templates as Markdown tables.")
def guide() -> None:
    """What the documentation's mapping guide holds."""
    click.echo(markdown.guide())


@commands.command(
    help="Check templates (shipped names or files) and overrides; all shipped ones without a name."
)
@click.argument("template", nargs=-1)
@choosing.overrides_option()
def validate(template: tuple[str, ...], overrides: Path | None) -> None:
    """Exit code 1 and a line for each template that breaks the rules."""
    broken = 0
    for name in template or templates.names():
        try:
            found = choosing.chosen(name, overrides)
        except MapperError as error:
            click.echo(f"{name}: {error}", err=True)
            broken += 1
            continue
        rows = sum(len(task.rows) for task in found.tasks)
        click.echo(f"{name}: right, {len(found.tasks)} tasks, {rows} rows")
    sys.exit(1 if broken else 0)


@commands.command(name="try", help="What each row of a template makes of the records in a file.")
@choosing.TEMPLATE
@choosing.overrides_option()
@click.option(
    "--record",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="One JSON record, or Singer lines (SCHEMA and RECORD)",
)
@click.option("--stream", help="The stream of a plain JSON record, where the template reads several")
@click.option("--organization", default="ORG001", show_default=True)
def try_(*, template: str, overrides: Path | None, path: Path, stream: str | None, organization: str) -> None:
    """Input, transforms and output of every row."""
    found = choosing.chosen(template, overrides)
    trying.try_records(_console(), found, path, stream=stream, organization=organization)


@commands.command(help="Which records and fields of a recorded stream other overrides would change.")
@choosing.TEMPLATE
@choosing.overrides_option("--against", required=True)
@click.option(
    "--recorded",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Singer lines as the mapper reads them",
)
@click.option("--organization", default="ORG001", show_default=True)
def diff(template: str, overrides: Path, path: Path, organization: str) -> None:
    """The template as shipped beside the template with overrides."""
    pair = (choosing.chosen(template), choosing.chosen(template, overrides))
    comparing.compare(_console(), pair, path, organization=organization)


@commands.command(name="filters", help="The tap settings `filter` and `expand` that a job or template needs.")
@click.argument("template", nargs=-1)
@click.option("--job", help="A job of meltano.yml, such as orders-to-fno")
@choosing.overrides_option()
@click.option("--organization", default="ORG001", show_default=True)
def filters_(template: tuple[str, ...], job: str | None, overrides: Path | None, organization: str) -> None:
    """YAML, a document for each template."""
    if job is not None and job not in JOBS:
        raise SettingsError(f"There is no job {job!r}{nearest(job, JOBS, listed=True)}")
    wanted = (*template, *(JOBS[job] if job else ()))
    if not wanted:
        raise SettingsError("Name a template, or a job with --job.")
    documents = []
    for name in wanted:
        filtered: dict[str, str] = {}
        expanded: dict[str, list[str]] = {}
        for task in choosing.chosen(name, overrides).tasks:
            if task.source.filter:
                constants = choosing.names_of(task, organization)
                filtered[task.source.stream] = filters.odata_text(task.source.filter, constants)
            if task.source.expand:
                expanded[task.source.stream] = list(task.source.expand)
        documents.append({"template": name, "filter": filtered, "expand": expanded})
    click.echo(yaml.safe_dump_all(documents, sort_keys=False, width=1000), nl=False)


def _console() -> Console:
    """Standard output; as wide as needed where it is no terminal, so that pipes and files get whole lines."""
    return Console(width=None if sys.stdout.isatty() else 10_000, highlight=False, emoji=False, markup=False)
