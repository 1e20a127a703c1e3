"""What people say about a draft and the records in it, for each other to read. It changes nothing of the draft.

A comment is written once: it is neither changed nor removed, and stands in the audit trail as well.
"""

from service.application import audit
from service.application.draft_content import Shelf, find, last_changes, require_kind
from service.application.draft_reading import Act, Draft, Place, found
from service.application.draft_steps import DraftState, who
from service.application.draft_views import CommentEntry
from service.errors import IllegalStep, NotThere
from service.storage import drafts as rows
from service.storage.session import Transaction
from service.storage.tables import DraftCommentRow

_OVER = frozenset({DraftState.PUBLISHED, DraftState.DISCARDED})


class DraftComments:
    """The verbs over one store."""

    def __init__(self, shelf: Shelf) -> None:
        """``shelf`` has the published rule sets."""
        self._shelf = shelf

    def listed(self, session: Transaction, draft_id: str) -> list[CommentEntry]:
        """All that was said, in order.

        Raises:
            NotThere: there is no such draft.
        """
        found(session, draft_id)
        return [CommentEntry.of(row) for row in rows.comments(session, draft_id)]

    def add(self, session: Transaction, draft_id: str, place: Place | None, act: Act) -> CommentEntry:
        """Say what ``act`` gives as its reason, about the record at ``place`` or about the draft as a whole.

        Raises:
            NotThere: there is no such draft, or no such record in it or in its base.
            IllegalStep: the draft was published or discarded.
        """
        draft = found(session, draft_id)
        if draft.situation.state in _OVER:
            raise IllegalStep(f"the draft is {draft.situation.state}, so nothing is said about it any more")
        if place is not None:
            self._require(draft, place)
        row = DraftCommentRow(
            draft_id=draft_id,
            sequence=0,
            kind=None if place is None else place[0],
            record_id=None if place is None else place[1],
            revision=draft.row.revision,
            text=act.reason,
            person=who(act.principal),
            name=act.principal.name,
            at=act.now,
        )
        rows.add_comment(session, row)
        audit.record(
            session,
            person=who(act.principal),
            action="draft_comment",
            subject=f"draft/{draft_id}",
            reason=act.reason,
            before=None,
            after={"record": None if place is None else "/".join(place), "revision": row.revision},
            now=act.now,
        )
        return CommentEntry.of(row)

    def _require(self, draft: Draft, place: Place) -> None:
        require_kind(place[0])
        base = self._shelf.get(draft.row.base_number).rule_set
        if place not in last_changes(draft.changes) and find(base, *place) is None:
            raise NotThere("neither the draft nor its base has such a record")
