"""The page says what the records say, escaped, in elements that close, and leads nowhere but to sources."""

import itertools
from decimal import Decimal
from typing import Any

import pytest

from rules.documents import Bounds, Expression, Party
from rules.model import Separation
from service.cli.knowledge_report.page import page
from service.cli.knowledge_report.told import Told
from service.cli.knowledge_report.windows import drawing, sentence
from service.markup import Html, joined, raw, tag
from tests import factories as make
from tests.contract.html_reader import read_html
from tests.unit.service.cli.knowledge_report.small import TODAY, small

PAGE = page(small(), TODAY)
HOSTILE = "</title><script>alert('x')</script><img src=x onerror=\"alert(1)\"> & more"


class TestMarkup:
    """What is not finished markup is text."""

    def test_texts_are_escaped(self) -> None:
        assert tag("p", '<b> & "c"') == "<p>&lt;b&gt; &amp; &quot;c&quot;</p>"

    def test_markup_is_not_escaped_again(self) -> None:
        assert tag("p", tag("b", "&")) == "<p><b>&amp;</b></p>"
        assert tag("style", raw("a > b {}")) == "<style>a > b {}</style>"

    def test_attributes_are_escaped_and_named(self) -> None:
        assert tag("a", href='"><script>', class_="x", aria_label="y", id=None) == (
            '<a href="&quot;&gt;&lt;script&gt;" class="x" aria-label="y"></a>'
        )

    def test_empty_elements(self) -> None:
        assert tag("input", type="search") == '<input type="search">'

    def test_children(self) -> None:
        assert joined(["a", None, [Html("<br>"), "<"]]) == "a<br>&lt;"


class TestPage:
    """The page of the small knowledge."""

    def test_it_is_well_formed_and_leads_to_sources_only(self) -> None:
        read = read_html(PAGE)
        assert read.unclosed == []
        assert read.headings[:2] == [1, 2]
        assert read.outside == {"https://example.org/source", "https://example.org/label", "https://example.org/unused"}
        assert read.inside <= read.ids
        assert len(read.ids) == read.number_of_ids

    def test_headings_leave_no_level_out(self) -> None:
        levels = read_html(PAGE).headings
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels))

    @pytest.mark.parametrize(
        "text",
        [
            "Alvorin with magnesium",
            "major",
            "class-b, oral",
            "Consider alvorin first.",
            "Ask when to take each.",
            "<b>Alvorin first. </b>Two hours are enough.",
            "After magnesium, 6 h until the drug; after the drug, 2.5 h until magnesium. Both from the label.",
            "No interval between the two is known to be enough.",
            "age at least 65 years",
            "Level of alvorin",
            "(outstanding)",
            "does not hold",
            "Does it deplete?",
            "Is it better?",
            "silent on purpose",
            "The longer one costs nothing.",
            "Lists that keep it silent (1)",
            "1 of 2 interactions are past their review.",
        ],
    )
    def test_it_says(self, text: str) -> None:
        assert text in PAGE

    def test_what_is_withdrawn_is_left_out(self) -> None:
        assert "The interaction gone" not in PAGE
        assert "The question old-answer" not in PAGE
        assert "The case gone" not in PAGE

    def test_magnesium_products_are_no_medicines_of_the_index(self) -> None:
        assert "<dt>alvorin</dt>" in PAGE
        assert "<dt>magnesium oxide</dt>" not in PAGE

    def test_nothing_recorded(self) -> None:
        empty = page(make.compiled(), TODAY)
        assert read_html(empty).unclosed == []
        assert "No disagreement is recorded." in empty
        assert "Nothing is recorded yet." in empty

    @pytest.mark.parametrize("field", ["title", "mechanism", "effect"])
    def test_hostile_texts_stay_texts(self, field: str) -> None:
        record = make.interaction("evil", affected={"substances": ["alvorin"]}, **{field: HOSTILE})
        shown = page(small(record), TODAY)
        assert "&lt;script&gt;alert(&#x27;x&#x27;)" in shown
        read = read_html(shown)
        assert read.scripts == 1  # our own
        assert "img" not in read.elements

    def test_hostile_address(self) -> None:
        evil = make.citation("evil", url='https://example.org/"onmouseover="alert(1)')
        record = make.interaction("evil", affected={"substances": ["alvorin"]}, evidence=make.evidence("evil"))
        read = read_html(page(small(evil, record), TODAY))
        assert 'https://example.org/"onmouseover="alert(1)' in read.outside
        assert read.handlers == []

    def test_many_variants_stand_behind_a_click(self) -> None:
        variants = [make.variant(f"drug-{index}", effect=f"Effect {index}.") for index in range(5)]
        drugs = [make.substance(f"drug-{index}") for index in range(5)]
        record = make.interaction("many", affected={"substances": [one.id for one in drugs]}, variants=variants)
        assert "<summary>5 substances or groups that differ</summary>" in page(small(*drugs, record), TODAY)


