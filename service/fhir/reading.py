"""Reads FHIR resources, as clients really send them, into a question: R4, and what STU3 and DSTU2 do otherwise.

Every resource is taken or left out with a note; nothing is silently ignored, nothing is fetched, and no text of ours
repeats what was sent. A fact that cannot be read is missing, which never makes an answer milder.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from rules.profile import ConditionItem, MedicationItem, MedicationProfile, Observation, PatientFacts
from rules.terms import Pregnancy
from service.fhir import codes
from service.fhir.collecting import Found, Knows, ReadingRefused, collect
from service.fhir.conditions import conditions_of
from service.fhir.medications import Source, medications_of
from service.fhir.notes import Note, NoteCode, Notes, NoteSeverity
from service.fhir.observations import Reader
from service.fhir.patients import age_of, sex_of, the_patient
from service.fhir.withheld import without_withheld

__all__ = ["Note", "NoteCode", "NoteSeverity", "Reading", "ReadingRefused", "Source", "read"]

_READ: Final = frozenset({*codes.MEDICATION_TYPES, "Observation", "Condition", "Patient", "Medication"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, in the words of a question.

    ``sources`` says for each medication where it comes from; ``condition_sources`` and ``observation_sources`` hold the
    references of conditions and observations in their order, and ``egfr_source`` that of the kidney function.
    ``lists_medications``: something that can stand on a list of medications was sent, even if none of it counts.
    """

    patient: PatientFacts
    medications: tuple[MedicationItem, ...]
    conditions: tuple[ConditionItem, ...] | None
    observations: tuple[Observation, ...]
    symptoms: tuple[str, ...]
    notes: tuple[Note, ...]
    sources: Mapping[str, Source]
    condition_sources: tuple[str | None, ...] = ()
    observation_sources: tuple[str | None, ...] = ()
    egfr_source: str | None = None
    patient_reference: str | None = None
    lists_medications: bool = False

    @property
    def whole(self) -> bool:
        """Whether everything that counts could be taken; where not, the answer is incomplete."""
        return all(note.severity is not NoteSeverity.ERROR for note in self.notes)

    def is_whole(self, pointer: str) -> bool:
        """Whether nothing was withheld from the resource at this place."""
        withheld = [note.pointer for note in self.notes if note.code is NoteCode.WITHHELD]
        return not any(one == pointer or one.startswith(f"{pointer}/") for one in withheld)

    def profile(self, *, as_of: date, **more: Any) -> MedicationProfile:  # noqa: ANN401 - other parts of a question
        """The question; ``more`` are its other parts, such as ``timetable``."""
        return MedicationProfile(
            medications=self.medications,
            patient=self.patient,
            conditions=self.conditions,
            observations=self.observations,
            symptoms=self.symptoms,
            as_of=as_of,
            **more,
        )


def read(
    resources: Iterable[tuple[str, object]],
    *,
    as_of: date,
    patient_id: str | None = None,
    proposed: Collection[str] = (),
    refills: Collection[str] = (),
    knows: Knows | None = None,
) -> Reading:
    """Read resources, Bundles, Parameters or lists of them, each with what the caller names its place.

    The names stand at the start of the pointers of notes, so they must be the caller's own and hold nothing of the
    content. ``patient_id`` is the patient the question is about, where that is known; resources about others are left
    out. ``proposed`` are the places whose medications somebody only considers, whatever their status says, and
    ``refills`` those of them that go on with a prescription there is already. ``knows`` tells whether the name or the
    codes of a product are known; where they are not, a product is looked at by its ingredients.

    Raises:
        ReadingRefused: it is about several patients, or larger or deeper than any list of one.
    """
    notes = Notes()
    collected = collect(without_withheld(list(resources), notes), notes)
    collected.knows = knows
    patient, about = the_patient(collected, patient_id, notes)
    medications = medications_of(about, collected, as_of, notes, proposed=proposed, refills=refills)
    values = Reader(collected, as_of, notes).read(about)
    conditions = conditions_of(about, notes)
    _note_the_rest(about, notes)
    known: tuple[ConditionItem, ...] | None = tuple(conditions.items)
    if not known and not conditions.none_known:
        known = None
    facts = PatientFacts(
        age_years=None if patient is None else age_of(patient, as_of, notes),
        sex=None if patient is None else sex_of(patient, notes),
        pregnancy=_pregnancy(values.pregnancy, conditions.pregnancy, notes),
        egfr=values.egfr,
        dialysis=conditions.dialysis,
    )
    return Reading(
        patient=facts,
        medications=medications.items,
        conditions=known,
        observations=tuple(values.observations),
        symptoms=tuple(values.symptoms),
        notes=notes.all(),
        sources=medications.sources,
        condition_sources=tuple(conditions.sources),
        observation_sources=tuple(values.sources),
        egfr_source=values.egfr_source,
        patient_reference=None if patient is None else patient.reference,
        lists_medications=any(found.type in codes.MEDICATION_TYPES for found in collected.found),
    )


def _pregnancy(observed: Pregnancy | None, listed: Pregnancy | None, notes: Notes) -> Pregnancy | None:
    """Pregnancy as an Observation or a Condition says; where they do not agree, there may be one."""
    if observed is Pregnancy.NOT_PREGNANT and listed is Pregnancy.PREGNANT:
        text = "A Condition says that there is a pregnancy, an Observation that there is none; the Condition counts."
        notes.warning(NoteCode.DOES_NOT_AGREE, "", text)
    return listed or observed


def _note_the_rest(about: Iterable[Found], notes: Notes) -> None:
    for found in about:
        if found.type not in _READ:
            notes.information(NoteCode.NOT_READ_HERE, found.pointer, "Resources of this type are not read here.")
