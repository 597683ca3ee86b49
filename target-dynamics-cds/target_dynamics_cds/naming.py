"""Names: what a stream and its fields are called in Dataverse, with and without a publisher's prefix."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_]")


@dataclass(frozen=True, slots=True)
class Naming:
    """How names of the Singer side become Dataverse schema names.

    Without a prefix a name is used as it stands. With the prefix ``cdm`` the stream ``Account`` is the table
    ``cdm_Account``, its field ``OrganizationName`` the column ``cdm_OrganizationName``, and its own id
    ``AccountId`` the column ``cdm_Account_AccountId``, because every table already owns ``cdm_accountid``.
    A lookup ``Organization`` is the column ``cdm_OrganizationId``: Dataverse gives every lookup a text column
    that is called like it with ``name`` behind, and ``cdm_organizationname`` is a field of its own.
    """

    prefix: str = ""

    def table(self, entity: str) -> str:
        """Schema name of the table that holds `entity`."""
        return self._prefixed(entity)

    def column(self, entity: str, field: str) -> str:
        """Schema name of the column that holds `field` of `entity`."""
        if self.prefix and is_own_id(entity, field):
            return self._prefixed(f"{entity}_{field}")
        return self._prefixed(field)

    def lookup(self, field: str) -> str:
        """Schema name of the lookup column that holds `field`; its navigation property is called the same."""
        return f"{self._prefixed(field)}Id" if self.prefix else field

    def lookup_names(self, field: str) -> tuple[str, ...]:
        """Names the lookup for `field` is looked for under: the hub's own, then one without ``Id``.

        The hub's tables may have been made by others, who named their lookups as they liked.
        """
        return tuple(dict.fromkeys((self.lookup(field), self._prefixed(field))))

    def entity(self, schema_name: str) -> str:
        """The Singer side's name of the table `schema_name`."""
        if self.owns(schema_name):
            return schema_name[len(self.prefix) + 1 :]
        return schema_name

    def owns(self, name: str) -> bool:
        """Whether a schema or logical name carries the publisher's prefix."""
        return bool(self.prefix) and name.lower().startswith(f"{self.prefix.lower()}_")

    def _prefixed(self, name: str) -> str:
        if not self.prefix:
            return name
        clean = _NOT_ALLOWED.sub("_", name)
        return clean if self.owns(clean) else f"{self.prefix}_{clean}"


def is_own_id(entity: str, field: str) -> bool:
    """Whether `field` is the business id that carries its entity's name (``AccountId`` of ``Account``)."""
    return field.lower() == f"{entity.lower()}id"


def words(name: str) -> str:
    """`name` as a label for people: ``MailingPostalAddress_City`` gives ``Mailing Postal Address City``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.replace("_", " "))
    return " ".join(spaced.split()) or name
