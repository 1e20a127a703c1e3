"""Finds the resources in what was sent: alone, in lists, in Bundles and Parameters, wrapped or not; and by reference.

Limits come first: what is larger than any real list is refused before it is looked at. Nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from rules.profile import Code
from service.errors import ServiceError
from service.fhir.elements import Resource, first, objects, text_of, whole_of
from service.fhir.notes import NoteCode, Notes

MAXIMUM_RESOURCES: Final = 2_000
MAXIMUM_NESTING: Final = 6
_OBSERVATIONS: Final = frozenset({"Observation"})
_NOTHING: Final[Resource] = {}  # stands for null
_HISTORY: Final = "/_history/"
_BESIDE_MATCHES: Final = frozenset({"include", "outcome"})  # http://hl7.org/fhir/search-entry-mode
# What a name or codes stand for to whoever answers, as the ids of substances; None where they are not known.
Knows = Callable[[str | None, tuple[Code, ...]], frozenset[str] | None]


class ReadingRefused(ServiceError):
    """What was sent cannot be read as one patient's list; the text says why, in our own words."""

    code = "reading-refused"


class Found:
    """A resource, where it was, and what stands around it.

    ``origin`` is what the caller named the place, ``container`` the resource it is contained in. ``type`` and ``id``
    are those the resource says, and ``reference`` is how others refer to it. Nothing changes afterwards.
    """

    __slots__ = ("container", "full_url", "id", "origin", "pointer", "reference", "resource", "type")

    def __init__(
        self,
        origin: str,
        pointer: str,
        resource: Resource,
        full_url: str | None = None,
        container: Found | None = None,
    ) -> None:
        """What is asked for again and again is read once."""
        self.origin = origin
        self.pointer = pointer
        self.resource = resource
        self.full_url = full_url
        self.container = container
        self.type = text_of(resource.get("resourceType")) or ""
        self.id = text_of(resource.get("id"))
        self.reference = f"{self.type}/{self.id}" if self.id is not None else full_url


@dataclass(slots=True)
class Collected:
    """All resources that were sent, an index for references, and who can be asked whether a name is known."""

    found: list[Found] = field(default_factory=list)
    by_reference: dict[str, Found] = field(default_factory=dict)
    knows: Knows | None = None
    _contained: dict[int, dict[str, Found]] = field(default_factory=dict)  # by the identity of what contains them

    def resolve(self, reference: object, within: Found) -> Found | None:
        """The resource that a Reference means: contained, in the same Bundle, or anywhere in what was sent."""
        target = text_of(reference.get("reference")) if isinstance(reference, dict) else text_of(reference)
        if target is None:
            return None
        if target.startswith("#"):
            return self._contained_in(within.container or within).get(target[1:])
        return self.by_reference.get(target) or self.by_reference.get(relative(target))

    def _contained_in(self, found: Found) -> dict[str, Found]:
        """The resources contained in one, by their ids; of two with one id the first."""
        known = self._contained.get(id(found.resource))
        if known is None:
            known = self._contained[id(found.resource)] = {}
            for position, resource in enumerate(objects(found.resource.get("contained"))):
                name = (text_of(resource.get("id")) or "").lstrip("#")
                inner = Found(found.origin, f"{found.pointer}/contained/{position}", resource, None, found)
                known.setdefault(name, inner)
        return known


def relative(reference: str) -> str:
    """A reference without server and version: `Patient/1`."""
    plain = reference.partition(_HISTORY)[0].rstrip("/")
    parts = plain.rsplit("/", 2)
    return "/".join(parts[-2:]) if len(parts) >= 2 else plain  # noqa: PLR2004 - type and id


def collect(resources: Iterable[tuple[str, object]], notes: Notes) -> Collected:
    """Take apart what was sent.

    Raises:
        ReadingRefused: there is more of it, or it is nested more deeply, than any list of a patient.
    """
    collected = Collected()
    for origin, sent in resources:
        if isinstance(sent, list):
            for position, one in enumerate(sent):
                _take(collected, notes, Found(origin, f"{origin}/{position}", _as_object(one)), 0)
        else:
            _take(collected, notes, Found(origin, origin, _as_object(sent)), 0)
    return collected


def _as_object(value: object) -> Resource:
    """The value where it is an object, and an empty one where it is something else."""
    return value if isinstance(value, dict) else _NOTHING if value is None else {}


def _take(collected: Collected, notes: Notes, found: Found, depth: int) -> None:
    if depth > MAXIMUM_NESTING:
        raise ReadingRefused(f"bundles are nested more than {MAXIMUM_NESTING} deep")
    resource = found.resource
    kind = found.type
    if resource is _NOTHING:
        notes.information(NoteCode.NOTHING_THERE, found.pointer, "There is nothing here.")
    elif not kind and isinstance(resource.get("resource"), dict):
        _take(collected, notes, _inner(found.origin, f"{found.pointer}/resource", resource), depth + 1)
    elif kind == "Bundle" or (not kind and "entry" in resource):
        _bundle(collected, notes, found, depth)
    elif kind == "Parameters":
        for position, part in enumerate(objects(resource.get("parameter"))):
            if isinstance(part.get("resource"), dict):
                _take(
                    collected,
                    notes,
                    _inner(found.origin, f"{found.pointer}/parameter/{position}/resource", part),
                    depth + 1,
                )
    elif not (kind.isascii() and kind.isalpha() and kind[0].isupper()):
        text = "This has no resourceType, or none that could be one, so it was not read."
        notes.error(NoteCode.NOT_A_RESOURCE, found.pointer, text)
    elif kind == "OperationOutcome":
        _outcome(notes, found)
    else:
        _add(collected, notes, found)


