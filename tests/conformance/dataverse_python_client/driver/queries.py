"""Reading rows: by id, by filter, page by page, with what the client's builder makes."""

from __future__ import annotations

from typing import Any

from PowerPlatform.Dataverse.models import ExpandOption  # type: ignore[import-not-found]  # only there
from PowerPlatform.Dataverse.models.filters import col, raw  # type: ignore[import-not-found]  # only there

from tests.conformance.dataverse_python_client.driver.calls import call, prepared

_FORMATTED = "OData.Community.Display.V1.FormattedValue"


def _numbers(rows: Any) -> list[str]:
    return [row["accountnumber"] for row in rows]


def _found(client: Any, condition: Any) -> list[str]:
    return _numbers(client.records.list("account", filter=condition, orderby=["accountnumber"]))


@call
def retrieve(client: Any) -> Any:
    row = client.records.retrieve("account", prepared(1), select=["name", "revenue"])
    return [row.id, row["name"], row["revenue"]]


@call
def retrieve_missing_row(client: Any) -> Any:
    return client.records.retrieve("account", prepared(999))


@call
def retrieve_formatted_values(client: Any) -> Any:
    columns = ["customertypecode", "creditonhold", "numberofemployees"]
    row = client.records.retrieve("account", prepared(1), select=columns, include_annotations=_FORMATTED)
    return [row[f"{column}@{_FORMATTED}"] for column in columns]


@call
def retrieve_with_expanded_lookup(client: Any) -> Any:
    row = client.records.retrieve("account", prepared(1), select=["name"], expand=["primarycontactid"])
    return row["primarycontactid"]["fullname"]


@call
def retrieve_with_expanded_collection(client: Any) -> Any:
    expand = ["contact_customer_accounts($select=lastname;$orderby=lastname)"]
    row = client.records.retrieve("account", prepared(1), select=["name"], expand=expand)
    return [contact["lastname"] for contact in row["contact_customer_accounts"]]


@call
def list_all(client: Any) -> Any:
    return _numbers(client.records.list("account", orderby=["accountnumber"]))


@call
def list_by_text_filter(client: Any) -> Any:
    return _found(client, "name eq 'Account 03'")


@call
def list_quoted_text(client: Any) -> Any:
    return _found(client, col("name") == "O'Brien & Söhne")


@call
def list_not_equal(client: Any) -> Any:
    return _found(client, col("numberofemployees") != 30)


@call
def list_greater_than_decimal(client: Any) -> Any:
    return _found(client, col("revenue") > 1000.1)


@call
def list_between(client: Any) -> Any:
    return _found(client, col("numberofemployees").between(30, 50))


@call
def list_not_between(client: Any) -> Any:
    return _found(client, col("numberofemployees").not_between(20, 110))


@call
def list_in(client: Any) -> Any:
    return _found(client, col("accountnumber").in_(["Q-02", "Q-05"]))


@call
def list_not_in(client: Any) -> Any:
    return _found(client, col("numberofemployees").not_in(list(range(20, 130, 10))))


@call
def list_in_ids(client: Any) -> Any:
    return _found(client, col("accountid").in_([prepared(4), prepared(6)]))


@call
def list_contains(client: Any) -> Any:
    return _found(client, col("name").contains("söhne"))


@call
def list_starts_with(client: Any) -> Any:
    return _found(client, col("name").startswith("Account 1"))


@call
def list_ends_with(client: Any) -> Any:
    return _found(client, col("name").like("%08"))


@call
def list_null(client: Any) -> Any:
    return _found(client, col("telephone1").is_null())


@call
def list_not_null(client: Any) -> Any:
    return _found(client, col("telephone1").is_not_null())


@call
def list_combined_conditions(client: Any) -> Any:
    small, large = col("numberofemployees") < 30, col("numberofemployees") >= 110
    return _found(client, (small | large) & ~(col("accountnumber") == "Q-11"))


@call
def list_by_state(client: Any) -> Any:
    return _found(client, col("statecode") == 1)


