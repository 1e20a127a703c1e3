"""Texts that must be shown as they stand wherever somebody may write, and that fire a marker where they are not."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page

# Scripts, markup, templates and format strings: what somebody might write into a rule to have it run in a reader's
# browser or by a template engine. Short, so that it fits into a name too.
CORPUS: Final = [
    "<script>marker()</script>",
    "<img src=x onerror=marker()>",
    '" autofocus onfocus=marker() x="',
    "'><svg/onload=marker()>",
    "</textarea><script>marker()</script>",
    "</title><script>marker()</script>",
    "javascript:marker()",
    "<a href=javascript:marker()>x</a>",
    "{{ 7*7 }} ${7*7} {% raw %} #{7*7}",
    "{0.__class__} %s %(a)s <%= 7*7 %>",
    "]]><!--<script>marker()//-->",
    "<details open ontoggle=marker()>",
]


def set_marker(page: Page, faults: list[str]) -> None:
    """Let the page tell when one of them runs: in the console, and by the dialogs that scripts open."""
    page.add_init_script("window.marker = () => console.error('the marker has run')")
    page.on("dialog", lambda dialog: faults.append(dialog.message))
