"""Every private hook of singer-sdk that the taps override or call, in one place.

The SDK is pinned to ~=0.54.9. A test checks that each hook still exists, so that an update of the SDK fails
there and not in somebody's data.
"""

from __future__ import annotations

from singer_sdk import Stream, Tap
from singer_sdk.plugin_base import PluginBase

__all__ = ["HOOKS"]

HOOKS: tuple[tuple[type, str, str], ...] = (
    (PluginBase, "_validate_config", "overridden: messages of our own, which never quote a value"),
    (PluginBase, "_env_var_config", "overridden: values of the wrong kind reach the check of settings"),
    (PluginBase, "_env_var_prefix", "read: what the variables of the environment begin with"),
    (Tap, "_handle_termination", "overridden: no line is cut, no state wiped, exit code 128 + signal"),
    (Stream, "_sync_records", "overridden: rows are emitted page-wise instead of record by record"),
    (Stream, "_write_schema_message", "overridden and called: SCHEMA once, whichever thread comes first"),
    (
        Stream,
        "_generate_schema_messages",
        "overridden: puts back the x- keywords that the SDK's catalog drops",
    ),
    (Stream, "_write_record_message", "called: the slow path of streams that stream maps change"),
    (Stream, "_write_state_message", "overridden and called: writes STATE when a page is out, alone"),
    (Stream, "_check_max_record_limit", "called: --test stops a stream after one record"),
    (Tap, "_singer_catalog", "called through catalog_dict, to which the x- keywords are added"),
)
"""(class, attribute, what we do with it)."""
