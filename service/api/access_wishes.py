"""What can be wished of people and keys: the bodies that the API takes as JSON and pages take as forms."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from service.api.changing import LineText, ReasonText, Signed
from service.api.dependencies import Moment
from service.application.access import passwords
from service.application.access import people as verbs
from service.application.principals import KeyRole, Role

LoginText = Annotated[
    str,
    StringConstraints(max_length=120, pattern=verbs.LOGIN_PATTERN),
    Field(description="The name they sign in with; never used again for somebody else."),
]
NameText = Annotated[LineText, Field(max_length=120, description="The name that signatures show.")]
Roles = Annotated[tuple[Role, ...], Field(max_length=len(Role), description="What they may do.")]
NewPassword = Annotated[
    SecretStr,
    Field(
        min_length=passwords.MINIMUM,
        max_length=passwords.MAXIMUM,
        description=f"At least {passwords.MINIMUM} characters, {passwords.ADVISED} or more are advised; any characters "
        "but control characters. Those that are tried first are refused.",
    ),
]


class NewPerson(Signed):
    """Somebody to be let in."""

    login: LoginText
    name: NameText
    roles: Roles
    new_password: Annotated[NewPassword, Field(description="The password of the new account.")]


class PersonChange(Signed):
    """What is to change; what is left out stays."""

    name: NameText | None = None
    roles: Roles | None = None
    disabled: Annotated[bool | None, Field(description="Whether they may sign in no more.")] = None


class PasswordChange(Signed):
    """A new password for somebody."""

    new_password: NewPassword


PersonRef = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]


class NewKey(Signed):
    """A key as it is wanted."""

    name: Annotated[LineText, Field(max_length=120, description="What it is for, such as the system that gets it.")]
    roles: Annotated[
        tuple[KeyRole, ...],
        Field(
            min_length=1,
            max_length=4,
            description="What it may do. Reviewing, publishing and administering are for people, who can prove anew "
            "who they are.",
        ),
    ]
    expires_at: Annotated[Moment | None, Field(description="Until when it counts; null: until revoked.")] = None
    requests_per_minute: Annotated[
        int | None,
        Field(ge=1, le=10_000_000, description="How often it may ask, of each process; null: as is usual here."),
    ] = None
    person_id: Annotated[
        PersonRef | None,
        Field(description="The person whose key it is: it can do at most what they can, and ends when they go."),
    ] = None


class OwnPassword(Signed):
    """A new password of one's own, with the present one."""

    reason: Annotated[ReasonText, Field(description="Why; it stands in the audit trail.")] = "own password changed"
    new_password: NewPassword