@call
def list_by_lookup(client: Any) -> Any:
    return _found(client, f"_primarycontactid_value eq {prepared(101)}")


@call
def list_by_property_of_lookup(client: Any) -> Any:
    return _found(client, "primarycontactid/lastname eq 'Lovelace'")


@call
def list_by_any_of_collection(client: Any) -> Any:
    return _found(client, raw("contact_customer_accounts/any(c:c/lastname eq 'Hopper')"))


@call
def list_by_moment(client: Any) -> Any:
    return _found(client, "createdon ge 2020-01-01T00:00:00Z and createdon lt 2020-01-02T00:00:00Z")


@call
def list_descending(client: Any) -> Any:
    rows = client.records.list("account", orderby=["numberofemployees desc"], top=3, select=["accountnumber"])
    return _numbers(rows)


@call
def list_ordered_by_two_columns(client: Any) -> Any:
    order = ["creditonhold desc", "accountnumber desc"]
    return _numbers(client.records.list("account", orderby=order, top=4))


@call
def list_with_count(client: Any) -> Any:
    return len(client.records.list("account", filter="creditonhold eq true", count=True))


@call
def list_through_pages(client: Any) -> Any:
    return _numbers(client.records.list("account", orderby=["accountnumber"], page_size=5))


@call
def list_pages(client: Any) -> Any:
    pages = client.records.list_pages("account", select=["name"], page_size=5)
    return [len(page) for page in pages]


@call
def list_pages_of_exact_size(client: Any) -> Any:
    pages = client.records.list_pages("account", select=["name"], page_size=6)
    return [len(page) for page in pages]


@call
def list_pages_with_formatted_values(client: Any) -> Any:
    pages = client.records.list_pages(
        "account", select=["statecode"], page_size=7, include_annotations="*", orderby=["accountnumber"]
    )
    return [[row[f"statecode@{_FORMATTED}"] for row in page] for page in pages]


@call
def builder(client: Any) -> Any:
    query = client.query.builder("account").select("accountnumber").where(col("numberofemployees") > 90)
    return _numbers(query.order_by("accountnumber", descending=True).top(2).execute())


@call
def builder_with_expand(client: Any) -> Any:
    contact = ExpandOption("primarycontactid").select("fullname")
    query = client.query.builder("account").select("name").where(col("accountnumber") == "Q-01")
    row = query.expand(contact).execute().first()
    return row["primarycontactid"]["fullname"]


@call
def builder_with_collection_expand(client: Any) -> Any:
    contacts = ExpandOption("contact_customer_accounts").select("lastname").order_by("lastname").top(1)
    query = client.query.builder("account").select("name").where(col("accountnumber") == "Q-01")
    row = query.expand(contacts).execute().first()
    return [contact["lastname"] for contact in row["contact_customer_accounts"]]


@call
def builder_pages(client: Any) -> Any:
    query = client.query.builder("account").select("accountnumber").order_by("accountnumber").page_size(8)
    return [_numbers(page) for page in query.execute_pages()]


@call
def builder_formatted_values(client: Any) -> Any:
    query = client.query.builder("account").select("customertypecode").where(col("accountnumber") == "Q-01")
    return query.include_formatted_values().execute().first()[f"customertypecode@{_FORMATTED}"]


@call
def builder_data_frame(client: Any) -> Any:
    query = client.query.builder("account").select("accountnumber", "numberofemployees")
    return int(query.where(col("creditonhold") == True).to_dataframe()["numberofemployees"].sum())  # noqa: E712 - makes a filter


@call
def data_frame_of_records(client: Any) -> Any:
    rows = client.records.list("account", select=["numberofemployees"])
    return int(rows.to_dataframe()["numberofemployees"].sum())


@call
def list_unknown_column(client: Any) -> Any:
    return _found(client, "colour eq 'red'")


@call
def list_malformed_filter(client: Any) -> Any:
    return _found(client, "name eq eq 'x'")
