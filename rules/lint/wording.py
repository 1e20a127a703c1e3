"""House rules about words: texts advise, promise nothing and fit their reader."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rules.canonical import records_of
from rules.lint.inspection import active, every_text, texts
from rules.unseen import unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.lint.inspection import Fault, Inspection
    from rules.model import Interaction

# What ends up in a report or on a page and advises somebody; the others only describe.
_ADVISING: Final = (
    "interactions",
    "conditions",
    "reference_ranges",
    "guidance",
    "assessments",
    "administrations",
    "monitoring_schedules",
    "supplement_targets",
)
_DESCRIBING: Final = ("classes", "forms", "symptoms", "intake_limits", "recommended_intakes")


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)", re.IGNORECASE)


# A report advises a professional; it never commands.
_COMMANDS: Final = _words(
    "must",
    "shall",
    "never (?:take|give|use|combine|mix|swallow|start|stop)",
    "always (?:take|give|use|check|test|avoid|stop)",
    "(?<!not )stop taking",
)
# Nothing is called safe, in whatever words.
_PROMISES: Final = _words(
    "(?:is|are|be|seems?|considered|regarded as|perfectly|completely|absolutely|quite|generally) safe",
    "safe (?:to|with|together|combination|in|for|at|choice|enough)",
    "(?:can|may) (?:be )?safely",
    "(?:no|zero|without(?: any)?|free of|free from) (?:risk|danger)",
    "risk-free",
    "harmless",
    "guarantee[sd]?",
    "no (?:reason|need|cause) (?:to|for) (?:worry|concern)",
    "nothing (?:to worry|can happen|will happen)",
    "foolproof",
)
# Nothing found means that nothing was found; it says nothing about what can be combined.
_ABSENCE_AS_SAFETY: Final = re.compile(
    r"\bno(?:thing)? (?:known |relevant |other )?(?:interactions?|findings?|alerts?|problems?|was found|is known)\b"
    r"[^.;]*\b(?:safe|safely|fine|unproblematic|without concern|can be combined|may be combined)\b",
    re.IGNORECASE,
)
_ALARM: Final = _words(
    "dangers?",
    "dangerous(?:ly)?",
    "deadly",
    "death",
    "die",
    "dies",
    "fatal(?:ly)?",
    "lethal",
    "kills?",
    "killed",
    "life-threatening",
    "catastroph\\w+",
    "poison\\w*",
    "toxic(?:ity)?",
    "alarming",
    "disaster",
    "shock",
)
# Latin, abbreviations and words of the laboratory: what a patient would have to look up.
_JARGON: Final = _words(
    *(
        re.escape(one)
        for one in ("p.o.", "b.i.d.", "t.i.d.", "q.i.d.", "q.d.", "p.r.n.", "e.g.", "i.e.", "a.c.", "p.c.")
    ),
    "po",
    "bid",
    "tid",
    "qid",
    "qd",
    "prn",
    "nocte",
    "mane",
    "ad lib",
    "etc",
    "(?:m|µ|u)mol(?:/l)?",
    "meq(?:/l)?",
    "(?:m|µ|n)g/d?l",
    "ml/min[^ ]*",
    "eGFR",
    "GFR",
    "QTc?",
    "hypo(?:magnes|kal|calc)\\w+",
    "hyper(?:magnes|kal|calc)\\w+",
    "serum",
    "renal",
    "bioavailability",
    "chelat\\w+",
)
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s|$)")
LONGEST_SENTENCE: Final = 30  # words, in a text for patients
MOST_SENTENCES: Final = 3

# Characters a text for one reader may have. The model refuses what could not be shown at all; this is what is read.
LONGEST: Final = {
    "/mechanism": 400,
    "/effect": 700,
    "/management/text": 500,
    "/management/patient_text": 250,
}


def advising_words(inspection: Inspection) -> Iterator[Fault]:
    """Texts advise: they command nothing, promise nothing, and never call anything safe."""
    for kind in (*_ADVISING, *_DESCRIBING):
        for record in active(getattr(inspection.rule_set, kind)):
            for pointer, text in texts(record):
                match = _PROMISES.search(text) or (_COMMANDS.search(text) if kind in _ADVISING else None)
                if match:
                    detail = f"the words {match.group()!r} command or promise; advise instead"
                    yield kind, record.id, pointer, "wording", detail
                match = _ABSENCE_AS_SAFETY.search(text)
                if match:
                    detail = f"{match.group()!r}: nothing found is never called safe"
                    yield kind, record.id, pointer, "absence-as-safety", detail


def characters_that_are_seen(inspection: Inspection) -> Iterator[Fault]:
    """Whoever reviews a record, or reads a finding, is shown what it says, in the order it has."""
    for (kind, record_id), record in records_of(inspection.rule_set).items():
        for pointer, text in every_text(record):
            fault = unseen(text)
            if fault is not None:
                yield kind, record_id, pointer, "unseen-character", fault


def plain_words_for_patients(inspection: Inspection) -> Iterator[Fault]:
    """A text for patients is short, plain and calm."""
    for kind in ("interactions", "guidance"):
        for record in active(getattr(inspection.rule_set, kind)):
            for pointer, text in texts(record):
                if pointer.endswith("/patient_text"):
                    for code, detail in _hard_to_read(text):
                        yield kind, record.id, pointer, code, detail


def _hard_to_read(text: str) -> Iterator[tuple[str, str]]:
    alarm = _ALARM.search(text)
    if alarm:
        yield "alarm", f"{alarm.group()!r} alarms; say calmly what to do"
    jargon = _JARGON.search(text)
    if jargon:
        yield "jargon", f"{jargon.group()!r} is no plain word"
    sentences = [len(one.split()) for one in _SENTENCE_END.split(text) if one.strip()]
    if max(sentences) > LONGEST_SENTENCE:
        yield "long-sentence", f"a sentence has {max(sentences)} words, at most {LONGEST_SENTENCE} are easy to follow"
    if len(sentences) > MOST_SENTENCES:
        yield "many-sentences", f"{len(sentences)} sentences; {MOST_SENTENCES} are enough"


def lengths(inspection: Inspection) -> Iterator[Fault]:
    """What nobody reads to the end protects nobody."""
    for record in active(inspection.rule_set.interactions):
        for pointer, limit, text in _limited(record):
            if text is not None and len(text) > limit:
                yield (
                    "interactions",
                    record.id,
                    pointer,
                    "too-long",
                    f"{len(text)} characters, at most {limit} are read",
                )


def _limited(record: Interaction) -> Iterator[tuple[str, int, str | None]]:
    """The texts of a record that have a limit; a variant's stand in for those of the record."""
    management = record.management
    yield "/mechanism", LONGEST["/mechanism"], record.mechanism
    yield "/effect", LONGEST["/effect"], record.effect
    yield "/management/text", LONGEST["/management/text"], management.text
    yield "/management/patient_text", LONGEST["/management/patient_text"], management.patient_text
    for index, variant in enumerate(record.variants):
        yield f"/variants/{index}/effect", LONGEST["/effect"], variant.effect
        yield f"/variants/{index}/management_text", LONGEST["/management/text"], variant.management_text


def notes_for_prescribers(inspection: Inspection) -> Iterator[Fault]:
    """Every interaction has words for all three readers: pharmacist, prescriber and patient."""
    for record in active(inspection.rule_set.interactions):
        if record.management.prescriber is None:
            detail = "there is no note for the prescriber: a heading that names the action, and a short text"
            yield "interactions", record.id, "/management/prescriber", "no-prescriber-note", detail
