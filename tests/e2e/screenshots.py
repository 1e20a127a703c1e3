"""Makes the pictures of the editor that README and guide show: `python3 dev.py screenshots [FOLDER]`.

The same people, drafts, counts and day each time, over the packaged knowledge; each page in light and in dark. Pictures
are small, since they are kept with the code.
"""

from __future__ import annotations

import base64
import random
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright
from starlette.testclient import TestClient

from rules.baseline import read_baseline
from service.application import rule_sets
from service.application.access.desk import Desk
from service.application.access.entrance import Entrance
from service.application.active import ActiveRuleSet
from service.application.control import control_over
from service.application.gate_room import GateRoom
from service.application.principals import Role
from service.application.watch import StoreWatch
from service.main import Application, create_app, server
from service.settings import Settings
from service.storage import migration
from service.storage.session import Store
from service.storage.tables import DailyTotalRow, FeedbackRow
from tests.e2e.chromium import ARGUMENTS, chromium
from tests.e2e.test_cli_serve import free_port
from tests.entrance import PASSWORDS, House
from tests.keys import KEYRING

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
NOW: Final = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TODAY: Final = NOW.date()
MOST_BYTES: Final = 200_000
QUALITY: Final = 82
WIDTH, HEIGHT = 1280, 860
QUINOLONES: Final = "fluoroquinolones-with-oral-magnesium"
LIST: Final = """Ciprofloxacin 500 mg tablet | 2 a day
Magnesium oxide 400 mg tablet | 1 a day
Furosemide 40 mg tablet | at 08:00"""
# Of a quinolone whose severity is that of the rule, so that it changes with what is typed.
BESIDE: Final = "Pefloxacin 400 mg tablet\nMagnesium oxide 400 mg tablet"
_WEEKS: Final = 13
# How often an interaction is found on a day, of so many checks, and how often it is then overridden.
_FARED: Final = {
    QUINOLONES: (0.16, 0.42),
    "loop-diuretics-deplete-magnesium": (0.24, 0.81),
    "proton-pump-inhibitors-deplete-magnesium": (0.2, 0.66),
    "cardiac-glycosides-with-magnesium-depleting-drugs": (0.05, 0.12),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as it is shown; ``act`` does something on it before."""

    name: str
    path: str
    act: Callable[[Page], None] | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """An editor over made-up work, somebody who has signed in there, and a draft of theirs."""

    address: str
    token: str
    draft: str
    house: House
    client: TestClient


@contextmanager
def served(gate: GateRoom | None = None, **settings: Any) -> Iterator[Stage]:  # noqa: ANN401 - any setting
    """The editor, in a thread of its own."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/screenshots.sqlite3"
        migration.upgrade(url)
        with Store.open(url) as store:
            published, records = NOW - timedelta(days=40), read_baseline().rule_set
            rule_sets.seed_baseline(store, records, keyring=KEYRING, now=published, note="Packaged knowledge")
            house = House(store, moved=NOW - datetime.now(UTC))
            ann = house.person("ann.lind", Role.AUTHOR, Role.AUDITOR)
            house.person("rex.moreau", Role.REVIEWER)
            token = house.signed_in(ann)
            _count(store)
            app = _app(house, gate, **settings)
            port = free_port()
            running = server(app, host="127.0.0.1", port=port)
            thread = threading.Thread(target=running.run, daemon=True)
            thread.start()
            while not running.started:
                thread.join(0.05)
            try:
                with TestClient(app, base_url="http://127.0.0.1") as client:
                    yield Stage(f"http://127.0.0.1:{port}", token, _draft(client, token), house, client)
            finally:
                running.should_exit = True
                thread.join(30)


def _app(house: House, gate: GateRoom | None, **settings: Any) -> Application:  # noqa: ANN401 - any setting
    """As production has it, on a day that is always the same."""
    active = ActiveRuleSet(clock=lambda: NOW)
    desk = Desk(KEYRING, house.store, clock=house.clock)
    entrance = Entrance(desk, PASSWORDS, clock=house.clock)
    watch = StoreWatch(house.store, active, KEYRING, followers=[desk.look])
    control = control_over(
        house.store,
        KEYRING,
        look_at_once=watch.look,
        require_fresh=entrance.require_fresh,
        clock=lambda: NOW,
        gate=gate,
    )
    return create_app(
        Settings(**settings), active, watch=watch, entrance=entrance, control=control, today=lambda: TODAY
    )


def _count(store: Store) -> None:
    """Made-up counts of some weeks, and what people made of findings."""
    chance = random.Random(7)
    rows: list[DailyTotalRow | FeedbackRow] = []

    def total(day: date, what: str, number: int, subject: str = "", severity: str = "") -> None:
        rows.append(DailyTotalRow(day=day, what=what, subject=subject, severity=severity, number=number))

    for back in range(7 * _WEEKS):
        day = TODAY - timedelta(days=back)
        checks = chance.randint(55, 95)
        total(day, "checks", checks)
        total(day, "medications", checks * 6)
        total(day, "unrecognised", chance.randint(3, 12) + back // 12)
        for interaction, (often, overridden) in _FARED.items():
            found = sum(chance.random() < often for _ in range(checks))
            total(day, "finding", found, interaction, "moderate")
            for _ in range(found // 4):
                over = chance.random() < overridden
                rows.append(
                    FeedbackRow(
                        id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
                        decision_id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
                        finding_key="0123456789abcdef",
                        interaction_id=interaction,
                        severity="moderate",
                        outcome="overridden" if over else "accepted",
                        reason_code=chance.choice(["will_monitor", "already_known"]) if over else None,
                        caller="key/ward-3",
                        at=datetime(day.year, day.month, day.day, 8, tzinfo=UTC),
                    )
                )
    with store.writing() as session:
        session.add_all(rows)


def _draft(client: TestClient, token: str) -> str:
    """A draft that keeps quinolones and magnesium further apart."""

    def ask(method: str, path: str, body: dict[str, Any] | None = None, tag: str | None = None) -> Any:  # noqa: ANN401
        headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid.uuid4())}
        answer = client.request(method, path, json=body, headers=headers | ({"if-match": tag} if tag else {}))
        answer.raise_for_status()
        return answer.json()

    reason = "The label of August 2026 asks for a longer interval."
    made = ask("POST", "/v1/drafts", {"title": "Quinolones: longer interval", "reason": reason})
    path = f"/v1/drafts/{made['id']}/records/interactions/{QUINOLONES}"
    document = ask("GET", path)["document"]
    document["severity"] = "major"
    document["management"]["separation"]["drug_first_hours"] = 4
    ask("PUT", path, {"reason": reason, "document": document}, tag='"1"')
    path = f"/v1/drafts/{made['id']}/records/interactions/loop-diuretics-deplete-magnesium"
    document = ask("GET", path)["document"]
    document["severity"], document["operational_class"] = "moderate", "monitor"
    ask("PUT", path, {"reason": "To be discussed at the next meeting.", "document": document}, tag='"2"')
    return str(made["id"])


def pictures(draft: str) -> list[Picture]:
    """What is shown."""

    def tried(page: Page) -> None:
        page.get_by_label("Medicines, one a line").fill(LIST)
        page.locator("article").first.wait_for()

    def tried_beside(page: Page) -> None:
        page.locator('[id="f-management.separation.magnesium_first_hours"]').fill("8")
        page.locator("#beside > summary").click()
        page.get_by_label("Medicines, one a line").fill(BESIDE)
        page.get_by_role("button", name="Try", exact=True).click()
        page.locator("#answer article").first.wait_for()
        page.locator("#beside").evaluate("panel => panel.scrollTop += 120")

    return [
        Picture("dashboard", "/admin"),
        Picture("records", "/admin/records?text=quinolone"),
        Picture("interaction", f"/admin/records/interactions/{QUINOLONES}", lambda page: page.mouse.wheel(0, 620)),
        Picture("compare", f"/admin/drafts/{draft}/compare"),
        Picture("form", f"/admin/drafts/{draft}/records/interactions/{QUINOLONES}/form"),
        Picture("beside", f"/admin/drafts/{draft}/records/interactions/{QUINOLONES}/form", tried_beside),
        Picture("bench", f"/admin/drafts/{draft}/bench", tried),
        Picture("statistics", "/admin/statistics"),
        Picture("audit", "/admin/audit"),
    ]


def take(browser: Browser, address: str, token: str, wanted: list[Picture], folder: Path) -> list[Path]:
    """Every picture in light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for colours in ("light", "dark"):
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="dark" if colours == "dark" else "light",
            extra_http_headers={"Authorization": f"Bearer {token}"},
            reduced_motion="reduce",
        )
        page = context.new_page()
        for one in wanted:
            page.goto(f"{address}{one.path}")
            page.wait_for_load_state("networkidle")
            if one.act is not None:
                one.act(page)
                page.wait_for_load_state("networkidle")
            file = folder / f"{one.name}-{colours}.webp"
            file.write_bytes(_shot(page))
            made.append(file)
        context.close()
    return made


def _shot(page: Page) -> bytes:
    """What is in the window, as WebP, which Playwright itself does not write."""
    session = page.context.new_cdp_session(page)
    answer = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    return base64.b64decode(answer["data"])


def main() -> None:
    """Make them all; a picture that is too large is an error."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    with served() as stage, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        made = take(browser, stage.address, stage.token, pictures(stage.draft), folder)
        browser.close()
    for file in made:
        sys.stdout.write(f"{file.stat().st_size / 1000:8.1f} kB  {file}\n")
    large = [file.name for file in made if file.stat().st_size > MOST_BYTES]
    if large:
        sys.exit(f"larger than {MOST_BYTES // 1000} kB: {', '.join(large)}")


if __name__ == "__main__":
    main()
