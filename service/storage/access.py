"""Named queries about people, keys, sign-ins, and what is remembered to slow down guessing.

Nothing here decides who may do what, or whether a secret is right.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.storage.tables import ApiKeyRow, AuditRow, PersonRow, SignInAttemptRow, SignInRow, UsedTokenRow


def last_change(session: Session) -> int:
    """Number of the newest entry of the audit trail: nothing of access changes without one. 0 when there is none."""
    return session.exec(select(AuditRow.sequence).order_by(col(AuditRow.sequence).desc()).limit(1)).one_or_none() or 0


# --- people -----------------------------------------------------------------------------------------------------------


def person(session: Session, person_id: str) -> PersonRow | None:
    """One person."""
    return session.get(PersonRow, person_id)


def person_of_login(session: Session, login: str) -> PersonRow | None:
    """The person who signs in with this name."""
    return session.exec(select(PersonRow).where(col(PersonRow.login) == login)).one_or_none()


def person_of_subject(session: Session, issuer: str, subject: str) -> PersonRow | None:
    """The person whom an identity provider knows by this name."""
    return session.exec(
        select(PersonRow).where(col(PersonRow.issuer) == issuer, col(PersonRow.subject) == subject)
    ).one_or_none()


def people(session: Session, *, limit: int | None = None, offset: int = 0) -> list[PersonRow]:
    """Everybody, or a page of them, in the order in which they came."""
    query = select(PersonRow).order_by(col(PersonRow.created_at), col(PersonRow.id)).offset(offset)
    return list(session.exec(query if limit is None else query.limit(limit)))


def number_of_people(session: Session) -> int:
    """How many there are, the disabled ones too."""
    return session.exec(select(sa.func.count()).select_from(PersonRow)).one()


def enabled_people(session: Session) -> list[PersonRow]:
    """Everybody who may sign in."""
    return list(session.exec(select(PersonRow).where(col(PersonRow.disabled_at).is_(None)).order_by(PersonRow.id)))


# --- keys -------------------------------------------------------------------------------------------------------------


def key(session: Session, key_id: str) -> ApiKeyRow | None:
    """One key."""
    return session.get(ApiKeyRow, key_id)


def keys(session: Session, *, limit: int | None = None, offset: int = 0) -> list[ApiKeyRow]:
    """All keys, or a page of them, in the order in which they were made; the revoked ones too."""
    query = select(ApiKeyRow).order_by(col(ApiKeyRow.created_at), col(ApiKeyRow.id)).offset(offset)
    return list(session.exec(query if limit is None else query.limit(limit)))


def number_of_keys(session: Session) -> int:
    """How many there are, the revoked ones too."""
    return session.exec(select(sa.func.count()).select_from(ApiKeyRow)).one()


def former_names(session: Session, now: datetime) -> dict[str, str]:
    """The names of people who may not sign in any more, and of keys that count no more, as the trail writes them."""
    left = sa.select(col(PersonRow.id), col(PersonRow.name)).where(col(PersonRow.disabled_at).is_not(None))
    expired = sa.and_(col(ApiKeyRow.expires_at).is_not(None), col(ApiKeyRow.expires_at) <= now)
    gone = sa.select(col(ApiKeyRow.id), col(ApiKeyRow.name)).where(
        sa.or_(col(ApiKeyRow.revoked_at).is_not(None), expired)
    )
    people, keys_gone = (session.connection().execute(query).all() for query in (left, gone))
    return {f"person/{row[0]}": row[1] for row in people} | {f"key/{row[0]}": row[1] for row in keys_gone}


def live_keys(session: Session, now: datetime) -> list[ApiKeyRow]:
    """The keys that are neither revoked nor expired."""
    expires = col(ApiKeyRow.expires_at)
    query = select(ApiKeyRow).where(col(ApiKeyRow.revoked_at).is_(None), sa.or_(expires.is_(None), expires > now))
    return list(session.exec(query.order_by(ApiKeyRow.id)))


# --- sign-ins ---------------------------------------------------------------------------------------------------------


def sign_in(session: Session, sign_in_id: str) -> SignInRow | None:
    """One sign-in."""
    return session.get(SignInRow, sign_in_id)


def live_sign_ins(session: Session, now: datetime) -> list[SignInRow]:
    """The sign-ins that were not ended and have not expired; whether they were idle for too long is not looked at."""
    query = select(SignInRow).where(col(SignInRow.ended_at).is_(None), col(SignInRow.expires_at) > now)
    return list(session.exec(query.order_by(SignInRow.id)))


def touch(session: Session, sign_in_id: str, now: datetime) -> None:
    """Note that a sign-in was used; never back in time."""
    session.connection().execute(
        sa.update(SignInRow)
        .where(col(SignInRow.id) == sign_in_id, col(SignInRow.last_seen_at) < now)
        .values(last_seen_at=now)
    )


def end_sign_ins(session: Session, person_id: str, now: datetime) -> None:
    """End all sign-ins of a person."""
    session.connection().execute(
        sa.update(SignInRow)
        .where(col(SignInRow.person_id) == person_id, col(SignInRow.ended_at).is_(None))
        .values(ended_at=now)
    )


def end_sign_in(session: Session, sign_in_id: str, now: datetime) -> None:
    """End one sign-in."""
    session.connection().execute(
        sa.update(SignInRow)
        .where(col(SignInRow.id) == sign_in_id, col(SignInRow.ended_at).is_(None))
        .values(ended_at=now)
    )


def forget_sign_ins(session: Session, expired_before: datetime) -> None:
    """Remove sign-ins that ended long ago; the audit trail still tells of them."""
    session.connection().execute(sa.delete(SignInRow).where(col(SignInRow.expires_at) < expired_before))


# --- attempts and tokens ----------------------------------------------------------------------------------------------


def attempts(session: Session, since: datetime, *, source: str, account: str | None = None) -> list[datetime]:
    """When attempts were made from a source, of one account or of all, the oldest first."""
    query = select(SignInAttemptRow.at).where(col(SignInAttemptRow.source) == source, col(SignInAttemptRow.at) > since)
    if account is not None:
        query = query.where(col(SignInAttemptRow.account) == account)
    return list(session.exec(query.order_by(col(SignInAttemptRow.at))))


def forget_attempts(session: Session, before: datetime) -> None:
    """Remove attempts that count no more."""
    session.connection().execute(sa.delete(SignInAttemptRow).where(col(SignInAttemptRow.at) < before))


def forget_attempts_of(session: Session, *, account: str, source: str) -> None:
    """Remove the attempts of an account from a source: it has proved itself there."""
    session.connection().execute(
        sa.delete(SignInAttemptRow).where(
            col(SignInAttemptRow.account) == account, col(SignInAttemptRow.source) == source
        )
    )


def used_tokens(session: Session, ids: Collection[str]) -> list[str]:
    """Those of the tokens that were used already."""
    return list(session.exec(select(UsedTokenRow.id).where(col(UsedTokenRow.id).in_(ids))))


def forget_tokens(session: Session, expired_before: datetime) -> None:
    """Remove tokens that nobody would take any more."""
    session.connection().execute(sa.delete(UsedTokenRow).where(col(UsedTokenRow.expires_at) < expired_before))


def add(session: Session, row: ApiKeyRow | PersonRow | SignInRow | SignInAttemptRow | UsedTokenRow) -> None:
    """Write a new row, or what has changed in one. The caller holds the write lock."""
    session.add(row)
    session.flush()
