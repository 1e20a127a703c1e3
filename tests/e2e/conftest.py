"""One browser and one service for each module of browser tests. Nothing is loaded for those that need neither."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.e2e.chromium import Watched

# What takes longest is begun first, so that no processor waits for one long file in the end (dev.py deals out files).
LONGEST = (
    "test_editor_pages.py",
    "test_editor_every_form.py",
    "test_editor_corpus.py",
    "test_editor_drafts.py",
    "test_editor_forms.py",
    "test_editor_beside.py",
    "test_editor_care.py",
    "test_editor_provider.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, where only a browser is driven; the tests of a file stay as they were."""
    if all(item.get_closest_marker("browser") for item in items):
        turns = {name: turn for turn, name in enumerate(LONGEST)}
        items.sort(key=lambda item: turns.get(item.path.name, len(turns)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - see above

    from tests.e2e.chromium import ARGUMENTS, chromium  # noqa: PLC0415

    executable = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service of its own in the development mode, over the packaged knowledge."""
    from tests.e2e.chromium import served  # noqa: PLC0415

    with served(tmp_path_factory.mktemp("editor")) as address:
        yield address


@pytest.fixture
def here(browser: Browser, address: str) -> Iterator[Watched]:
    """A page that must have had no fault in the end."""
    from tests.e2e.chromium import watched  # noqa: PLC0415

    watch = watched(browser, address)
    yield watch
    watch.page.context.close()
    assert watch.faults == []
