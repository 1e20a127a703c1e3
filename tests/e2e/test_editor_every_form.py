"""The form of every kind of record in a real Chromium: nobody is kept out, and what is stored in it never runs.

Every test fails on an error in the console, a breach of the content security policy or a request to anywhere else.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pydantic import ValidationError

from rules.canonical import content
from rules.model import RECORD_TYPES
from service.admin.form_fields import Either, Group, Leaf, LeafKind, Limits, Lines, Pairs, Parts, Picks
from tests.baseline import packaged_rule_set
from tests.e2e.chromium import asked, watched
from tests.e2e.corpus import CORPUS, set_marker
from tests.e2e.writing import QUINOLONES, example, form, new_draft, settled

pytestmark = pytest.mark.browser
# Large forms on a machine that runs other tests as well.
expect.set_options(timeout=20_000)


@pytest.fixture
def draft(address: str) -> str:
    return new_draft(address)


@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 820)])
def test_nobody_is_kept_out_of_any_form(browser: Browser, address: str, draft: str, dark: bool, width: int) -> None:  # noqa: FBT001
    watch = watched(browser, address, dark=dark, width=width)
    for kind in RECORD_TYPES:
        page = watch.open(form(draft, f"{kind}/{example(kind)}"))
        assert watch.axe() == [], kind
        assert watch.fits(), kind
        assert page.locator("#record-form").count() == 1
        page = watch.open(f"/admin/drafts/{draft}/new/{kind}/form")
        page.get_by_role("button", name="Check", exact=True).click()
        expect(page.locator("#record-faults .fault").first).to_be_visible()
        assert watch.axe() == [], kind
        assert watch.fits(), kind
    for path in (form(draft, way="yaml"), f"/admin/records/{QUINOLONES}/change", "/admin/new", "/admin/new/cases"):
        watch.open(path)
        assert watch.axe() == [], path
        assert watch.fits(), path
    watch.page.context.close()
    assert watch.faults == []


def hostile(document: Any, model: Any, texts: Iterator[str]) -> Any:  # noqa: ANN401 - any part of a record
    """A document with a text of the corpus in every field that takes any text."""
    shape = model if isinstance(model, Group | Parts | Leaf | Lines | Picks | Limits | Either | Pairs) else Group(model)
    if isinstance(shape, Group):
        shapes = {field.name: field.shape for field in shape.fields}
        return {name: hostile(value, shapes[name], texts) for name, value in document.items()}
    if isinstance(shape, Parts | Lines):
        return [hostile(value, shape.item, texts) for value in document]
    if isinstance(shape, Leaf) and shape.kind in {LeafKind.LINE, LeafKind.TEXT} and shape.free:
        return next(texts)
    return document


def accepted(kind: str, document: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """The document, with what it was wherever its model takes no such text: a formula, a unit."""
    try:
        RECORD_TYPES[kind].model_validate_json(json.dumps(document))
    except ValidationError as error:
        for fault in error.errors():
            *above, last = fault["loc"]
            into: Any = document
            former: Any = before
            for step in above:
                into, former = into[step], former[step]
            into[last] = former[last]
        RECORD_TYPES[kind].model_validate_json(json.dumps(document))
    return document


def test_stored_scripts_are_shown_and_never_run(browser: Browser, address: str) -> None:
    draft = new_draft(address, "<script>marker()</script> {{ 7*7 }}")
    rule_set = packaged_rule_set()
    texts = itertools.cycle(CORPUS)
    written: dict[str, tuple[str, list[str]]] = {}
    for kind, model in RECORD_TYPES.items():
        before = next(one for one in getattr(rule_set, kind) if one.id == example(kind))
        document = accepted(kind, hostile(content(before), model, texts), content(before))
        held = [text for text in CORPUS if json.dumps(text)[1:-1] in json.dumps(document)]
        assert held, kind
        revision = asked(address, "GET", f"/v1/drafts/{draft}")["revision"]
        body = {"reason": "<img src=x onerror=marker()>", "document": document}
        asked(address, "PUT", f"/v1/drafts/{draft}/records/{kind}/{before.id}", body, tag=f'"{revision}"')
        written[kind] = before.id, held
    watch = watched(browser, address)
    set_marker(watch.page, watch.faults)
    for kind, (record_id, held) in written.items():
        place = f"{kind}/{record_id}"
        page = watch.open(form(draft, place))
        values = page.evaluate(
            "[...document.querySelectorAll('#record-form input, #record-form textarea')].map(one => one.value)"
        )
        for text in held:
            assert any(text in value for value in values), (kind, text)
        page = watch.open(form(draft, place, "yaml"))
        assert record_id in page.locator("#yaml-text").input_value()
        page.get_by_role("button", name="Form", exact=True).click()
        settled(page)
        expect(page.locator("#yaml-text")).to_have_count(0)
        page = watch.open(f"/admin/drafts/{draft}/records/{place}")  # what the draft changes, in words and as text
        shown = page.locator("main").inner_text()
        assert any(text in shown for text in held), kind
    watch.open(f"/admin/drafts/{draft}")
    watch.page.context.close()
    assert watch.faults == []
