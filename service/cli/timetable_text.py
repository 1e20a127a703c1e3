"""Writes a timetable for people: the day as a drawing of letters and marks, the doses by time, and what stands apart.

It draws what the report says. Where a terminal cannot show the marks it takes plain letters; colour only repeats them.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from rich.text import Text

from rules.profile import MedicationProfile
from rules.report import CheckReport
from rules.report_plan import Timetable
from rules.terms import DoseMove, TimetableState, TimingState
from rules.timing import DAY
from service.cli.text_writer import STYLES, Names, Writer, clean, words_of
from service.day_plan.lanes import HOUR, DayPlan, Lane, Stretch, clock, lanes_of, plan_of

_INDENT: Final = "  "
_NARROWEST_LABEL: Final = 16
_WIDEST_LABEL: Final = 34
_HOURS: Final = DAY // HOUR


class _Marks(NamedTuple):
    """One character for each thing in a lane."""

    kept: str
    moved: str
    set: str
    given: str
    way: str
    closed: str
    fits: str
    day: str
    night: str
    cut: str  # where a name was too long


_DRAWN: Final = _Marks("●", "◆", "■", "○", "─", "░", "═", "·", " ", "…")
_PLAIN: Final = _Marks("K", "M", "S", "o", "-", "/", "=", ".", " ", "~")
_COLOURS: Final = {
    "kept": "bold green",
    "moved": "bold magenta",
    "set": "bold cyan",
    "given": "magenta",
    "way": "magenta",
    "closed": "red",
    "fits": "green",
}
_WORDS: Final = {
    "kept": "keeps its time",
    "moved": "moved",
    "given": "time given",
    "set": "set by the plan",
    "closed": "too close to a dose",
    "fits": "fits when needed",
}
_HEADS: Final = {
    TimetableState.PLANNED: ("TIMETABLE", "bold green"),
    TimetableState.IMPOSSIBLE: ("NO TIMETABLE", STYLES["major"]),
    TimetableState.NOT_FOUND: ("NO TIMETABLE", STYLES["moderate"]),
}


def write_timetable(writer: Writer, profile: MedicationProfile, report: CheckReport, names: Names) -> None:
    """Write the timetable of a report."""
    timetable = report["timetable"]
    mark, style = _HEADS[TimetableState(timetable["state"])]
    writer.block(mark, "The day", style=style)
    writer.field("", timetable["statement"])
    plan = plan_of(timetable, report, profile.day)
    substances = {one["id"]: one["name"] for line in report["medications"] for one in line["substances"]}
    if plan is not None:
        lanes = lanes_of(plan, substances)
        writer.line()
        for line in drawn(plan, lanes, writer.width, writer.encoding):
            writer.line(line)
        writer.line()
        writer.fields("Doses", list(_by_time(timetable, lanes)))
    _write_rest(writer, timetable, report, names)
    writer.line()


def _by_time(timetable: Timetable, lanes: Sequence[Lane]) -> Iterator[str]:
    """The doses of each time in one line, in the order of the day."""
    called = {lane.id: _called(lane) for lane in lanes}
    times: dict[str, list[str]] = {}
    for dose in timetable["doses"]:
        if dose["move"] == DoseMove.MOVED:
            what = f" (moved from {dose['given_time']})"
        else:
            what = " (set)" if dose["move"] == DoseMove.SET else ""
        times.setdefault(dose["time"], []).append(f"{called[dose['medication_id']]}{what}")
    for time, doses in times.items():
        yield f"{time}  {', '.join(doses)}"


def _called(lane: Lane) -> str:
    return lane.name if lane.id.casefold() == lane.name.casefold() else f"{lane.id} {lane.name}"


def _write_rest(writer: Writer, timetable: Timetable, report: CheckReport, names: Names) -> None:
    for number, needed in enumerate(timetable["as_needed"]):
        name = needed["medication_id"]
        periods = ", ".join(_period(part["start"], part["end"]) for part in needed["periods"])
        writer.field("" if number else "When needed", f"{name}: {names[name]}: {periods or 'fits nowhere'}")
    conflict = timetable["conflict"]
    if conflict is not None:
        writer.fields("In conflict", [f"{one}: {names[one]}" for one in conflict["medication_ids"]])
        writer.field("", f"Because of: {', '.join(conflict['interaction_ids'])}" if conflict["interaction_ids"] else "")
        writer.fields("Would help", [one["text"] for one in conflict["would_help"]], style="bold", start="- ")
    for number, left_out in enumerate(timetable["not_planned"]):
        name = left_out["medication_id"]
        writer.field("" if number else "Not planned", f"{name}: {names[name]}: {left_out['reason']}")
    unproven = [one for one in timetable["windows"] if one["timing"]["state"] != TimingState.KEPT]
    for number, window in enumerate(unproven):
        text = (
            f"{window['interaction_id']} ({', '.join(window['medication_ids'])}): {words_of(window['timing']['state'])}"
        )
        writer.field("" if number else "Open windows", text)
    titles = {one["key"]: one["title"] for one in (*report["findings"], *report["settled"])}
    no_help = [titles.get(key, key) for key in timetable["no_spacing_helps"]]
    writer.fields("No time helps", no_help, start="- ")
    notes = [f"{one['medication_id']}: {one['text']}" for one in timetable["notes"]]
    writer.fields("As labelled", notes, start="- ")
    writer.fields("Assumed", timetable["assumptions"], start="- ")


def _period(start: str, end: str) -> str:
    return "at any time" if start == end == clock(0) else f"{start} to {end}"


# --- the drawing ------------------------------------------------------------------------------------------------------


def drawn(plan: DayPlan, lanes: Sequence[Lane], width: int, encoding: str) -> Iterator[Text]:
    """The lines of the drawing: hours, lanes and a legend, none wider than ``width`` allows."""
    marks = _DRAWN if _shows(encoding, "".join(_DRAWN)) else _PLAIN
    cells_an_hour = 2 if width >= len(_INDENT) + _NARROWEST_LABEL + 2 * _HOURS else 1
    cells = _HOURS * cells_an_hour
    label = min(width - len(_INDENT) - cells - 1, max([_NARROWEST_LABEL, *(len(_called(one)) + 1 for one in lanes)]))
    label = min(label, _WIDEST_LABEL)
    tick = 2 if cells_an_hour > 1 else 3
    first = plan.starts // HOUR
    numbers = "".join(f"{(first + hour) % _HOURS:02}".ljust(tick * cells_an_hour) for hour in range(0, _HOURS, tick))
    head = Text(f"{_INDENT}{'':{label}}{numbers}".rstrip(), "dim")
    yield head
    used: set[str] = set()
    night = _cells(plan, [plan.nights] if plan.nights else [], cells)
    for lane in lanes:
        name = clean(_called(lane))
        short = name if len(name) < label else f"{name[: label - 2]}{marks.cut}"
        line = Text.assemble(_INDENT, (f"{short:{label}}", "bold" if lane.planned else "dim"))
        if not lane.planned:
            yield line.append("not planned", "dim")
            continue
        kinds = _lane(plan, lane, cells)
        used.update(kinds)
        for place, kind in enumerate(kinds):
            kind_shown = kind or ("night" if night[place] else "day")
            line.append(getattr(marks, kind_shown), _COLOURS.get(kind_shown, "dim"))
        line.rstrip()
        yield line
    legend = [f"{getattr(marks, kind)} {words}" for kind, words in _WORDS.items() if kind in used]
    yield from _legend(legend, width)


def _shows(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _cell(plan: DayPlan, minute: int, cells: int) -> int:
    return (minute - plan.starts) % DAY * cells // DAY


def _cells(plan: DayPlan, stretches: Sequence[Stretch], cells: int) -> list[bool]:
    """Which cells a stretch fills, be it in part: what is closed for a while is not shown as open."""
    filled = [False] * cells
    for stretch in stretches:
        for minute in range(stretch.start, stretch.end):
            filled[_cell(plan, minute, cells)] = True
    return filled


def _lane(plan: DayPlan, lane: Lane, cells: int) -> list[str]:
    """What stands in each cell; the empty string for nothing. A dose covers everything else."""
    kinds = [""] * cells
    for kind, stretches in (("fits", lane.free or ()), ("closed", lane.closed)):
        for place, filled in enumerate(_cells(plan, stretches, cells)):
            if filled:
                kinds[place] = kind
    moved = [(one.given, one.minute) for one in lane.doses if one.given is not None and one.given != one.minute]
    for given, minute in moved:
        shift = (minute - given + DAY // 2) % DAY - DAY // 2  # the shorter way round
        start, end = sorted((given, given + shift))
        for place, filled in enumerate(_cells(plan, [Stretch(start, end, ())], cells)):
            kinds[place] = "way" if filled else kinds[place]
    for given, _ in moved:
        kinds[_cell(plan, given, cells)] = "given"
    for dose in lane.doses:
        kinds[_cell(plan, dose.minute, cells)] = dose.move.value
    return kinds


def _legend(entries: Sequence[str], width: int) -> Iterator[Text]:
    line = _INDENT
    for entry in entries:
        if len(line) + len(entry) > width:
            yield Text(line.rstrip(), "dim")
            line = _INDENT
        line += f"{entry}   "
    if entries:
        yield Text(line.rstrip(), "dim")
