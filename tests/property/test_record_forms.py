"""A record shown in a form and saved is the same record: nothing of it is lost on the way there or back."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from rules.canonical import content
from rules.documents import Expression, Record
from rules.model import RECORD_TYPES, RuleSet
from service.admin.form_fields import Either, shape_of
from service.admin.form_filling import document_of, fields_of, filled_of, read_fields
from service.admin.record_form_view import PREFIX, FormWriter
from tests import factories as make
from tests.property.profiles import PROFILE
from tests.strategies import World, worlds
from tests.unit.admin.page_client import forms

KINDS = list(RECORD_TYPES)


def through_fields(kind: str, record: Record) -> Record:
    """To the fields of a form and back, through what a browser sends."""
    shape = shape_of(kind)
    filled = filled_of(shape, content(record))
    sent = [(name, text.replace("\n", "\r\n")) for name, text in fields_of(shape, filled)]
    read = read_fields(shape, sent)
    assert read == filled
    return RECORD_TYPES[kind].model_validate_json(json.dumps(document_of(shape, read)))


def through_page(kind: str, record: Record) -> Record:
    """To the markup of a form and back, through what a browser finds in it."""
    shape = shape_of(kind)
    written = FormWriter(lambda _kind, _id: None).sections(kind, shape, filled_of(shape, content(record)))
    [form] = forms(f"<form action='.'>{''.join(html for _, html in written)}</form>")
    read = read_fields(shape, [(name.removeprefix(PREFIX), text) for name, text in form.fields])
    return RECORD_TYPES[kind].model_validate_json(json.dumps(document_of(shape, read)))


def test_every_packaged_record_comes_back_from_its_form(knowledge: RuleSet) -> None:
    for kind in KINDS:
        for record in getattr(knowledge, kind):
            assert through_fields(kind, record) == record, (kind, record.id)


def test_packaged_records_come_back_from_the_page(knowledge: RuleSet) -> None:
    for kind in KINDS:
        records = sorted(getattr(knowledge, kind), key=lambda one: len(str(content(one))))
        # The largest of each kind, and a few of every size.
        for record in [*records[:: max(1, len(records) // 12)], *records[-2:]]:
            assert through_page(kind, record) == record, (kind, record.id)


@PROFILE
@given(worlds())
def test_any_record_comes_back(world: World) -> None:
    for kind in KINDS:
        for record in getattr(world.rule_set, kind):
            assert through_fields(kind, record) == record
            assert through_page(kind, record) == record


# What a text area and its markup might swallow: line ends, leading line feeds, marks of markup, spaces.
_PIECES = st.one_of(
    st.sampled_from(["\n", "\n\n", " ", "\t", "<b>", "&amp;", "</textarea>", '"', "'", "{{ 7*7 }}", "ä", "😀"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
)
TEXTS = st.lists(_PIECES, min_size=1, max_size=20).map("".join)


@PROFILE
@given(TEXTS, st.lists(TEXTS.filter(bool), max_size=4))
def test_any_text_comes_back(text: str, names: list[str]) -> None:
    text, listed = f"a{text}b c"[:200], [one[:60] for one in names if one[:60]]
    profile = {
        "medications": [{"id": "a", "text": text}],
        "symptoms": listed,
        "conditions": [],
        "day": {"meals": []},
    }
    case = make.case("case", title=f"abc {text}"[:140], profile=profile, expect={"states": {text: "recognised"}})
    assert through_fields("cases", case) == case
    assert through_page("cases", case) == case


def _expressions(inner: st.SearchStrategy[dict[str, object]]) -> st.SearchStrategy[dict[str, object]]:
    parts = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        parts.map(lambda found: {"all": found}),
        parts.map(lambda found: {"any": found}),
        inner.map(lambda found: {"not": found}),
    )


_NUMBERS = st.decimals(0, 1000, places=2).map(str)
_SINGLE: st.SearchStrategy[dict[str, object]] = st.one_of(
    st.builds(
        lambda key, low, high, above, below: {
            key: {("above" if above else "at_least"): low, ("below" if below else "at_most"): high}
        },
        st.sampled_from(["egfr", "age_years", "serum_potassium", "duration_days", "daily_dose_mg"]),
        _NUMBERS,
        _NUMBERS,
        st.booleans(),
        st.booleans(),
    ),
    st.booleans().map(lambda value: {"dialysis": value}),
    st.sampled_from([{"sex": "female"}, {"pregnancy": "pregnant"}, {"conditions": ["a", "b"]}, {"symptoms": ["c"]}]),
    st.integers(1, 20).map(lambda many: {"co_medication": {"classes": ["a"], "at_least": many}}),
    st.integers(1, 20).map(lambda many: {"risk_count": {"conditions": ["a"], "classes": [], "at_least": many}}),
)


@PROFILE
@given(st.recursive(_SINGLE, _expressions, max_leaves=12))
def test_any_expression_comes_back(document: dict[str, object]) -> None:
    expression = Expression.model_validate(document)
    shape = Either()
    filled = filled_of(shape, content(expression))
    read = read_fields(shape, list(fields_of(shape, filled)))
    assert Expression.model_validate_json(json.dumps(document_of(shape, read))) == expression
