"""Accounts entered in Sales become customers once; a second run moves nothing, one change moves one row."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.entering import change, enter
from tests.end_to_end.reading import customers, everything, hub_accounts, sales_accounts

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox

    from demo.pipeline import Pipeline

LIMIT = Decimal("12345678901234.56")


@pytest.fixture
def three(sandbox: Sandbox) -> list[dict[str, object]]:
    return [
        enter(
            sandbox,
            name="Müller & Söhne GmbH",
            creditlimit=Decimal(str(LIMIT)),
            address1_country="germany",
        ),
        enter(sandbox, name="O'Hara's Outfitters", address1_postalcode="01067", address1_country="DEU"),
        enter(sandbox, name="Nobody in particular"),
    ]


def test_a_second_run_writes_nothing_and_one_change_moves_one_account(
    sandbox: Sandbox, pipeline: Pipeline, three: list[dict[str, object]]
) -> None:
    pipeline.prepare_hub()
    first = pipeline.run("accounts")
    assert [(line["plugin"], line["written"], line["rejected"]) for line in first] == [
        ("mapper-p2c", 3, 0),
        ("target-dynamics-cds", 3, 0),
        ("mapper-p2c", 3, 0),
        ("target-dynamics-fno", 3, 0),
    ]
    before = everything(sandbox)

    quiet = pipeline.run("accounts")
    assert {(line["read"], line["written"]) for line in quiet} <= {(0, 0)}
    assert everything(sandbox) == before

    change(sandbox, three[1], telephone1="+49 351 123456")
    moved = pipeline.run("accounts")
    assert [(line["plugin"], line["read"], line["written"]) for line in moved] == [
        ("mapper-p2c", 1, 1),
        ("target-dynamics-cds", 1, 1),
        ("mapper-p2c", 1, 1),
        ("target-dynamics-fno", 1, 1),
    ]
    number = str(three[1]["accountnumber"])
    assert customers(sandbox, "usmf")[number]["PrimaryContactPhone"] == "+49 351 123456"


def test_numbers_are_sales_own_and_amounts_keep_every_digit(
    sandbox: Sandbox, pipeline: Pipeline, three: list[dict[str, object]]
) -> None:
    pipeline.prepare_hub()
    pipeline.run("accounts")
    pipeline.run("accounts-direct", company="demf")

    numbers = {str(row["accountnumber"]) for row in three}
    assert all(number.startswith("ACC-01") for number in numbers)
    assert set(hub_accounts(sandbox)) == set(sales_accounts(sandbox)) == numbers
    for company in ("usmf", "demf"):
        arrived = customers(sandbox, company)
        assert set(arrived) == numbers
        rich = arrived[str(three[0]["accountnumber"])]
        assert str(rich["CreditLimit"]) == str(LIMIT)
        assert rich["OrganizationName"] == "Müller & Söhne GmbH"
        assert rich["AddressCountryRegionISOCode"] == "DE"
        poor = arrived[str(three[2]["accountnumber"])]
        assert (poor["AddressCountryRegionISOCode"], poor["AddressCity"]) == ("US", "")


@pytest.mark.usefixtures("three")
def test_two_companies_keep_their_bookmarks_apart(sandbox: Sandbox, pipeline: Pipeline) -> None:
    pipeline.run("accounts-direct", company="demf")
    assert len(customers(sandbox, "demf")) == 3
    assert customers(sandbox, "usmf") == {}
    pipeline.run("accounts-direct", company="usmf")
    assert len(customers(sandbox, "usmf")) == 3


def test_a_field_emptied_in_sales_is_emptied_at_the_other_end(
    sandbox: Sandbox, pipeline: Pipeline, three: list[dict[str, object]]
) -> None:
    change(sandbox, three[0], telephone1="030 12345", creditlimit=10)
    pipeline.prepare_hub()
    pipeline.run("accounts")
    number = str(three[0]["accountnumber"])
    assert customers(sandbox, "usmf")[number]["PrimaryContactPhone"] == "030 12345"

    change(sandbox, three[0], telephone1=None, creditlimit=None)
    pipeline.run("accounts")
    assert hub_accounts(sandbox)[number]["cdm_phoneprimary"] is None
    emptied = customers(sandbox, "usmf")[number]
    assert (emptied["PrimaryContactPhone"], emptied["CreditLimit"]) == ("", 0)