def _outcome(notes: Notes, found: Found) -> None:
    """An answer in place of resources. A server that found them may still have a remark, which is no failure."""
    if _is_remark(found.resource):
        notes.warning(NoteCode.FETCH_FAILED, found.pointer, "The server that was asked for these has a remark on them.")
    else:
        text = "A request for these resources failed at the sender, so it is not known what they are."
        notes.error(NoteCode.FETCH_FAILED, found.pointer, text)


def _is_remark(outcome: Resource) -> bool:
    """Whether an OperationOutcome only has something to say, and no failure."""
    return {text_of(issue.get("severity")) for issue in objects(outcome.get("issue"))} == {"information"}


def _inner(origin: str, pointer: str, part: Resource) -> Found:
    """The resource that stands in a part of a Bundle or of Parameters."""
    return Found(origin, pointer, part["resource"], text_of(part.get("fullUrl")))


def _bundle(collected: Collected, notes: Notes, found: Found, depth: int) -> None:
    entries = found.resource.get("entry")
    wrapped = entries if isinstance(entries, list) else [entries] if isinstance(entries, dict) else []
    kinds: set[str] = set()
    remarks = 0
    for position, entry in enumerate(wrapped):
        pointer = f"{found.pointer}/entry/{position}"
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            inner = _inner(found.origin, f"{pointer}/resource", entry)
        elif isinstance(entry, dict) and "resourceType" in entry:
            inner = Found(found.origin, pointer, entry)
        else:
            notes.error(NoteCode.NOT_A_RESOURCE, pointer, "This entry has no resource.")
            continue
        kinds.add(inner.type)
        remarks += inner.type == "OperationOutcome" and _is_remark(inner.resource)
        _take(collected, notes, inner, depth + 1)
    if remarks and remarks == len(wrapped):
        text = "There is nothing in this list but what the server says of it, so it is not known to be empty."
        notes.error(NoteCode.FETCH_FAILED, found.pointer, text)
    if has_more(found.resource):
        _paginated(notes, found.pointer, kinds)


def has_more(bundle: Resource) -> bool:
    """Whether a search found more than stands in its Bundle: it has a next page, or counts more matches than came.

    A client that fetched one page and passed it on may well leave out the links, but not the number of matches.
    """
    if any(text_of(link.get("relation")) == "next" for link in objects(bundle.get("link"))):
        return True
    total, entries = whole_of(bundle.get("total")), bundle.get("entry")
    if total is None:
        return False
    listed = entries if isinstance(entries, list) else objects(entries)
    return total > sum(not (isinstance(one, dict) and _beside_matches(one)) for one in listed)


def _beside_matches(entry: Resource) -> bool:
    """Whether an entry came along with the matches of a search and is none of them."""
    return text_of(first(entry.get("search")).get("mode")) in _BESIDE_MATCHES


def _paginated(notes: Notes, pointer: str, kinds: set[str]) -> None:
    """Of values, the first page may be meant: those of last. A list of anything else is not all of it."""
    if kinds and kinds <= _OBSERVATIONS:
        notes.warning(NoteCode.MORE_PAGES, pointer, "There are more values than were sent; those sent were taken.")
    else:
        notes.error(NoteCode.MORE_PAGES, pointer, "There is more in this list than was sent, so it is not whole.")


def _add(collected: Collected, notes: Notes, found: Found) -> None:
    if len(collected.found) >= MAXIMUM_RESOURCES:
        raise ReadingRefused(f"there are more than {MAXIMUM_RESOURCES} resources")
    by_reference = collected.by_reference
    reference = found.reference if found.id is not None else None
    if reference is not None and reference in by_reference:
        other = by_reference[reference]
        if other.resource == found.resource:
            notes.information(NoteCode.GIVEN_TWICE, found.pointer, "The same resource was sent before; it counts once.")
        else:
            text = "Another content of the same resource was sent before; the first one counts."
            notes.warning(NoteCode.GIVEN_TWICE, found.pointer, text)
        return
    collected.found.append(found)
    if reference is not None:
        by_reference[reference] = found
    if found.full_url is not None:
        by_reference.setdefault(found.full_url, found)
        by_reference.setdefault(relative(found.full_url), found)


def subject_of(resource: Resource) -> Resource:
    """The reference to whom a resource is about; empty where it does not say."""
    subject = resource.get("subject")
    if subject and isinstance(subject, dict):
        return subject
    return first(subject) or first(resource.get("patient"))
