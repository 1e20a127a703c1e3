"""Whatever text comes from elsewhere, a renderer of Markdown shows just this text, and HTML shows it as text."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from service.api.cds_hooks.plain_markdown import bullets, escaped, in_one_line, paragraphs, plain

RENDERERS = [MarkdownIt("commonmark", {"html": True}), MarkdownIt("js-default", {"html": True, "linkify": False})]
_NASTY = (
    "<script>alert(1)</script> [x](javascript:alert(1)) ![x](http://a.example/b.png) **b** `c` ~~d~~ | e | &lt; \\ # "
)
_text = st.text(st.characters(exclude_categories=["Cs"])) | st.text("<>&*_`[]()!|~#-+=.:@\\/ \n1w", max_size=40)


@given(_text)
@example(_NASTY)
@example("# heading")
@example("1. one")
@example("- bullet\n\n    code")
@example("a | b\n--- | ---\n1 | 2")
@example("&lt;b&gt; &amp; &#60; &nbsp;")
@example("setext\n===")
@example("https://a.example www.a.example someone@a.example")
def test_it_is_shown_as_it_is(text: str) -> None:
    for renderer in RENDERERS:
        for written, around in (
            (f"**Bold.** {escaped(text)}", "Bold. "),
            (escaped(text), ""),
            (bullets([escaped(text)]), ""),
        ):
            shown = renderer.render(written)
            tags = set(re.findall(r"<(/?[a-z0-9]+)", shown))
            assert tags <= {"p", "/p", "strong", "/strong", "ul", "/ul", "li", "/li"}, shown
            inside = html.unescape(re.sub(r"<[^>]*>", "", shown)).strip()
            assert " ".join(inside.split()) == " ".join(f"{around}{in_one_line(text)}".split())


@given(_text)
@example(_NASTY)
def test_it_is_text_where_it_is_put_into_a_page_as_it_is(text: str) -> None:
    assert not re.search(r"[<>]", escaped(text))
    assert "\n" not in escaped(text)


@pytest.mark.parametrize("text", ["see http://a.example", "HTTPS://a.example", "www.a.example", "me@a.example"])
def test_no_address_becomes_a_link_by_itself(text: str) -> None:
    # What renderers of GitHub's Markdown look for.
    assert not re.search(r"(?i)(https?://|www\.|[a-z0-9]@[a-z0-9])", escaped(text))


@given(_text, st.integers(2, 200))
def test_a_plain_text_is_short_and_has_no_tags(text: str, most: int) -> None:
    short = plain(text, most)
    assert len(short) <= most
    assert not set("<>\n\r\u202e\u200b") & set(short)


def test_paragraphs_leave_out_what_is_empty() -> None:
    assert paragraphs("a", None, "", "b") == "a\n\nb"
    assert bullets([]) == ""
