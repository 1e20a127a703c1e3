"""What can go wrong in the service, in its own words.

Nothing here knows HTTP or exit codes: the API and the command line translate, each for its own readers. The texts are
shown to people and logged, so they never hold what a caller sent.
"""


class ServiceError(Exception):
    """The common ancestor. ``code`` is stable and machine-readable, the text is for people."""

    code = "service-error"


class SettingsInvalid(ServiceError):
    """The environment does not make up usable settings; ``problems`` names each variable."""

    code = "settings-invalid"

    def __init__(self, problems: list[str]) -> None:
        """Keep the problems one by one, and join them for people."""
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class StoreUnavailable(ServiceError):
    """The database cannot be reached or does not answer in time."""

    code = "store-unavailable"


class StoreBusy(StoreUnavailable):
    """Another process holds the database's write lock for longer than one waits."""

    code = "store-busy"


class MigrationNeeded(ServiceError):
    """The database has no schema, or an older one than this version of the service needs."""

    code = "migration-needed"


class NoRuleSet(ServiceError):
    """There is no rule set to answer from: none was loaded, or none was ever published."""

    code = "no-rule-set"


class TerminologyRefused(ServiceError):
    """A terminology is not what was imported, or cannot be used by this version of the service."""

    code = "terminology-refused"

    def __init__(self, which: str, reason: str) -> None:
        """Name it in the text."""
        super().__init__(f"{which} is refused: {reason}")


class RuleSetMoved(ServiceError):
    """Another rule set answers than the one that a change was looked at against."""

    code = "rule-set-moved"

    def __init__(self, looked_at: int, active: int | None) -> None:
        """Name both in the text."""
        now = "none answers" if active is None else f"rule set {active} answers"
        super().__init__(f"the change was compared with rule set {looked_at}, and now {now}: look at its impact again")


class RuleSetStale(ServiceError):
    """What answers here has not been confirmed for so long that the settings want no answer at all."""

    code = "rule-set-stale"


class LastKnownGoodRefused(ServiceError):
    """The file with the last known good rule set is not what this installation wrote, or there is none."""

    code = "last-known-good-refused"

    def __init__(self, reason: str) -> None:
        """Say what is wrong with it."""
        super().__init__(f"the last known good rule set on disk is refused: {reason}")


class NoSuchRuleSet(ServiceError):
    """There is no rule set of this number."""

    code = "no-such-rule-set"

    def __init__(self, number: int) -> None:
        """Name it in the text."""
        super().__init__(f"there is no rule set {number}; `magcheck db check` lists those that there are")


class RuleSetBehind(ServiceError):
    """The store names a rule set that is older than the one that has answered here already."""

    code = "rule-set-behind"

    def __init__(self, offered: int, answered: int) -> None:
        """Name both in the text."""
        super().__init__(
            f"rule set {offered} is refused: rule set {answered} has answered here already, and answers never go back "
            "to an older one; a roll-back is published under a new number (after restoring a backup: restart)"
        )


class RuleSetDamaged(ServiceError):
    """A stored rule set is not what was published, or cannot be used by this version of the service."""

    code = "rule-set-damaged"

    def __init__(self, number: int, reason: str) -> None:
        """Name the rule set in the text."""
        self.number = number
        self.reason = reason
        super().__init__(f"rule set {number} is refused: {reason}")


class IdempotencyKeyReused(ServiceError):
    """The idempotency key was used for another request."""

    code = "idempotency-key-reused"

    def __init__(self) -> None:
        """There is nothing to add."""
        super().__init__("this Idempotency-Key was used for another request; make a new one")


class NotThere(ServiceError):
    """There is no such thing."""

    code = "not-there"


class IllegalStep(ServiceError):
    """The thing is not in a state from which this step leads on, or not by this person; nothing was changed."""

    code = "illegal-step"


class ChangedMeanwhile(ServiceError):
    """The thing is not the one any more that the caller has seen; nothing was changed."""

    code = "precondition-failed"


