"""The labelled sample of medication lines: what a pharmacist reads in each, written before any of it was run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

FILE = Path(__file__).with_name("lines.txt")
FURTHER = Path(__file__).with_name("further_lines.txt")
HELD_OUT = Path(__file__).with_name("held_out_lines.txt")
PROSE = Path(__file__).with_name("prose_lines.txt")
SYSTEMS = Path(__file__).with_name("system_lines.txt")
AMOUNTS = Path(__file__).with_name("amount_lines.txt")
NOT_KNOWN = "-"
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True)
class Labelled:
    """One line of the sample."""

    section: str
    text: str
    substances: frozenset[str]
    strengths: tuple[str, ...]
    times_per_day: int | None
    as_needed: bool


@dataclass(frozen=True)
class LabelledInFull:
    """One line of other systems: also its route, one dose and the magnesium of a day, where they are asked for."""

    line: Labelled
    strengths_asked: bool
    route: str
    dose: str | None
    magnesium: Decimal | None


def _plain(written: str) -> str:
    """A strength in one way of writing: 40.0 mg and 40 mg are the same."""
    value, _, rest = written.partition(" ")
    return f"{Decimal(value).normalize():f} {rest}"


def _text(written: str) -> str:
    """The text with its escapes replaced; two halves of a pair make one character."""
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), written)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16")


def read_further(file: Path = FURTHER) -> list[tuple[str, frozenset[str], int | None]]:
    """Lines that were written after the reader: text, substances and times a day."""
    lines = []
    for row in file.read_text(encoding="utf-8").splitlines():
        if row and not row.startswith("#"):
            text, substances, times = (cell.strip() for cell in row.split("|"))
            named = frozenset(() if substances == NOT_KNOWN else substances.split(","))
            lines.append((_text(text), named, int(times) if times else None))
    return lines


def _labelled(section: str, cells: list[str]) -> Labelled:
    text, substances, strengths, times, as_needed = cells
    return Labelled(
        section=section,
        text=_text(text),
        substances=frozenset(() if substances == NOT_KNOWN else substances.split(",")),
        strengths=tuple(_plain(one) for one in strengths.split(", ") if one not in {"", "?"}),
        times_per_day=int(times) if times else None,
        as_needed=as_needed == "prn",
    )


def read_sample() -> list[Labelled]:
    """All lines, in order."""
    lines: list[Labelled] = []
    section = ""
    for row in FILE.read_text(encoding="utf-8").splitlines():
        if row.startswith("== "):
            section = row[3:]
        elif row and not row.startswith("#"):
            lines.append(_labelled(section, [cell.strip() for cell in row.split("|")]))
    return lines


def read_systems() -> list[LabelledInFull]:
    """The lines as systems of other countries send them."""
    lines: list[LabelledInFull] = []
    section = ""
    for row in SYSTEMS.read_text(encoding="utf-8").splitlines():
        if row.startswith("== "):
            section = row[3:]
        elif row and not row.startswith("#"):
            cells = [cell.strip() for cell in row.split("|")]
            route, dose, magnesium = cells[5:]
            lines.append(
                LabelledInFull(
                    line=_labelled(section, cells[:5]),
                    strengths_asked=cells[2] != "?",
                    route=route,
                    dose=None if dose == "?" else dose,
                    magnesium=Decimal(magnesium) if magnesium else None,
                )
            )
    return lines


def read_amounts() -> list[tuple[str, Decimal | None]]:
    """Ways to say how much magnesium is taken: text and milligrams a day, or that it is no single number."""
    rows = [row for row in AMOUNTS.read_text(encoding="utf-8").splitlines() if row and not row.startswith("#")]
    lines = [[cell.strip() for cell in row.split("|")] for row in rows]
    return [(_text(text), None if amount == NOT_KNOWN else Decimal(amount)) for text, amount in lines]
