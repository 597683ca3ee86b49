"""Settings of the mapper: declared once as JSON Schema, turned into a frozen value at the door."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from mapper_p2c.errors import SettingsError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_JSONSCHEMA: dict[str, Any] = th.PropertiesList(
    th.Property(
        "template",
        th.StringType,
        required=True,
        title="Template",
        description="Name of a shipped template, such as accounts-to-cds, or path of a YAML file",
    ),
    th.Property(
        "organization",
        th.StringType,
        default="ORG001",
        title="Organization",
        description="Organization of the hub (OrganizationId) that rows are written for and read from",
    ),
    th.Property(
        "overrides",
        th.ObjectType(additional_properties=True),
        title="Overrides",
        description="Changes to the template: `defaults`, `rows`, `remove`, `value_maps`, `filters`; under "
        "`tasks: {name: …}` for a template with several tasks",
    ),
    th.Property(
        "unmapped",
        th.StringType,
        default="fail",
        allowed_values=["fail", "pass", "drop"],
        title="Streams without a template",
        description="What happens to streams that the template does not read",
    ),
    th.Property(
        "deletes",
        th.StringType,
        default="drop",
        allowed_values=["drop"],
        title="Deleted rows",
        description="What happens to records marked with `_sdc_deleted_at`: they are dropped and counted",
    ),
    th.Property(
        "flatten",
        th.BooleanType,
        default=False,
        title="Flat names",
        description="Write lookups as flat fields (`Organization_OrganizationId`), for targets that know no "
        "lookups",
    ),
    th.Property(
        "on_reject",
        th.StringType,
        default="continue",
        allowed_values=["continue", "fail"],
        title="On reject",
        description="`fail` ends the run at the first record that cannot be mapped; retried rejects do not "
        "count",
    ),
    th.Property(
        "max_rejects",
        th.IntegerType,
        title="Most rejects",
        description="Ends the run when more records than this cannot be mapped; retried rejects do not count",
    ),
    th.Property(
        "rejects_path",
        th.StringType,
        default="rejects/mapper",
        title="Rejects folder",
        description="Folder for records that could not be mapped, one file per task; no other plugin may "
        "use it",
    ),
    th.Property(
        "retry_rejects",
        th.BooleanType,
        default=True,
        title="Retry rejects",
        description="Try the rejects of earlier runs again, before the first new record of their stream",
    ),
    th.Property(
        "summary_path",
        th.StringType,
        title="Run summary",
        description="File of JSON lines to which the run's counts are appended, one line per task",
    ),
    th.Property(
        "run_id",
        th.StringType,
        title="Run",
        description="Id of the run, repeated in the summary lines, so that the lines of several plugins can "
        "be put together",
    ),
).to_dict()


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run; see `CONFIG_JSONSCHEMA` for their meaning."""

    template: str
    organization: str
    overrides: Mapping[str, Any]
    unmapped: str
    flatten: bool
    on_reject: str
    max_rejects: int | None
    rejects_path: Path
    retry_rejects: bool
    summary_path: Path | None
    run_id: str

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Make the settings out of a validated configuration, its defaults filled in.

        Raises:
            SettingsError: `organization` is blank, or `max_rejects` is below 0.
        """
        if not config["organization"].strip():
            raise SettingsError(
                "The setting `organization` is blank; give an OrganizationId of the hub, such as ORG001."
            )
        most = config.get("max_rejects")
        if most is not None and most < 0:
            raise SettingsError("The setting `max_rejects` is below 0; give 0 or more, or leave it out.")
        summary = config.get("summary_path")
        return cls(
            template=config["template"],
            organization=config["organization"],
            overrides=config.get("overrides") or {},
            unmapped=config["unmapped"],
            flatten=config["flatten"],
            on_reject=config["on_reject"],
            max_rejects=most,
            rejects_path=Path(config["rejects_path"]),
            retry_rejects=config["retry_rejects"],
            summary_path=Path(summary) if summary else None,
            run_id=config.get("run_id") or "",
        )


def check_names(config: Mapping[str, Any]) -> None:
    """Refuse settings that do not exist.

    Raises:
        SettingsError: names the first unknown setting and the nearest known one.
    """
    known = CONFIG_JSONSCHEMA["properties"]
    for name in config:
        if name not in known:
            guess = nearest(name, known, listed=True)
            raise SettingsError(f"Unknown setting {name!r}{guess}")


def fault(error: str) -> SettingsError:
    """The SDK's sentence about an invalid setting, as our error."""
    missing = error.partition(" is a required property")
    if missing[1]:
        return SettingsError(f"The setting {missing[0]} is missing; give it in the mapping's configuration.")
    return SettingsError(f"A setting is wrong: {error}")
