"""House rules about words: nothing commands or promises, each reader gets words of their own, and no more of them."""

from __future__ import annotations

from typing import Any

import pytest

from rules.lint.wording import LONGEST, LONGEST_SENTENCE, MOST_SENTENCES
from tests import factories as make
from tests.factories import management
from tests.unit.rules.lint.small import WHEN, faults, rule


def found_at(record: Any) -> str:  # noqa: ANN401 - a record of any kind
    kind = {"Interaction": "interactions", "Substance": "substances", "Citation": "citations"}
    return f"{kind[type(record).__name__]}/{record.id}"


class TestWording:
    """Texts advise a professional; they never command and never call anything safe."""

    @pytest.mark.parametrize(
        "text",
        [
            "The patient must stop.",
            "Never take both.",
            "Always take it at night.",
            "The combination is safe.",
            "Both are safe.",
            "This is harmless.",
            "There is no risk.",
            "It is guaranteed.",
            "Completely safe together.",
            "It can safely be combined.",
            "It is generally safe.",
            "Safe with food.",
            "Without any danger.",
            "A risk-free choice.",
            "There is no need to worry.",
            "Nothing can happen.",
            "Stop taking it today.",
            "Doses shall be apart.",
        ],
    )
    def test_words_that_command_or_promise(self, text: str) -> None:
        assert faults(rule(management=management(text=text))) == [("interactions/rule", "/management/text", "wording")]

    @pytest.mark.parametrize(
        "text",
        [
            "Consider another drug.",
            "A mustard plaster.",
            "Safety data are few.",
            "Unsafe.",
            "Please do not stop taking it on your own.",
            "No harm was found in this trial.",
            "Never studied.",
        ],
    )
    def test_other_words(self, text: str) -> None:
        assert faults(rule(management=management(text=text))) == []

    @pytest.mark.parametrize(
        ("given", "pointer"),
        [
            ({"title": "They must not meet"}, "/title"),
            ({"effect": "The effect is harmless."}, "/effect"),
            (
                {"management": management(patient_text="You must stop.")},
                "/management/patient_text",
            ),
            (
                {"management": management(prescriber={"heading": "It must be tested", "text": "Consider a test."})},
                "/management/prescriber/heading",
            ),
            (
                {"management": management(prescriber={"heading": "Consider a test", "text": "Never combine both."})},
                "/management/prescriber/text",
            ),
            ({"management": management(monitoring=["Whether it falls", "It must fall"])}, "/management/monitoring/1"),
            ({"factors": [make.factor("old", "major", WHEN, text="It is harmless here.")]}, "/factors/0/text"),
            ({"variants": [make.variant("alvorin", effect="It is harmless here.")]}, "/variants/0/effect"),
            (
                {"variants": [make.variant("alvorin", management_text="This must be avoided.")]},
                "/variants/0/management_text",
            ),
        ],
    )
    def test_every_text_a_reader_sees(self, given: dict[str, Any], pointer: str) -> None:
        assert faults(rule(**given)) == [("interactions/rule", pointer, "wording")]

    @pytest.mark.parametrize(
        ("record", "pointer"),
        [
            (rule(title="Two \u202eruoh\u202c apart"), "/title"),
            (rule(management=management(monitoring=["A level", "Another\u200b level"])), "/management/monitoring/1"),
            (rule(note="Read\ufeff in full."), "/note"),
            (make.substance("gamorin", synonyms=["gam\u00adorin"]), "/synonyms/0"),
            (make.citation("other", title="A label\u2066"), "/title"),
        ],
    )
    def test_every_character_is_seen(self, record: Any, pointer: str) -> None:  # noqa: ANN401 - a record of any kind
        """A reviewer approves what is shown, so everything has to be, in the order it has."""
        assert faults(record) == [(found_at(record), pointer, "unseen-character")]

    def test_what_a_source_says_is_its_own(self) -> None:
        positions = [
            {"citation": "source", "text": "Doses must be apart."},
            {"citation": "label", "text": "Two hours."},
        ]
        disagreement = {"positions": positions, "policy": "strictest", "text": "The longer one is used."}
        separation = {"drug_first_hours": 2, "disagreement": disagreement}
        assert faults(rule(management=management(separation=separation))) == []

    def test_other_records(self) -> None:
        assert faults(make.condition("gout", text="It must be treated.")) == [("conditions/gout", "/text", "wording")]
        assert faults(make.symptom("thirst", text="It is harmless.")) == [("symptoms/thirst", "/text", "wording")]

    def test_what_only_describes_may_say_what_has_to_happen(self) -> None:
        assert faults(make.symptom("thirst", text="The tablet must dissolve first.")) == []

    @pytest.mark.parametrize(
        ("text", "faulty"),
        [
            ("No interaction is known, so that both can be combined.", True),
            ("No findings: taking both is fine.", True),
            ("Nothing was found, which makes it unproblematic.", True),
            ("No interaction was found; this says nothing about other medicines.", False),
            ("No finding. Fine granules dissolve faster.", False),
        ],
    )
    def test_nothing_found_is_not_safe(self, text: str, *, faulty: bool) -> None:
        expected = [("assessments/silence", "/text", "absence-as-safety")] if faulty else []
        assert faults(make.assessment("silence", text=text)) == expected

    def test_withdrawn_rule_is_left_alone(self) -> None:
        assert faults(rule(title="They must not meet", status="withdrawn")) == []


