"""Filters with plain values in F&O's dialect, and what is told of those that F&O would refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dynamics_odata.errors import SettingsError
from tap_dynamics_fno.filters import in_dialect

if TYPE_CHECKING:
    from dynamics_odata.metadata.model import FnoEntity

STATUS = "Microsoft.Dynamics.DataEntities.SalesStatus"
NO_YES = "Microsoft.Dynamics.DataEntities.NoYes"


@pytest.mark.parametrize(
    ("plain", "dialect"),
    [
        ("Status eq 'Invoiced'", f"Status eq {STATUS}'Invoiced'"),
        ("Status eq Invoiced", f"Status eq {STATUS}'Invoiced'"),
        ("Status ne 'invoiced'", f"Status ne {STATUS}'Invoiced'"),
        (f"Status eq {STATUS}'Invoiced'", f"Status eq {STATUS}'Invoiced'"),
        ("Status eq null", f"Status eq {STATUS}'None'"),
        ("IsOpen eq true", f"IsOpen eq {NO_YES}'Yes'"),
        ("IsOpen eq 'No' and Amount gt 1.50", f"IsOpen eq {NO_YES}'No' and Amount gt 1.50"),
        ("InvoiceDate ge 2024-05-01", "InvoiceDate ge 2024-05-01T12:00:00Z"),
        ("InvoiceDate ge '2024-05-01'", "InvoiceDate ge 2024-05-01T12:00:00Z"),
        ("ChangedDateTime lt 2024-05-01", "ChangedDateTime lt 2024-05-01T00:00:00Z"),
        ("ChangedDateTime lt 2024-05-01T10:00:00Z", "ChangedDateTime lt 2024-05-01T10:00:00Z"),
        ("InvoiceDate eq null", "InvoiceDate eq 1900-01-01T12:00:00Z"),
        ("ChangedDateTime ne null", "ChangedDateTime ne 1900-01-01T00:00:00Z"),
        ("Note eq null", "Note eq ''"),
        ("Amount eq null", "Amount eq 0"),
        ("Note eq 'US-*'", "Note eq 'US-*'"),
        ("Note eq 'it''s'", "Note eq 'it''s'"),
        ("not (Note eq 'in' or Note eq 'has')", "not (Note eq 'in' or Note eq 'has')"),
        ("Header/Status eq 'x'", "Header/Status eq 'x'"),
        ("round(Amount) eq 3 and (Note eq 'a')", "round(Amount) eq 3 and (Note eq 'a')"),
        ("concat(Note , 'x') eq 'ax'", "concat(Note, 'x') eq 'ax'"),
    ],
)
def test_dialect(entity: FnoEntity, plain: str, dialect: str) -> None:
    assert in_dialect(entity, plain) == dialect


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("Note in ('a','b')", "write one `eq` for each value, joined by `or`"),
        ("startswith(Note,'US')", r"write Name eq 'text\*'"),
        ("contains(Note,'US')", r"write Name eq '\*text\*'"),
        ("Status has 'Invoiced'", "compare the member with `eq`"),
        ("Status gt 'Invoiced'", "Status is an enumeration, which can be compared by eq and ne only"),
        ("Status eq 'Invoced'", "Status has no member 'Invoced'. Nearest: Invoiced"),
        (f"Status eq {NO_YES}'Yes'", "Status is a SalesStatus, not a NoYes"),
        ("Notes eq 'x'", "Things has no field 'Notes'. Nearest: Note"),
        ("Note eq 'x", "a quote is never closed"),
        ("(Note eq 'x'", r"'\(' is never closed"),
    ],
)
def test_what_is_wrong_is_told_before_the_run(entity: FnoEntity, wrong: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        in_dialect(entity, wrong)
    assert caught.value.setting == "filter"
    assert "stream `Things`" in str(caught.value)