class RecordInvalid(ServiceError):
    """A record does not fit its model; ``problems`` has a pointer, a kind and a text for each fault."""

    code = "record-invalid"

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        """Keep pointers and texts; none repeats what was sent."""
        self.problems = tuple(problems)
        super().__init__("the record does not fit its form")


class GateRefused(ServiceError):
    """Rules do not pass the gate; ``reasons`` says why, in words."""

    code = "gate-refused"

    def __init__(self, reasons: list[str]) -> None:
        """Keep the reasons one by one, and join them for people."""
        self.reasons = tuple(reasons)
        super().__init__("; ".join(reasons))


class NotAuthenticated(ServiceError):
    """Who asks could not be established. The text is the same for every reason."""

    code = "not-authenticated"

    def __init__(self) -> None:
        """Why stays here: it would help whoever tries."""
        super().__init__("who asks could not be established")


class NotPermitted(ServiceError):
    """Who asks may not do this."""

    code = "not-permitted"


class TooManyAttempts(ServiceError):
    """Too many attempts failed lately, so none is looked at for ``seconds``."""

    code = "too-many-attempts"

    def __init__(self, seconds: int) -> None:
        """Say how long to wait."""
        self.seconds = seconds
        super().__init__(f"too many attempts failed; try again in {seconds} seconds")


class PasswordRefused(ServiceError):
    """A new password is too short, too long or too well known."""

    code = "password-refused"


class ReauthenticationRequired(ServiceError):
    """Who asks has not proved just now who they are, which this step wants."""

    code = "reauthentication-required"


class ProviderUnavailable(ServiceError):
    """The provider of identities does not answer, or not as one."""

    code = "provider-unavailable"


class SignInRefused(ServiceError):
    """A sign-in through the provider of identities is not taken; the text says what the person can do."""

    code = "sign-in-refused"


class GateFailed(ServiceError):
    """The gate itself did not work, so nothing is known about the rules."""

    code = "gate-failed"


class BackupRefused(ServiceError):
    """A back-up is not whole, not of this program, of another version or not from where it says; nothing is written."""

    code = "backup-refused"


class RowRefused(BackupRefused):
    """A line of a back-up cannot become a row."""

    def __init__(self, table: str, line: int, reason: str) -> None:
        """Name it in the text; never what stands in it."""
        super().__init__(f"line {line} of table {table}: {reason}")


class StoreNotEmpty(ServiceError):
    """The database holds something that must not be mixed with a back-up."""

    code = "store-not-empty"


class FileRefused(ServiceError):
    """A file cannot be read or written, or is there already."""

    code = "file-refused"


class AuditTrailBroken(ServiceError):
    """The audit trail is not as it was written."""

    code = "audit-trail-broken"

    def __init__(self, reason: str) -> None:
        """Say what is wrong with it."""
        super().__init__(f"the audit trail is not as it was written: {reason}")


class CheckpointRefused(ServiceError):
    """What should be a checkpoint of the audit trail is none, or not one of this installation."""

    code = "checkpoint-refused"


class JournalFull(ServiceError):
    """The journal for decisions that the database does not take has reached its limit."""

    code = "journal-full"

    def __init__(self, most_bytes: int) -> None:
        """Name the limit in the text."""
        super().__init__(f"the journal of decisions holds {most_bytes // 2**20} MB, which is all it may")


class DecisionNotKept(ServiceError):
    """A decision could be kept neither in the database nor in the journal, so its answer must not leave."""

    code = "decision-not-kept"


class DecisionsRefused(ServiceError):
    """The database is there and refuses rows for what they are; another attempt would end the same way."""

    code = "decisions-refused"


class QuestionNotKept(ServiceError):
    """The question of a decision was not kept, so it has to be brought to replay it."""

    code = "question-not-kept"


class QuestionDiffers(ServiceError):
    """A question was brought that is not the one of the decision."""

    code = "question-differs"


class NotReplayable(ServiceError):
    """What a decision was answered from is not there any more, or not as it was."""

    code = "not-replayable"
