"""Writes a record for people to read: fields with their labels, references as links, hours on a time axis.

It leaves out nothing that a record says but what is the default, and adds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Protocol

from pydantic import BaseModel

from rules.documents import Bounds, CitedText, Evidence, Expression, Party, Record, Reference
from rules.model import Citation, Interaction, Separation
from rules.profile import MedicationItem, MedicationProfile
from rules.references import REFERENCES
from service.admin import expressions, words
from service.admin.time_axis import Window, drawing, sentence
from service.application.record_search import Place, title_of
from service.markup import Child, Html, joined, tag

RECORDS_PATH: Final = "/admin/records"
# Shown beside the record or at its head, not among its fields.
_ASIDE: Final = frozenset({"id", "status", "last_reviewed_on", "released_on"})
_UNITS: Final = {"egfr": "mL/min/1.73 m²", "age_years": "years"}
_ADDRESSES: Final = {
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}/",
    "pmcid": "https://www.ncbi.nlm.nih.gov/pmc/articles/{}/",
    "doi": "https://doi.org/{}",
    "dailymed_set_id": "https://dailymed.nlm.nih.gov/dailymed/drugInfo.cfm?setid={}",
    "url": "{}",
}


def path_of(kind: str, record_id: str) -> str:
    """Where the page of a record is."""
    return f"{RECORDS_PATH}/{kind}/{record_id}"


def away(address: str, text: str) -> Html:
    """A link that leads out of the editor, in a tab of its own."""
    hint = tag("span", " (opens in a new tab)", class_="visually-hidden")
    return tag("a", text, hint, href=address, target="_blank", rel="noopener noreferrer", class_="away")


class Named(Protocol):
    """A record with what it is called."""

    @property
    def title(self) -> str:
        """Its name where it stands in a list."""

    @property
    def record(self) -> Record:
        """The record."""


class Names(Protocol):
    """Knows what records are called: a library, or the records of a draft."""

    def get(self, place: Place, /) -> Named | None:
        """The record at a place."""


class Reader:
    """Writes the records of one library."""

    def __init__(self, library: Names) -> None:
        """``library`` knows what the records that are referred to are called."""
        self._library = library

    def link(self, kind: str, record_id: str) -> Html:
        """A link to a record, by its name."""
        entry = self._library.get((kind, record_id))
        if entry is None:
            return tag("span", record_id)
        withdrawn = tag("span", " (withdrawn)", class_="soft") if entry.record.status == "withdrawn" else None
        return joined((tag("a", entry.title, href=path_of(kind, record_id)), withdrawn))

    def expression(self, expression: Expression) -> Html:
        """When something applies, in words."""
        return expressions.in_words(expression, self.link)

    def sources(self, references: Sequence[Reference]) -> Html:
        """What is cited, each with the address to open and what it is cited for."""
        return tag("ul", [tag("li", self._source(one)) for one in references], class_="sources")

    def _source(self, reference: Reference) -> Child:
        entry = self._library.get(("citations", reference.citation))
        supports = None if reference.supports is None else tag("div", reference.supports, class_="supports")
        if entry is None or not isinstance(entry.record, Citation):
            return (reference.citation, supports)
        source = entry.record
        about = " · ".join(str(part) for part in (source.publisher, source.year) if part is not None)
        record = tag("a", "about this source", href=path_of("citations", source.id))
        doubt = None
        if source.verification != "primary_text":
            doubt = tag("span", words.term(source.verification), class_="tag tag-warn")
        return (
            away(source.address, source.title),
            " ",
            doubt,
            tag("div", f"{about} · " if about else None, record, class_="soft"),
            supports,
        )

    def party(self, party: Party) -> Html:
        """One side of an interaction."""
        named = [self.link("classes", one) for one in party.classes]
        named += [self.link("substances", one) for one in party.substances]
        lines: list[Child] = [tag("div", _listed(named), class_="party-names")]
        if party.routes:
            lines.append(tag("div", f"Route: {_or(party.routes)}", class_="soft"))
        if party.dose_forms:
            lines.append(tag("div", f"As {_or(party.dose_forms)}", class_="soft"))
        if party.except_dose_forms:
            lines.append(tag("div", f"Not as {_or(party.except_dose_forms)}", class_="soft"))
        if party.except_substances:
            but = _listed([self.link("substances", one) for one in party.except_substances])
            lines.append(tag("div", "Except ", but, class_="soft"))
        return joined(lines)

    def separation(self, separation: Separation, label: str = "Followed", *, drawn: bool = True) -> Html:
        """The hours between doses as a drawing or, not ``drawn``, a sentence, with what the sources say below."""
        windows = [window_of(label, separation)]
        notes: list[Child] = []
        if separation.text is not None:
            notes.append(tag("p", separation.text))
        other = separation.disagreement
        if other is not None:
            said = []
            for one in other.positions:
                title = self.title("citations", one.citation)
                hours = one.magnesium_first_hours is not None or one.drug_first_hours is not None
                if hours:
                    windows.append(Window(title, one.magnesium_first_hours, one.drug_first_hours, second=True))
                said.append(tag("li", self.link("citations", one.citation), ": ", one.text))
            policy = tag("p", tag("strong", f"{words.term(other.policy)}. "), other.text)
            notes.append(tag("div", tag("p", tag("strong", "Where sources disagree")), tag("ul", said), policy))
        return joined((axis(windows, "Separation of doses") if drawn else tag("p", sentence(windows[0])), notes))

    def all_windows(self, record: Interaction) -> Html | None:
        """Every separation window of an interaction and its variants on one axis; None: there is none."""
        found = []
        if record.management.separation is not None:
            name = "This interaction" if record.variants else "Separation"
            found.append(window_of(name, record.management.separation))
        alike: dict[Window, list[str]] = {}  # those with the same hours stand in one row
        for variant in record.variants:
            if variant.separation is not None:
                names = alike.setdefault(window_of("", variant.separation), [])
                names.extend(self.title("substances", name) for name in variant.substances)
        found += [replace(window, name=", ".join(names)) for window, names in alike.items()]
        return axis(found, "Separation of doses") if found else None

    def title(self, kind: str, record_id: str) -> str:
        """What a record is called; its id, where there is none."""
        entry = self._library.get((kind, record_id))
        return record_id if entry is None else entry.title

    # --- any record ---------------------------------------------------------------------------------------------------

    def fields(self, record: Record) -> list[tuple[str, Html]]:
        """The fields of any record that say something, with their labels."""
        title = title_of(record)  # stands at the head
        return [
            (words.field(name), self.value(name, value))
            for name, value in _said(record)
            if name not in _ASIDE and value != title
        ]

    def value(self, name: str, value: Any) -> Html:  # noqa: ANN401 - any part of a record
        """The value of a field."""
        if isinstance(value, BaseModel):
            return self._document(name, value)
        if isinstance(value, tuple):
            return self._several(name, value)
        if isinstance(value, dict):
            rows = [(_called(key), self.value(name, one)) for key, one in value.items()]
            return _table(rows)
        return self._single(name, value)

    def _single(self, name: str, value: Any) -> Html:  # noqa: ANN401, PLR0911 - one way for each type
        if name in REFERENCES and isinstance(value, str):
            return self.link(REFERENCES[name], value)
        if name in _ADDRESSES:
            return away(_ADDRESSES[name].format(value), str(value))
        if isinstance(value, bool):
            return joined("Yes" if value else "No")
        if isinstance(value, Enum):
            return joined(words.term(value))
        if isinstance(value, Decimal | int):
            return joined(words.number(value))
        if isinstance(value, date):
            return joined(words.day(value))
        paragraphs = str(value).split("\n\n")
        return joined(str(value)) if len(paragraphs) == 1 else joined([tag("p", one) for one in paragraphs])

    def _document(self, name: str, value: BaseModel) -> Html:  # noqa: PLR0911 - one way for each type
        if isinstance(value, Expression):
            return self.expression(value)
        if isinstance(value, Bounds):
            return joined(words.capital(words.bounds(value, _UNITS.get(name, ""))))
        if isinstance(value, Party):
            return self.party(value)
        if isinstance(value, Evidence):
            return joined((tag("p", words.term(value.grade)), self.sources(value.citations)))
        if isinstance(value, CitedText):
            more = [(words.field(key), self.value(key, one)) for key, one in _said(value, but={"text", "citations"})]
            return joined((_table(more) if more else None, tag("p", value.text), self.sources(value.citations)))
        if isinstance(value, Separation):
            return self.separation(value)
        if isinstance(value, MedicationProfile):
            return self.profile(value)
        return _table([(words.field(key), self.value(key, one)) for key, one in _said(value)])

    def _several(self, name: str, values: tuple[Any, ...]) -> Html:
        if all(isinstance(one, Reference) for one in values):
            return self.sources(values)
        if any(isinstance(one, BaseModel) for one in values):
            return joined([tag("div", self.value(name, one), class_="part") for one in values])
        if name in REFERENCES or all(isinstance(one, Enum) for one in values):
            return tag("ul", [tag("li", self.value(name, one)) for one in values], class_="chips")
        listed = [self.value(name, one) for one in values]
        short = all(len(str(one)) <= _SHORT for one in values)
        return tag("ul", [tag("li", one) for one in listed], class_="chips" if short else None)

    def profile(self, profile: MedicationProfile) -> Html:
        """The question of a worked case."""
        lines = tag("ul", [tag("li", _medication(one)) for one in profile.medications], class_="medications")
        more = [(words.field(name), self.value(name, value)) for name, value in _said(profile, but={"medications"})]
        if profile.conditions == ():  # other than left out, which says that they are not known
            more.append(("Conditions", joined("None")))
        return joined((lines, _table(more) if more else None))


_SHORT: Final = 40


def window_of(name: str, separation: Separation) -> Window:
    """The window of a separation."""
    return Window(
        name, separation.magnesium_first_hours, separation.drug_first_hours, spacing_helps=separation.spacing_helps
    )


def axis(windows: Sequence[Window], label: str) -> Html:
    """The drawing with its sentences; on a small screen it can be moved sideways."""
    told = [tag("li", tag("strong", f"{one.name}: "), sentence(one)) for one in windows]
    scrolled = tag("div", drawing(windows, label), class_="axis-scroll", tabindex=0, role="group", aria_label=label)
    caption = tag("figcaption", tag("ul", told))
    return tag("figure", scrolled, caption, class_="axis")


def _said(document: BaseModel, but: frozenset[str] | set[str] = frozenset()) -> list[tuple[str, Any]]:
    """The fields of a document that say something."""
    found = []
    for name, about in type(document).model_fields.items():
        value = getattr(document, name)
        if name in but or value is None or value in ((), {}) or (not about.is_required() and value == about.default):
            continue
        found.append((name, value))
    return found


def _medication(item: MedicationItem) -> Child:
    """A line of a medication list as people would write it."""
    named = item.text or ", ".join(f"{code.system} {code.code}" for code in item.codes or ())
    facts = [words.term(item.status).lower()] if item.status != "current" else []
    if item.dose is not None:
        of = "" if item.dose.of is None else f" ({words.term(item.dose.of).lower()})"
        facts.append(f"{item.dose.value} {item.dose.unit}{of}")
    if item.times_per_day is not None:
        facts.append(f"{item.times_per_day} × a day")
    if item.times:
        facts.append(f"at {', '.join(item.times)}")
    facts += [words.term(value).lower() for value in (item.route, item.dose_form) if value is not None]
    told = {"id", "text", "codes", "status", "dose", "times_per_day", "times", "route", "dose_form"}
    facts += [f"{words.field(name).lower()}: {_plain(value)}" for name, value in _said(item, but=told)]
    return (tag("code", item.id), tag("strong", named), f" · {' · '.join(facts)}" if facts else None)


def _plain(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, BaseModel):
        return ", ".join(f"{words.field(name).lower()} {_plain(one)}" for name, one in _said(value))
    if isinstance(value, tuple):
        return ", ".join(_plain(one) for one in value)
    return words.term(value).lower() if isinstance(value, Enum) else str(value)


def _called(key: object) -> str:
    return words.term(key) if isinstance(key, Enum) else str(key)


def _table(rows: Sequence[tuple[str, Html]]) -> Html:
    return tag("dl", [(tag("dt", name), tag("dd", value)) for name, value in rows], class_="fields")


def _or(values: Sequence[Enum]) -> str:
    named = [words.term(value).lower() for value in values]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} or {named[-1]}"


def _listed(links: Sequence[Html]) -> Html:
    parts: list[Child] = []
    for number, one in enumerate(links):
        if number:
            parts.append(", ")
        parts.append(one)
    return joined(parts)
