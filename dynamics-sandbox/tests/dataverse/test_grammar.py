"""The grammar table: filters, orders and keys with the rows they find, or the refusal. Written by hand.

The rows are six accounts, A to F (their numbers), see `ACCOUNTS`; a case is what is asked, and the numbers
of the rows expected, in order for `$orderby`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

# number: name, employees, credit limit, do not e-mail, currency, city; created at noon on January 1 to 6.
ACCOUNTS = {
    "A": ("Alpha", 10, 1000.25, False, "EUR", "Oslo"),
    "B": ("beta", 20, 2000.5, True, "USD", "Oslo"),
    "C": ("Gamma", 30, None, False, "EUR", "São Paulo"),
    "D": ("O'Neil & Sons", None, 4000, False, "USD", None),
    "E": ("100% Cotton", 50, 0.1, False, "EUR", "Rome"),
    "F": ("a_b [x]", 60, 9999999999.99, True, "USD", "Rome"),
}
# Contacts of A: Eva Zorn (its primary contact) and Ida Young; of B: Jo Abel. The parent account of C is A.

_STRINGS = """
name eq 'Alpha' | A
name eq 'ALPHA' | A
name eq 'alpha  ' | A
'Alpha' eq name | A
name eq 'O''Neil & Sons' | D
name eq '' |
name eq 'Alph' |
name ne 'Alpha' | BCDEF
address1_city ne 'Oslo' | CEF
address1_city eq 'são paulo' | C
address1_city eq 'sao paulo' |
name gt 'b' | BCD
name ge 'beta' | BCD
name lt 'alpha' | EF
name le 'alpha' | AEF
'b' lt name | BCD
contains(name,'a') | ABCF
contains(name,'MM') | C
contains(name,'''') | D
contains(name,'&') | D
contains(name,'zzz') |
contains(address1_city,'o') | ABCEF
startswith(name,'a') | AF
startswith(name,'A') | AF
startswith(name,'100') | E
endswith(name,'a') | ABC
endswith(name,'SONS') | D
not contains(name,'a') | DE
not startswith(address1_city,'O') | CEF
contains(name,'%') | ABCDEF
contains(name,'[%]') | E
contains(name,'l_h') | A
contains(name,'a[_]b') | F
startswith(name,'[a-b]') | ABF
startswith(name,'[^a-b]') | CDE
contains(name,'a') and contains(name,'b') | BF
contains(name,'a') eq true | ABCF
contains(transactioncurrencyid/isocurrencycode,'us') | BDF
accountnumber eq 'a' or accountnumber eq 'f' | AF
name eq address1_city |
name ne name |
name eq name | ABCDEF
"""

_NUMBERS = """
numberofemployees eq 10 | A
numberofemployees ne 10 | BCEF
numberofemployees gt 20 | CEF
numberofemployees ge 20 | BCEF
numberofemployees lt 20 | A
numberofemployees le 20 | AB
20 lt numberofemployees | CEF
20 ge numberofemployees | AB
numberofemployees eq -10 |
numberofemployees gt -1 | ABCEF
numberofemployees eq 10.0 | A
numberofemployees gt 19.5 | BCEF
numberofemployees eq 1e1 | A
numberofemployees lt 99999999999 | ABCEF
creditlimit eq 1000.25 | A
creditlimit eq 1000.2500 | A
creditlimit eq 4000 | D
creditlimit eq 0.1 | E
creditlimit gt 0.1 | ABDF
creditlimit ge 0.1 | ABDEF
creditlimit lt 10000 | ABDE
creditlimit gt 9999999999 | F
creditlimit eq 9999999999.99 | F
creditlimit ne 4000 | ABEF
creditlimit gt numberofemployees | ABF
numberofemployees gt creditlimit | E
statecode eq 0 | ABCDEF
statecode ne 0 |
statuscode eq 1 and statecode eq 0 | ABCDEF
"""

_NULLS_AND_BOOLEANS = """
numberofemployees eq null | D
numberofemployees ne null | ABCEF
null eq numberofemployees | D
not (numberofemployees eq null) | ABCEF
numberofemployees gt null |
numberofemployees le null |
creditlimit eq null | C
address1_city eq null | D
telephone1 eq null | ABCDEF
telephone1 ne null |
_parentaccountid_value eq null | ABDEF
_parentaccountid_value ne null | C
parentaccountid/name eq null | ABDEF
donotemail eq true | BF
donotemail eq false | ACDE
donotemail ne true | ACDE
true eq donotemail | BF
donotemail | BF
not donotemail | ACDE
donotemail eq null |
donotemail and numberofemployees gt 20 | F
not (numberofemployees gt 20) | AB
not (numberofemployees gt 20 or creditlimit gt 3000) | AB
not not donotemail | BF
"""

_LOGIC = """
name eq 'Alpha' or name eq 'beta' and numberofemployees eq 99 | A
(name eq 'Alpha' or name eq 'beta') and numberofemployees eq 20 | B
name eq 'Alpha' and numberofemployees eq 10 or name eq 'beta' | AB
((name eq 'Alpha')) | A
(((numberofemployees eq 10) or ((numberofemployees eq 20)))) | AB
not (name eq 'Alpha') and numberofemployees lt 40 | BC
numberofemployees gt 10 and numberofemployees lt 60 and donotemail eq false | CE
numberofemployees eq 10 or numberofemployees eq 20 or numberofemployees eq 30 or name eq 'x' | ABC
numberofemployees ge 10 and numberofemployees le 30 or creditlimit eq 4000 | ABCD
numberofemployees eq null or numberofemployees eq 10 | AD
numberofemployees eq null and creditlimit eq 4000 | D
(donotemail eq true) eq true | BF
  name   eq   'Alpha'   | A
(  name eq 'Alpha'  ) | A
name eq 'and or not' |
name eq ')(' |
"""

_DATES = """
createdon eq 2024-01-01T12:00:00Z | A
createdon ne 2024-01-01T12:00:00Z | BCDEF
createdon gt 2024-01-03T12:00:00Z | DEF
createdon ge 2024-01-03T12:00:00Z | CDEF
createdon lt 2024-01-03T12:00:00Z | AB
createdon le 2024-01-03T12:00:00Z | ABC
createdon ge 2024-01-03T12:00:00.000Z | CDEF
createdon ge 2024-01-03T12:00:00.5Z | DEF
createdon gt 2024-01-03T11:59:59.5Z | CDEF
createdon ge 2024-01-03T14:00:00+02:00 | CDEF
createdon ge 2024-01-03T07:00:00-05:00 | CDEF
createdon ge 2024-01-03T12:00:00 | CDEF
createdon ge 2024-01-04 | DEF
createdon lt 2024-01-02 | A
2024-01-05T00:00:00Z lt createdon | EF
createdon gt 2024-01-02T00:00:00Z and createdon lt 2024-01-04T00:00:00Z | BC
createdon eq overriddencreatedon |
createdon lt overriddencreatedon | ABCDEF
"""

_PATHS_AND_LAMBDAS = """
transactioncurrencyid/isocurrencycode eq 'EUR' | ACE
transactioncurrencyid/isocurrencycode ne 'EUR' | BDF
transactioncurrencyid/isocurrencycode eq 'EUR' and numberofemployees gt 10 | CE
primarycontactid/lastname eq 'Zorn' | A
primarycontactid/lastname ne 'Zorn' |
primarycontactid/parentcustomerid_account/name eq 'Alpha' | A
parentaccountid/transactioncurrencyid/isocurrencycode eq 'EUR' | C
parentaccountid/accountnumber eq 'A' | C
contact_customer_accounts/any() | AB
not contact_customer_accounts/any() | CDEF
contact_customer_accounts/any(c:c/lastname eq 'Zorn') | A
contact_customer_accounts/any(x:x/lastname eq 'abel') | B
contact_customer_accounts/any(c:startswith(c/lastname,'Y')) | A
contact_customer_accounts/any(c:c/lastname eq 'Zorn' or c/lastname eq 'Abel') | AB
contact_customer_accounts/any(c:c/lastname eq 'Zorn' and c/firstname eq 'Ida') |
contact_customer_accounts/any(c:c/lastname eq 'Zorn') and contact_customer_accounts/any() | A
contact_customer_accounts/all(c:c/lastname eq 'Abel') | BCDEF
contact_customer_accounts/all(c:c/lastname ne 'Zorn') | BCDEF
not contact_customer_accounts/all(c:c/lastname eq 'Abel') | A
contact_customer_accounts/any(c:c/lastname eq 'nobody') |
account_parent_account/any(c:c/name eq 'Gamma') | A
contact_customer_accounts/any(c:c/lastname eq 'Zorn') or numberofemployees eq 60 | AF
"""

_QUERY_FUNCTIONS = """
Microsoft.Dynamics.CRM.In(PropertyName='accountnumber',PropertyValues=["A","b"]) | AB
Microsoft.Dynamics.CRM.In(PropertyName='accountnumber',PropertyValues=['A']) | A
Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=["O'Neil & Sons"]) | D
Microsoft.Dynamics.CRM.In(PropertyName='numberofemployees',PropertyValues=["10","60"]) | AF
Microsoft.Dynamics.CRM.In(PropertyName='numberofemployees',PropertyValues=["11"]) |
Microsoft.Dynamics.CRM.NotIn(PropertyName='numberofemployees',PropertyValues=["10","60"]) | BCE
not Microsoft.Dynamics.CRM.In(PropertyName='accountnumber',PropertyValues=["A","B"]) | CDEF
Microsoft.Dynamics.CRM.Between(PropertyName='numberofemployees',PropertyValues=["20","50"]) | BCE
Microsoft.Dynamics.CRM.NotBetween(PropertyName='numberofemployees',PropertyValues=["20","50"]) | AF
Microsoft.Dynamics.CRM.Between(PropertyName='creditlimit',PropertyValues=["0.1","2000.5"]) | ABE
Microsoft.Dynamics.CRM.On(PropertyName='createdon',PropertyValue='2024-01-02') | B
Microsoft.Dynamics.CRM.OnOrAfter(PropertyName='createdon',PropertyValue='2024-01-05') | EF
Microsoft.Dynamics.CRM.OnOrBefore(PropertyName='createdon',PropertyValue='2024-01-02') | AB
Microsoft.Dynamics.CRM.On(PropertyName='createdon',PropertyValue='2023-01-02') |
Microsoft.Dynamics.CRM.In(PropertyName='accountnumber',PropertyValues=["A"]) or donotemail | ABF
"""

_ORDERS = """
name | EFABCD
name asc | EFABCD
name desc | DCBAFE
numberofemployees | DABCEF
numberofemployees desc | FECBAD
creditlimit | CEABDF
creditlimit desc | FDBAEC
createdon desc | FEDCBA
donotemail,name | EACDFB
donotemail desc,name desc | BFDCAE
transactioncurrencyid/isocurrencycode,numberofemployees desc | ECAFBD
transactioncurrencyid/isocurrencycode desc,createdon | BDFACE
address1_city,name desc | DBAFEC
statecode,accountnumber desc | FEDCBA
 name  desc  | DCBAFE
"""

# One per line: a filter that is refused.
BAD_FILTERS = """
name eq
eq 'Alpha'
name 'Alpha'
name == 'Alpha'
name = 'Alpha'
name eq 'Alpha' and
and name eq 'Alpha'
name eq 'Alpha' or or name eq 'b'
name eq 'Alpha' name eq 'b'
(name eq 'Alpha'
name eq 'Alpha')
()
name eq 'O'Neil'
name eq 'open
name eq "Alpha
name eq Alpha
name EQ 'Alpha'
name eq 'Alpha' AND name eq 'b'
name in ('Alpha','beta')
name has 'x'
name eq 5
numberofemployees eq 'ten'
numberofemployees eq true
numberofemployees eq 10abc
donotemail eq 1
donotemail eq 'true'
createdon gt '2024-01-01'
createdon gt 2024-13-01T00:00:00Z
createdon gt 2024-02-30
createdon gt 20240101
name
numberofemployees
not name
not name eq 'Alpha'
numberofemployees add 1 eq 11
numberofemployees mul 2 eq 20
year(createdon) eq 2024
tolower(name) eq 'alpha'
length(name) eq 5
substring(name,1) eq 'lpha'
indexof(name,'a') eq 1
now() gt createdon
contains(name)
contains(name,'a','b')
contains('a',name)
contains(numberofemployees,'1')
contains(name,5)
name eq #
name eq $it
Name eq 'Alpha'
customeridname eq 'x'
transactioncurrencyid eq null
transactioncurrencyid/nothing eq 'EUR'
nothing/name eq 'x'
contact_customer_accounts/any(c:c/nothing eq 'x')
contact_customer_accounts/any(lastname eq 'x')
contact_customer_accounts/all()
nothing/any()
_primarycontactid_value eq 'no-guid'
_primarycontactid_value eq 5
Microsoft.Dynamics.CRM.In(PropertyName='nothing',PropertyValues=["a"])
Microsoft.Dynamics.CRM.In(PropertyName='accountnumber',PropertyValues=[])
Microsoft.Dynamics.CRM.In(PropertyName='numberofemployees',PropertyValues=["ten"])
Microsoft.Dynamics.CRM.Between(PropertyName='numberofemployees',PropertyValues=["1"])
Microsoft.Dynamics.CRM.On(PropertyName='createdon',PropertyValue='yesterday')
In(PropertyName='accountnumber',PropertyValues=["A"])
"""

BAD_ORDERS = """
nothing
Name
name up
name asc desc
name,
,name
name name
contains(name,'a')
5
transactioncurrencyid/nothing
"""

# What stands in the parentheses behind the entity set: found (its number), or status and code.
_KEYS = """
accountnumber='A' | A
accountnumber='a' | A
accountnumber='A ' | A
accountnumber = 'A' | A
accountnumber='O''Neil' | 404 0x80060891
accountnumber='Z' | 404 0x80060891
accountnumber='' | 404 0x80060891
accountnumber='A | 400 0x8006088a
accountnumber=A | 400 0x8006088a
accountnumber=null | 400 0x8006088a
accountnumber='A',accountnumber='A' | 400 0x8006088a
accountnumber='A',name='Alpha' | 400 0x8006088a
name='Alpha' | 400 0x8006088a
nothing='A' | 400 0x8006088a
'A' | 400 0x8006088a
accountnumber='a%2Fb' | 400 0x8006088a
accountnumber='a%3Ab' | 400 0x8006088a
accountnumber='a%3Fb' | 400 0x8006088a
accountnumber='a%2Bb' | 400 0x8006088a
accountnumber='a%23b' | 400 0x8006088a
00000000-0000-0000-0000-00000000000f | 404 0x80040217
accountid=00000000-0000-0000-0000-00000000000f | 404 0x80040217
{00000000-0000-0000-0000-00000000000f} | 400 0x8006088a
'00000000-0000-0000-0000-00000000000f' | 400 0x8006088a
00000000-0000-0000-0000 | 400 0x8006088a
"""


def _pairs(table: str) -> list[tuple[str, str]]:
    split = (line.rpartition("|") for line in table.strip("\n").splitlines())
    return [(asked, expected.strip()) for asked, _, expected in split]


FILTERS = [
    pair
    for table in (
        _STRINGS,
        _NUMBERS,
        _NULLS_AND_BOOLEANS,
        _LOGIC,
        _DATES,
        _PATHS_AND_LAMBDAS,
        _QUERY_FUNCTIONS,
    )
    for pair in _pairs(table)
]
ORDERS = _pairs(_ORDERS)
KEYS = _pairs(_KEYS)


@pytest.fixture(scope="module")
def crm(open_shared_client: Callable[..., Any]) -> Any:
    client = open_shared_client("sales")
    ids = {}
    for index, (number, row) in enumerate(ACCOUNTS.items(), start=1):
        name, employees, credit, quiet, currency, city = row
        body = {
            "name": name,
            "accountnumber": number,
            "numberofemployees": employees,
            "creditlimit": credit,
            "donotemail": quiet,
            "address1_city": city,
            "overriddencreatedon": f"2024-01-0{index}T12:00:00Z",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({client.currency(currency)})",
        }
        ids[number] = client.post("accounts", body).entity_id
    people = {}
    for first, last, account in (("Eva", "Zorn", "A"), ("Ida", "Young", "A"), ("Jo", "Abel", "B")):
        bind = {"parentcustomerid_account@odata.bind": f"/accounts({ids[account]})"}
        people[last] = client.post("contacts", {"firstname": first, "lastname": last, **bind}).entity_id
    zorn = f"/contacts({people['Zorn']})"
    assert client.patch(f"accounts({ids['A']})", {"primarycontactid@odata.bind": zorn}).status == 204
    parent = {"parentaccountid@odata.bind": f"/accounts({ids['A']})"}
    assert client.patch(f"accounts({ids['C']})", parent).status == 204
    return client


def found(crm: Any, option: str, text: str) -> str:
    reply = crm.get(f"accounts?$select=accountnumber&{option}={quote(text, safe='')}")
    assert reply.status == 200, reply.body
    return "".join(row["accountnumber"] for row in reply.rows)


def test_the_table_is_as_large_as_promised() -> None:
    bad_keys = [case for case in KEYS if case[1].startswith("4")]
    invalid = len(BAD_FILTERS.split("\n")) + len(BAD_ORDERS.split("\n")) + len(bad_keys) - 4
    assert invalid >= 40
    assert len({*FILTERS, *ORDERS, *KEYS}) - len(bad_keys) + invalid >= 200


@pytest.mark.parametrize(("text", "expected"), FILTERS)
def test_filters_find(crm: Any, text: str, expected: str) -> None:
    assert "".join(sorted(found(crm, "$filter", text))) == expected


@pytest.mark.parametrize(("text", "expected"), ORDERS)
def test_orders_sort(crm: Any, text: str, expected: str) -> None:
    assert found(crm, "$orderby", text) == expected


@pytest.mark.parametrize("text", BAD_FILTERS.strip().splitlines())
def test_bad_filters_are_refused(crm: Any, text: str) -> None:
    reply = crm.get(f"accounts?$filter={quote(text, safe='')}")
    assert reply.status == 400, reply.body
    assert reply.json["error"]["code"] in {"0x80060888", "0x0"}


@pytest.mark.parametrize("text", BAD_ORDERS.strip().splitlines())
def test_bad_orders_are_refused(crm: Any, text: str) -> None:
    reply = crm.get(f"accounts?$orderby={quote(text, safe='')}")
    assert reply.status == 400, reply.body
    assert reply.json["error"]["code"] in {"0x80060888", "0x0"}


@pytest.mark.parametrize(("key", "expected"), KEYS)
def test_keys_address(crm: Any, key: str, expected: str) -> None:
    reply = crm.get(f"accounts({key.strip().replace(' ', '%20')})?$select=accountnumber")
    if len(expected) == 1:
        assert reply.json["accountnumber"] == expected
    else:
        status, code = expected.split()
        assert reply.error == (int(status), code)
