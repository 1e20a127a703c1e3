"""Who asks, and what each role may do. One table decides; nothing here knows how somebody proves who they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a person, a key or a service is there for."""

    CLIENT = "client"
    VIEWER = "viewer"
    AUTHOR = "author"
    REVIEWER = "reviewer"
    PUBLISHER = "publisher"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """What an operation of the API needs. ``PUBLIC`` needs nobody to be known."""

    PUBLIC = "public"
    SELF = "self"
    CHECK = "checks:run"
    KNOWLEDGE = "knowledge:read"
    FEEDBACK = "feedback:write"
    DECISIONS = "decisions:read"
    RULE_SETS = "rule-sets:read"
    DRAFTS = "drafts:read"
    DRAFT = "drafts:write"
    COMMENT = "drafts:comment"
    REVIEW = "drafts:review"
    PUBLISH = "rule-sets:publish"
    AUDIT = "audit:read"
    ACCESS = "access:manage"


_READS = frozenset({Permission.SELF, Permission.CHECK, Permission.KNOWLEDGE, Permission.RULE_SETS, Permission.DRAFTS})
GRANTS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.CLIENT: frozenset({Permission.SELF, Permission.CHECK, Permission.KNOWLEDGE, Permission.FEEDBACK}),
        Role.VIEWER: _READS,
        Role.AUTHOR: _READS | {Permission.DRAFT, Permission.COMMENT},
        Role.REVIEWER: _READS | {Permission.REVIEW, Permission.COMMENT},
        Role.PUBLISHER: _READS | {Permission.PUBLISH, Permission.COMMENT},
        Role.AUDITOR: frozenset(
            {Permission.SELF, Permission.KNOWLEDGE, Permission.RULE_SETS, Permission.DRAFTS}
            | {Permission.AUDIT, Permission.DECISIONS}
        ),
        Role.ADMINISTRATOR: frozenset({Permission.SELF, Permission.KNOWLEDGE, Permission.ACCESS}),
    }
)


def roles_for(permission: Permission) -> str:
    """Which roles allow an operation, in words."""
    *others, last = [role.value for role in Role if permission in GRANTS[role]]
    return f"one of the roles {', '.join(others)} or {last}" if others else f"the role {last}"


class KeyRole(StrEnum):
    """What a key can be there for: not for what only people can do."""

    CLIENT = "client"
    VIEWER = "viewer"
    AUTHOR = "author"
    AUDITOR = "auditor"


# A key or a service cannot prove anew who stands behind it, which signing and giving access ask for.
PEOPLE_ONLY = frozenset({Role.REVIEWER, Role.PUBLISHER, Role.ADMINISTRATOR})


class PrincipalKind(StrEnum):
    """How somebody is known."""

    PERSON = "person"
    KEY = "key"
    SERVICE = "service"
    OPERATOR = "operator"  # at the command line of the machine itself
    DEVELOPMENT = "development"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks.

    ``id`` is stable and unique over all kinds (``person/…``, ``key/…``, ``service/…``). ``person_id`` is the person
    behind it, where there is one: four eyes are those of two persons, not of two keys.
    """

    id: str
    name: str
    kind: PrincipalKind
    roles: frozenset[Role]
    person_id: str | None = None
    sign_in_id: str | None = None
    requests_per_minute: int | None = None
    permissions: frozenset[Permission] = field(init=False)

    def __post_init__(self) -> None:
        """Work out what the roles allow."""
        object.__setattr__(self, "permissions", granted(self.roles))

    def may(self, permission: Permission) -> bool:
        """Whether this is allowed."""
        return permission in self.permissions


def granted(roles: Iterable[Role]) -> frozenset[Permission]:
    """What these roles allow together; whoever is known may look at themselves and sign out."""
    return frozenset({Permission.PUBLIC, Permission.SELF}).union(*(GRANTS[role] for role in roles))


# Who asks without credentials in the development mode, which listens on this machine only.
DEVELOPER = Principal("development", "development mode", PrincipalKind.DEVELOPMENT, frozenset(Role))
