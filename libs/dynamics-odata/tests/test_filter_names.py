"""The names found in filters, and what is refused before a service sees it."""

from __future__ import annotations

import pytest
from dynamics_odata.filter_names import names_in_filter


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("statecode eq 0 and modifiedon ge 2024-05-01T00:00:00Z", ["statecode", "modifiedon"]),
        ("quoteid/statecode eq 1 or contains(name,'a''b (or c')", ["quoteid/statecode", "name"]),
        ("_ownerid_value eq 11111111-0000-0000-0000-000000000001", ["_ownerid_value"]),
        ("order_details/any(o:o/quantity gt 5) and name ne null", ["name"]),
        ('Microsoft.Dynamics.CRM.In(PropertyName=\'a\',PropertyValues=["A","B"])', []),
        ("Kind eq Microsoft.Dynamics.DataEntities.NoYes'Yes' and x lt -1.5", ["Kind", "x"]),
        ("not (a eq true) and a ne false", ["a"]),
    ],
)
def test_columns_and_paths_are_found(text: str, names: list[str]) -> None:
    assert names_in_filter(text) == names


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name eq 'a", "a quote is never closed"),
        ("(a eq 1", r"'\(' is never closed"),
        ("a eq 1)", r"'\)' closes nothing"),
        ("a = # 1", "'#' has no meaning there"),
    ],
)
def test_open_quotes_and_brackets_are_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        names_in_filter(text)
