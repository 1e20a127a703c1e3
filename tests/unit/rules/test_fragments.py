"""What a finding says of its rule: the record's words, a variant's own, and the sources behind both."""

from __future__ import annotations

from typing import Any

import pytest

from rules.canonical import digest
from rules.fragments import Fragment, build_fragment, cited
from rules.model import Interaction
from rules.report import SeparationReport
from tests import factories as make

CITATIONS = {
    one.id: one
    for one in (
        make.citation(title="The first article", pmid="2729931"),
        make.citation("label", title="A label", verification="second_hand"),
        make.citation("hearsay", title="A web page", verification="unverified"),
    )
}


def fragment(record: Interaction, variant: int | None = None) -> Fragment:
    """The unchanging part of a finding of the rule, or of one of its variants."""
    return build_fragment(record, None if variant is None else record.variants[variant], CITATIONS)


def rule(**given: Any) -> Interaction:  # noqa: ANN401 - keys of the record
    """An interaction about a class."""
    return make.interaction("rule", **{"affected": make.party("class-a"), **given})


def management(**separation: Any) -> dict[str, Any]:  # noqa: ANN401
    """A management with a separation."""
    return {
        "action": "separate_doses",
        "text": "Consider an interval.",
        "patient_text": "Take them apart.",
        "separation": separation,
        "monitoring": ["Response"],
    }


def separation_of(found: Fragment) -> SeparationReport:
    """The separation of a finding."""
    separation = found.finding["management"]["separation"]
    assert separation is not None
    return separation


def test_what_the_record_says() -> None:
    record = rule(management=management(magnesium_first_hours="6", drug_first_hours="2.00"))
    finding = fragment(record).finding
    assert finding["interaction_id"] == "rule"
    assert finding["record_digest"] == digest(record)
    assert finding["title"] == "The interaction rule"
    assert finding["direction"] == "additive_effect"
    assert finding["severity"] == finding["severity_ceiling"] == "moderate"
    assert finding["seriousness"] == "non_serious"
    assert finding["operational_class"] == "monitor"
    assert finding["onset"] == "delayed"
    assert finding["mechanism"] == "A sentence about the mechanism."
    assert finding["effect"] == "A sentence about the effect."
    assert finding["last_reviewed_on"] == "2026-11-22"
    assert finding["review_due_on"] == "2028-11-22"
    assert finding["review_overdue"] is False
    assert finding["management"] == {
        "action": "separate_doses",
        "text": "Consider an interval.",
        "patient_text": "Take them apart.",
        "prescriber": None,
        "separation": {
            "magnesium_first_hours": "6",
            "drug_first_hours": "2",
            "spacing_helps": True,
            "text": None,
            "disagreement": None,
        },
        "monitoring": ["Response"],
    }


def test_what_is_found_later_is_empty() -> None:
    """A fragment is shared by all reports, so it may hold nothing of any patient."""
    finding = fragment(rule()).finding
    assert finding["applicability"] == "applies"
    for key in ("missing_facts", "medication_ids", "precipitants", "condition_ids", "open_factors", "why"):
        assert finding[key] == []
    assert finding["affected"] is None


def test_no_separation() -> None:
    assert fragment(rule()).finding["management"]["separation"] is None


@pytest.mark.parametrize(
    ("given", "magnesium_first", "drug_first", "helps"),
    [
        ({"magnesium_first_hours": "6", "drug_first_hours": "2"}, "6", "2", True),
        ({"drug_first_hours": "0.5"}, None, "0.5", True),
        ({"magnesium_first_hours": "0"}, "0", None, True),
        ({"spacing_helps": False, "text": "No interval is enough."}, None, None, False),
    ],
)
def test_separation_is_two_numbers(
    given: dict[str, Any], magnesium_first: str | None, drug_first: str | None, *, helps: bool
) -> None:
    separation = separation_of(fragment(rule(management=management(**given))))
    assert separation["magnesium_first_hours"] == magnesium_first
    assert separation["drug_first_hours"] == drug_first
    assert separation["spacing_helps"] is helps
    assert separation["text"] == given.get("text")


def test_sources_that_disagree_are_all_shown() -> None:
    positions = [
        {"citation": "source", "text": "Two hours.", "magnesium_first_hours": "2"},
        {"citation": "label", "text": "Four hours.", "magnesium_first_hours": "4", "drug_first_hours": "4"},
    ]
    disagreement = {"positions": positions, "policy": "strictest", "text": "The longer one is used."}
    found = separation_of(fragment(rule(management=management(magnesium_first_hours="4", disagreement=disagreement))))
    assert found["disagreement"] == {
        "policy": "strictest",
        "text": "The longer one is used.",
        "positions": [
            {
                "citation_id": "source",
                "text": "Two hours.",
                "magnesium_first_hours": "2",
                "drug_first_hours": None,
            },
            {"citation_id": "label", "text": "Four hours.", "magnesium_first_hours": "4", "drug_first_hours": "4"},
        ],
    }


class TestVariant:
    """A variant says what differs; everything else is the record's."""

    RECORD = rule(
        management=management(magnesium_first_hours="6", drug_first_hours="2"),
        evidence=make.evidence("label", "source", grade="B"),
        variants=[
            make.variant(
                "alvorin",
                "betarine",
                severity="major",
                operational_class="avoid",
                effect="It falls to a tenth.",
                management_text="Usually avoid both.",
                separation={"spacing_helps": False},
                evidence=make.evidence("source", grade="A"),
            ),
            make.variant("cordimax", evidence=make.evidence("hearsay", grade="D")),
        ],
    )

    def test_own_words(self) -> None:
        found = fragment(self.RECORD, 0)
        assert (found.severity, found.operational_class, found.variant) == ("major", "avoid", "alvorin, betarine")
        assert found.finding["severity"] == found.finding["severity_ceiling"] == "major"
        assert found.finding["effect"] == "It falls to a tenth."
        assert found.finding["management"]["text"] == "Usually avoid both."
        assert separation_of(found)["spacing_helps"] is False
        assert separation_of(found)["magnesium_first_hours"] is None

    def test_the_rest_is_the_records(self) -> None:
        found = fragment(self.RECORD, 1)
        assert (found.severity, found.operational_class, found.variant) == ("moderate", "monitor", "cordimax")
        assert found.finding["effect"] == "A sentence about the effect."
        assert found.finding["management"]["text"] == "Consider an interval."
        assert separation_of(found)["magnesium_first_hours"] == "6"

    def test_no_variant(self) -> None:
        assert fragment(self.RECORD).variant is None

    def test_own_evidence_first_then_the_records_each_source_once(self) -> None:
        evidence = fragment(self.RECORD, 0).finding["evidence"]
        assert evidence["grade"] == "A"
        assert [one["id"] for one in evidence["citations"]] == ["source", "label"]

    def test_best_verification_of_all_sources(self) -> None:
        assert fragment(self.RECORD, 1).finding["evidence"]["verification"] == "primary_text"
        assert fragment(rule(evidence=make.evidence("hearsay"))).finding["evidence"]["verification"] == "unverified"
        both = rule(evidence=make.evidence("hearsay", "label"))
        assert fragment(both).finding["evidence"]["verification"] == "second_hand"


def test_citations_can_be_opened() -> None:
    references = rule().evidence.citations
    assert cited(references, CITATIONS) == [
        {
            "id": "source",
            "title": "The first article",
            "address": "https://pubmed.ncbi.nlm.nih.gov/2729931/",
            "verification": "primary_text",
            "supports": "the claim",
        }
    ]