class TestPatients:
    """A text for patients is short, plain and calm."""

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("This can be dangerous.", "alarm"),
            ("A deadly mixture.", "alarm"),
            ("It can be fatal.", "alarm"),
            ("The medicine becomes toxic.", "alarm"),
            ("Take one tablet bid.", "jargon"),
            ("Take it p.o. in the morning.", "jargon"),
            ("Ask about other products, e.g. antacids.", "jargon"),
            ("Your value is below 0.5 mmol/L.", "jargon"),
            ("Below 1.2 mg/dL ask your doctor.", "jargon"),
            ("Your eGFR is low.", "jargon"),
            ("You have hypomagnesaemia.", "jargon"),
            ("Ask. " * (MOST_SENTENCES + 1), "many-sentences"),
            ("word " * (LONGEST_SENTENCE + 1), "long-sentence"),
        ],
    )
    def test_hard_to_read(self, text: str, code: str) -> None:
        assert faults(rule(management=management(patient_text=text))) == [
            ("interactions/rule", "/management/patient_text", code)
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "Take 500 mg at most.",
            "A diet with nuts may help.",
            "The forbidden fruit is fine; a rapid test may help.",
            "Ask. " * MOST_SENTENCES,
            "word " * LONGEST_SENTENCE,
        ],
    )
    def test_easy_to_read(self, text: str) -> None:
        assert faults(rule(management=management(patient_text=text))) == []

    def test_professionals_read_other_words(self) -> None:
        assert faults(rule(management=management(text="Consider 10 mmol/L bid; fatal cases are described."))) == []


class TestLengths:
    """What nobody reads to the end protects nobody."""

    @pytest.mark.parametrize(
        ("pointer", "limit"),
        [(pointer, limit) for pointer, limit in LONGEST.items() if pointer != "/management/patient_text"],
    )
    def test_of_the_record(self, pointer: str, limit: int) -> None:
        def with_text(length: int) -> dict[str, Any]:
            text = "x" * length
            return {"management": management(text=text)} if "management" in pointer else {pointer[1:]: text}

        assert faults(rule(**with_text(limit))) == []
        assert faults(rule(**with_text(limit + 1))) == [("interactions/rule", pointer, "too-long")]

    def test_of_patients(self) -> None:
        limit = LONGEST["/management/patient_text"]
        assert faults(rule(management=management(patient_text="x" * limit))) == []
        assert faults(rule(management=management(patient_text="x" * (limit + 1)))) == [
            ("interactions/rule", "/management/patient_text", "too-long")
        ]

    def test_of_variants(self) -> None:
        long = make.variant("alvorin", effect="x" * 701, management_text="x" * 501)
        assert faults(rule(variants=[long])) == [
            ("interactions/rule", "/variants/0/effect", "too-long"),
            ("interactions/rule", "/variants/0/management_text", "too-long"),
        ]


class TestPrescribers:
    """Every interaction has words for the prescriber too."""

    def test_no_note(self) -> None:
        assert faults(rule(management=management(prescriber=None))) == [
            ("interactions/rule", "/management/prescriber", "no-prescriber-note")
        ]

    def test_withdrawn_rule_is_left_alone(self) -> None:
        assert faults(rule(management=management(prescriber=None), status="withdrawn")) == []