class TestWords:
    """Tests and parties in words."""

    TOLD = Told(small(make.symptom("cramps"), make.medication_class("class-c", "cordimax", name="Class C")))

    @pytest.mark.parametrize(
        ("test", "words"),
        [
            ({"egfr": {"at_least": 15, "below": 30}}, "eGFR at least 15 and below 30 mL/min/1.73 m²"),
            ({"duration_months": {"above": "2.50"}}, "taken for above 2.5 months"),
            ({"dialysis": True}, "on dialysis"),
            ({"dialysis": False}, "not on dialysis"),
            ({"sex": "female"}, "female"),
            ({"pregnancy": "not_pregnant"}, "not pregnant"),
            ({"conditions": ["gout"]}, "gout"),
            ({"symptoms": ["cramps"]}, "cramps"),
            ({"co_medication": {"classes": ["class-c"], "substances": ["alvorin"]}}, "also takes Class C or alvorin"),
            ({"co_medication": {"classes": ["class-c"], "at_least": 2}}, "also takes 2 of Class C"),
            (
                {"risk_count": {"classes": ["class-c"], "conditions": ["gout"], "at_least": 2}},
                "at least 2 causes among Class C, gout",
            ),
            ({"not": {"sex": "male"}}, "not male"),
            (
                {"all": [{"sex": "male"}, {"any": [{"dialysis": True}, {"conditions": ["gout"]}]}]},
                "male and (on dialysis or gout)",
            ),
            ({"not": {"any": [{"dialysis": True}, {"sex": "male"}]}}, "not (on dialysis or male)"),
            ({"all": [{"any": [{"sex": "male"}]}]}, "male"),
        ],
    )
    def test_expressions(self, test: dict[str, Any], words: str) -> None:
        assert self.TOLD.expression(Expression.model_validate(test)) == words

    @pytest.mark.parametrize(
        "key", [name for name, field in Expression.model_fields.items() if field.annotation == Bounds | None]
    )
    def test_every_number_has_a_name_and_a_unit(self, key: str) -> None:
        assert " at least 1 " in self.TOLD.expression(Expression.model_validate({key: {"at_least": 1}}))

    @pytest.mark.parametrize(
        ("party", "words"),
        [
            ({"classes": ["class-c"], "substances": ["alvorin"]}, "Class C or alvorin"),
            ({"classes": ["class-c"], "routes": ["oral"], "dose_forms": ["eye_drops"]}, "Class C, oral or eye drops"),
            (
                {"classes": ["class-c"], "except_substances": ["cordimax"], "except_dose_forms": ["patch"]},
                "Class C; not cordimax, patch",
            ),
        ],
    )
    def test_parties(self, party: dict[str, Any], words: str) -> None:
        assert self.TOLD.party(Party.model_validate(party)) == words


class TestWindows:
    """The drawing has the drug in the middle, magnesium before it to the left and after it to the right."""

    @staticmethod
    def drawn(**given: Any) -> tuple[str, list[tuple[Decimal, Decimal, str]]]:  # noqa: ANN401 - keys of the record
        """The markup, and start, end and kind of each bar in hours on a scale of 12 (24.33 pixels an hour)."""
        markup = drawing(Separation.model_validate(given))
        bars = [
            (Decimal(bar["x"]), Decimal(bar["x"]) + Decimal(bar["width"]), bar["class"])
            for bar in read_html(markup).attributes["rect"]
        ]
        return markup, bars

    def test_two_numbers(self) -> None:
        markup, bars = self.drawn(magnesium_first_hours=6, drug_first_hours=2)
        assert bars == [
            (Decimal("174.0"), Decimal("320.0"), "closed"),
            (Decimal("28.0"), Decimal("174.0"), "free"),
            (Decimal("320.0"), Decimal("368.7"), "closed"),
            (Decimal("368.7"), Decimal("612.0"), "free"),
        ]
        assert ">6 h</text>" in markup
        assert ">2 h</text>" in markup
        assert "<title>After magnesium, 6 h until the drug; after the drug, 2 h until magnesium.</title>" in markup

    @pytest.mark.parametrize(
        ("given", "kinds"),
        [
            ({"drug_first_hours": 2}, ["unknown", "open", "closed", "free"]),
            ({"magnesium_first_hours": 2}, ["closed", "free", "unknown", "open"]),
        ],
    )
    def test_no_number_in_the_source(self, given: dict[str, int], kinds: list[str]) -> None:
        markup, bars = self.drawn(**given)
        assert [kind for _, _, kind in bars] == kinds
        assert ">no number in the source</text>" in markup

    def test_no_spacing_helps(self) -> None:
        markup, bars = self.drawn(spacing_helps=False)
        assert bars == [(Decimal("28.0"), Decimal("612.0"), "closed")]
        assert markup.count("no interval is enough") == 2

    @pytest.mark.parametrize(("hours", "edge"), [(11, "12"), (12, "24"), (23, "24"), (24, "48"), (48, "48")])
    def test_the_scale_grows(self, hours: int, edge: str) -> None:
        assert f">+{edge} h</text>" in self.drawn(drug_first_hours=hours)[0]

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"drug_first_hours": 2}, "After magnesium, no number; after the drug, 2 h until magnesium."),
            ({"magnesium_first_hours": 0}, "After magnesium, 0 h until the drug; after the drug, no number."),
            ({"spacing_helps": False}, "No interval between the two is known to be enough."),
        ],
    )
    def test_in_words(self, given: dict[str, Any], words: str) -> None:
        assert sentence(Separation.model_validate(given)) == words
