"""The command ``dynamics-sandbox``: serve the environments, fill them, start them over, look into them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click
import msgspec

from dynamics_sandbox.command_frame import DEFAULTS, data_option, one_message, opened
from dynamics_sandbox.control.asking import ask
from dynamics_sandbox.control.snapshots import Snapshots
from dynamics_sandbox.environments import SETTINGS_OF
from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.fno.orders.command import advance
from dynamics_sandbox.ready import read_ready
from dynamics_sandbox.seeds.sized import SizeOrder, sized_tables
from dynamics_sandbox.server import serve as serve_settings
from dynamics_sandbox.settings import ENVIRONMENTS, SEEDS, SandboxSettings
from dynamics_sandbox.settings_list import described_settings
from dynamics_sandbox.switches import read_texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from dynamics_sandbox.settings import Seed

    Command: TypeAlias = Callable[..., Any]


@click.group()
@click.version_option(package_name="dynamics-sandbox")
def main() -> None:
    """A local stand-in for Dynamics 365 Sales, CDS and Finance and Operations."""


main.add_command(advance)


@main.command(short_help="Serve the four endpoints over HTTPS.")
@data_option
@click.option(
    "--base-port",
    type=int,
    default=DEFAULTS.base_port,
    show_default=True,
    help="Sign-in port; Sales, CDS and F&O take the next three. 0 picks four free ports.",
)
@click.option(
    "--seed",
    type=click.Choice(SEEDS),
    default=DEFAULTS.seed,
    show_default=True,
    help="What environments without data start from: demo rows, or only what they need to work.",
)
@click.option(
    "--token-lifetime",
    type=int,
    default=DEFAULTS.token_lifetime,
    show_default=True,
    help="Seconds until an access token expires.",
)
@click.option(
    "--dataverse-page-size",
    type=int,
    default=DEFAULTS.dataverse_page_size,
    show_default=True,
    help="Rows per page of Sales and CDS.",
)
@click.option(
    "--fno-page-size",
    type=int,
    default=DEFAULTS.fno_page_size,
    show_default=True,
    help="Rows per page of F&O.",
)
@click.option(
    "--p2c-solution/--no-p2c-solution",
    default=DEFAULTS.p2c_solution,
    show_default=True,
    help="Whether Sales has the Prospect-to-cash solution, which numbers accounts.",
)
@click.option(
    "--dataverse-setting",
    "dataverse",
    metavar="NAME=VALUE",
    multiple=True,
    help="Any other setting of Sales and CDS, as the command `settings` lists them; may be repeated.",
)
@click.option(
    "--fno-setting",
    "fno",
    metavar="NAME=VALUE",
    multiple=True,
    help="Any other setting of F&O; may be repeated.",
)
def serve(dataverse: tuple[str, ...], fno: tuple[str, ...], **options: object) -> None:
    """Serve the four endpoints over HTTPS on 127.0.0.1 until Ctrl-C or SIGTERM.

    Once all of them accept connections, one line of JSON on standard output, and the file sandbox.json in
    the data folder, tell where they are and how to sign in.
    """
    with one_message():
        texts = {"sales": dataverse, "cds": dataverse, "fno": fno}
        chosen = {name: read_texts(SETTINGS_OF[name], given) for name, given in texts.items()}
        settings = SandboxSettings(chosen=chosen, **options)  # type: ignore[arg-type]  # checked by click
        serve_settings(settings, announce=_print_line)


def _sizes(command: Command) -> Command:
    """One option per table that rows can be generated for."""
    for name, described in sized_tables().items():
        text = f"Generate so many rows of {described.entity_set} in {described.environment}."
        command = click.option(f"--{name}", type=int, help=text)(command)
    return command


@main.command(short_help="Load a folder of CSV files, or generate rows.")
@data_option
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of CSV files.",
)
@click.option(
    "--into",
    type=click.Choice(["fno"]),
    help="Load Northwind's customers, products, orders and order_details into F&O instead.",
)
@_sizes
@click.option("--number", type=int, default=1, show_default=True, help="Seed number of generated rows.")
def seed(data_dir: Path, folder: Path | None, into: str | None, number: int, **sizes: int | None) -> None:
    """Load CSV files (customers.csv into the accounts of Sales, ENTITYSET.csv into F&O), or generate rows.

    The same size and number give the same rows. Works on a stopped and on a running sandbox.
    """
    with one_message():
        order = SizeOrder({name: size for name, size in sizes.items() if size is not None}, number)
        if folder is None and not order.seeds():
            raise SandboxError(f"Nothing to load: use --from or one of --{', --'.join(sized_tables())}.")
        with opened(data_dir, create=True) as environments:
            filled = environments.fill_new("none")
            if filled:
                click.echo(f"New data in {data_dir}: {', '.join(filled)}")
            notes = environments.seed_csv(folder, into=into) if folder else []
            for note in [*notes, *environments.seed_sized(order)]:
                click.echo(note)


@main.command(short_help="Start all environments over.")
@data_option
@click.option(
    "--seed",
    "new_data",
    type=click.Choice(SEEDS),
    default="none",
    show_default=True,
    help="What to start over from.",
)
def reset(data_dir: Path, new_data: Seed) -> None:
    """Throw the rows of all environments away and start over; credentials and certificates stay.

    Works on a stopped and on a running sandbox.
    """
    with one_message():
        ready = read_ready(data_dir)
        if ready is not None:
            # The server does it, so that it does so between two requests.
            ask(ready, "POST", "reset", {"seed": new_data})
        else:
            with opened(data_dir, create=False) as environments:
                environments.reset(new_data)


@main.command(short_help="Keep a copy of all environments.")
@data_option
@click.argument("name")
def snapshot(data_dir: Path, name: str) -> None:
    """Keep a copy of all environments as they are now, under NAME; one of this name is replaced.

    Works on a stopped and on a running sandbox.
    """
    with one_message():
        ready = read_ready(data_dir)
        if ready is not None:
            ask(ready, "POST", "snapshots", {"name": name})
        else:
            with opened(data_dir, create=False) as environments:
                Snapshots.of(environments, data_dir).take(name)


@main.command(short_help="Go back to a snapshot.")
@data_option
@click.argument("name")
def restore(data_dir: Path, name: str) -> None:
    """Put all environments back to the snapshot NAME.

    Works on a stopped and on a running sandbox.
    """
    with one_message():
        ready = read_ready(data_dir)
        if ready is not None:
            ask(ready, "POST", f"snapshots/{quote(name, safe='')}/restore")
        else:
            with opened(data_dir, create=False) as environments:
                Snapshots.of(environments, data_dir).restore(name)


@main.command(name="settings", short_help="List what can be chosen of the services.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def list_settings(*, as_json: bool) -> None:
    """List the settings of the services: name, default, values, meaning.

    Give them to ``serve`` with --dataverse-setting or --fno-setting.
    """
    found = list(described_settings())
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    for item in found:
        default = msgspec.json.encode(item.default).decode()
        late = "" if item.changeable else " Read at the start only."
        click.echo(f"{item.service} {item.name} = {default} ({item.values})\n    {item.meaning}{late}")


@main.command(short_help="Print rows of an entity set.")
@data_option
@click.argument("environment", type=click.Choice(ENVIRONMENTS))
@click.argument("entity_set")
@click.argument("key", required=False)
def show(data_dir: Path, environment: str, entity_set: str, key: str | None) -> None:
    """Print the rows of ENTITY_SET in ENVIRONMENT, one JSON object per line; with KEY only that row.

    KEY is what stands in the parentheses of a URL: an id, or a key such as accountnumber='A1'.
    """
    with one_message(), opened(data_dir, create=False) as environments:
        found = False
        for row in environments.by_name()[environment].rows(entity_set, key):
            found = True
            click.echo(row)
        if key is not None and not found:
            raise SandboxError(f"There is no row ({key}) among the {entity_set} of {environment}.")


def _print_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
