"""What may be done about magnesium for one person: food, a form and amount that fit, or why not; and what to measure.

Every form is tried on the whole list by the engine itself, with the times of a timetable, so that a plan cannot
contradict the findings of the same report. It advises a professional and never replaces treatment under supervision.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple

from rules.compiled import SUPPLEMENT_CLASS
from rules.fragments import cited
from rules.intake import limits_for
from rules.judgement import RANK
from rules.monitoring import worklist
from rules.profile import Dose, MedicationItem
from rules.quantities import decimal_from, elemental_fraction, plain
from rules.ranges import Range
from rules.risk import HIGH_CONDITION, MAGNESIUM
from rules.schedules import Budget
from rules.terms import (
    AbsorptionRank,
    Applicability,
    DeficiencyState,
    Direction,
    DoseBasis,
    ExcessState,
    Fit,
    LaxativeEffect,
    MagnesiumLevel,
    MedicationStatus,
    OperationalClass,
    PlanDecision,
    Replacement,
    Route,
    Severity,
    Solubility,
    SymptomStage,
    TimetableState,
    TimingState,
    word,
)
from rules.timetable import administrations_of, timetable_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rules.care import SupplementTarget
    from rules.model import Band, Guidance, SaltForm, Substance
    from rules.profile import MedicationProfile
    from rules.report import Finding, MagnesiumIntake
    from rules.report_plan import (
        DeficiencyRisk,
        ExcessRisk,
        FormOption,
        Plan,
        PlanReason,
        PlanText,
        ProductAmount,
        SaltAmount,
        SerumBand,
        SupplementPlan,
        Timetable,
    )
    from rules.situation import Situation
    from rules.timing import Windowed

_FOOD: Final = "dietary-magnesium"
_TREATMENT: Final = "treatment-of-low-magnesium"
_FORMS: Final = "choosing-a-magnesium-form"
_CONSTIPATION: Final = "constipation"
_EGFR: Final = "patient.egfr"
_AGE: Final = "patient.age_years"
_ADULT: Final = 18
_MODERATE: Final = Severity.MODERATE.rank
_MAJOR: Final = Severity.MAJOR.rank
# Below this filtration rate UK product information contraindicates magnesium by mouth, and the page on food, which
# speaks of working kidneys, is no advice either.
_FOOD_NEEDS_EGFR: Final = 30
# Medicines that leave the stomach without the acid that some salts need to dissolve.
_LESS_ACID: Final = frozenset({"proton-pump-inhibitors", "potassium-competitive-acid-blockers", "h2-antagonists"})
_TRY_BUDGET: Final = 300_000
_FITS: Final = (Fit.FITS, Fit.WITH_CARE, Fit.UNSUITABLE)
_ABSORBED: Final = tuple(AbsorptionRank)
_LAXATIVE: Final = tuple(LaxativeEffect)
_WITH_SUPPLEMENT: Final = frozenset(
    {PlanDecision.ORAL_TREATMENT, PlanDecision.FOOD_FIRST, PlanDecision.MEASURE_FIRST, PlanDecision.NO_NEED_SHOWN}
)
_NO_LEVEL: Final = "No upper level is set for this age, so that no amount is founded: it is a matter for the doctor."
_STATEMENTS: Final = {
    PlanDecision.SUPERVISED_TREATMENT: "Treatment by mouth is not enough: magnesium is usually given intravenously, "
    "under supervision. This is never a matter for self-treatment.",
    PlanDecision.ORAL_TREATMENT: "Magnesium is low and is usually replaced by mouth, while the cause is looked for.",
    PlanDecision.MEASURE_FIRST: "There is reason to suspect a lack of magnesium and no current value: measure first.",
    PlanDecision.FOOD_FIRST: "Food comes first; a supplement is the second choice.",
    PlanDecision.DO_NOT_SUPPLEMENT: "Do not supplement magnesium by mouth without the prescriber; the reasons say why.",
    PlanDecision.NO_NEED_SHOWN: "Nothing that was given shows a need for magnesium.",
}


class Asked(NamedTuple):
    """What the engine finds for a list: the situation, its findings, and those with a window."""

    situation: Situation
    findings: list[Finding]
    windowed: list[Windowed]


class Risks(NamedTuple):
    """The two risks and the ledger of the report that the plan belongs to."""

    deficiency: DeficiencyRisk
    excess: ExcessRisk
    intake: MagnesiumIntake


class _Amount(NamedTuple):
    """Milligrams of magnesium a day to add, in how many doses, and on what basis."""

    least: Fraction
    most: Fraction
    doses: int
    target: SupplementTarget | None


class _Trial(NamedTuple):
    """What the engine says with a form added at the best times: its findings, and the times."""

    findings: list[Finding]
    times: list[str]
    impossible: Timetable | None


def plan_of(asked: Asked, risks: Risks, ask: Callable[[MedicationProfile], Asked]) -> Plan:
    """The plan. ``ask`` is the engine: it answers for a changed medication list."""
    return _Planner(asked, risks, ask).plan()


class _Planner:
    """One plan in the making."""

    def __init__(self, asked: Asked, risks: Risks, ask: Callable[[MedicationProfile], Asked]) -> None:
        self.situation = asked.situation
        self.compiled = asked.situation.compiled
        self.profile = asked.situation.profile
        self.findings = asked.findings
        self.risks = risks
        self.ask = ask
        self.timetables: dict[object, Timetable] = {}
        self.ask_first: set[str] = set()

    def plan(self) -> Plan:
        decision = self._need()
        reasons = list(self._needed_because())
        supplement: SupplementPlan | None = None
        if decision in _WITH_SUPPLEMENT:
            amount = self._amount(decision, reasons)
            supplement = self._supplement(amount) if amount is not None else None
        if supplement is not None:
            forms = supplement["forms"]
            if forms and all(form["fit"] == Fit.UNSUITABLE for form in forms):
                decision = PlanDecision.DO_NOT_SUPPLEMENT
                reasons = list({reason["text"]: reason for form in forms for reason in form["reasons"]}.values())
                supplement = None
                self.ask_first.clear()
        if self.situation.facts.egfr == (None, None) and (supplement is not None or _AGE in self.ask_first):
            self.ask_first.add(_EGFR)
        low = self.risks.deficiency["state"] == DeficiencyState.MEASURED_LOW
        refer = decision is PlanDecision.SUPERVISED_TREATMENT or (decision is PlanDecision.DO_NOT_SUPPLEMENT and low)
        return {
            "decision": word(decision),
            "statement": _STATEMENTS[decision],
            "reasons": reasons,
            "ask_first": sorted(self.ask_first),
            "food": self._food(decision),
            "supplement": supplement,
            "refer": self._text(_TREATMENT) if refer else None,
            "monitoring": worklist(self.situation, self.findings, decision),
        }

    # --- the need ---------------------------------------------------------------------------------------------------

    def _need(self) -> PlanDecision:
        """What the person needs, before any form is looked at."""
        deficiency, excess = self.risks.deficiency, self.risks.excess
        if excess["state"] == ExcessState.MEASURED_HIGH:
            return PlanDecision.DO_NOT_SUPPLEMENT
        severe = any(symptom["stage"] == SymptomStage.SEVERE for symptom in deficiency["symptoms"])
        value = self._value()
        if deficiency["state"] == DeficiencyState.MEASURED_LOW:
            band = self._band()
            supervised = band is not None and band.replacement is Replacement.SUPERVISED
            return PlanDecision.SUPERVISED_TREATMENT if supervised or severe else PlanDecision.ORAL_TREATMENT
        known = value is not None and not value["stale"]
        worst = max((RANK[one["severity"]] for one in deficiency["contributions"]), default=0)
        if not known and (worst >= _MODERATE or deficiency["symptoms"]):
            return PlanDecision.MEASURE_FIRST
        if deficiency["state"] == DeficiencyState.RISK_FACTORS or deficiency["symptoms"]:
            return PlanDecision.FOOD_FIRST
        return PlanDecision.NO_NEED_SHOWN

    def _value(self) -> SerumBand | None:
        return next((band for band in self.risks.deficiency["serum"] if band["analyte"] == MAGNESIUM), None)

    def _band(self) -> Band | None:
        """The band of the record that the serum magnesium lies in."""
        measured = self.situation.measured.get(MAGNESIUM)
        return None if measured is None else measured.band

    def _needed_because(self) -> Iterator[PlanReason]:
        """What speaks for a need, or against magnesium: the value, then symptoms, then what adds to the risk."""
        value = self._value()
        if value is not None and value["level"] != MagnesiumLevel.NORMAL:
            stale = f" It is {value['days_old']} days old: measure again." if value["stale"] else ""
            text = f"Serum magnesium {value['value_mmol_per_l']} mmol/L, {value['band']}. {value['advice']}{stale}"
            yield {"text": text, "interaction_id": None, "citations": value["citations"]}
        elif HIGH_CONDITION in self.situation.facts.conditions and (value is None or value["stale"]):
            factor = self.compiled.personal_factor(HIGH_CONDITION)
            yield {"text": factor["text"], "interaction_id": None, "citations": factor["citations"]}
        for symptom in self.risks.deficiency["symptoms"]:
            text = f"{symptom['name']}: {symptom['text']}"
            yield {"text": text, "interaction_id": None, "citations": symptom["citations"]}
        by_key = {finding["key"]: finding for finding in self.findings}
        for one in self.risks.deficiency["contributions"]:
            finding = by_key[one["finding_key"]]
            yield _about(finding, finding["effect"])
        dietary = self.risks.deficiency["dietary_intake"]
        for advice in dietary["recommended"] if dietary is not None else ():
            if dietary is not None and not advice["reached"]:
                text = (
                    f"{dietary['with_products_mg_per_day']} mg a day from food and products; "
                    f"{advice['body']}: {advice['mg_per_day']} mg."
                )
                yield {"text": text, "interaction_id": None, "citations": advice["citations"]}

    # --- what may be done -------------------------------------------------------------------------------------------

    def _text(self, guidance_id: str) -> PlanText | None:
        guidance: Guidance | None = self.compiled.care.guidance.get(guidance_id)
        if guidance is None:
            return None
        return {
            "title": guidance.title,
            "text": guidance.text,
            "patient_text": guidance.patient_text,
            "citations": cited(guidance.citations, self.compiled.citations),
        }

    def _food(self, decision: PlanDecision) -> PlanText | None:
        """Food, where there is a need and the kidneys are not known to be unable to cope."""
        facts = self.situation.facts
        low = facts.egfr[0]
        weak = bool(facts.dialysis) or (facts.egfr[1] is not None and (low or 0) < _FOOD_NEEDS_EGFR)
        wanted = {PlanDecision.ORAL_TREATMENT, PlanDecision.FOOD_FIRST, PlanDecision.MEASURE_FIRST}
        return self._text(_FOOD) if decision in wanted and not weak else None

    def _amount(self, decision: PlanDecision, reasons: list[PlanReason]) -> _Amount | None:
        """What to add to what the list brings already; None: nothing, or no amount is founded for this person.

        Where the list brings enough, ``reasons`` are told so.
        """
        asked = self.profile.magnesium_target_mg_per_day
        age = self.situation.facts.age_years
        records = [record for record in self.compiled.care.supplement_targets if record.decision is decision]
        if age is None and (asked is not None or any(record.age_years is not None for record in records)):
            self.ask_first.add(_AGE)
        record = next(
            (
                record
                for record in records
                if record.age_years is None or (age is not None and Range(record.age_years).contains(age))
            ),
            None,
        )
        already = Fraction(decimal_from(self.risks.intake["elemental_mg_per_day_minimum"]))
        if asked is not None:
            least = most = Fraction(decimal_from(asked))
        elif record is not None:
            least, most = Fraction(record.least_mg_per_day), Fraction(record.most_mg_per_day)
        else:
            return None
        doses = record.least_doses_per_day if record is not None else 1
        if self.risks.intake["elemental_mg_per_day"] is None:
            self.ask_first.update(self.situation.intake.missing)
        target = None if asked is not None else record
        if least <= already:
            wanted = plain(most) if least == most else f"{plain(least)} to {plain(most)}"
            text = (
                f"The list already brings {plain(already)} mg of magnesium a day, and {wanted} mg are aimed at: "
                "whether more is needed is the prescriber's decision."
            )
            citations = cited(target.citations, self.compiled.citations) if target is not None else []
            reasons.append({"text": text, "interaction_id": None, "citations": citations})
            return None
        return _Amount(least - already, most - already, doses, target)

    def _supplement(self, amount: _Amount) -> SupplementPlan:
        """Every form that is sold as a supplement, the best fitting first."""
        options = [self._option(form, substance, amount) for form, substance in self.compiled.supplement_forms]
        constipated = _CONSTIPATION in self.situation.facts.conditions
        options.sort(key=lambda option: self._rank(option, laxative_welcome=constipated))
        for option in options:
            if option["fit"] != Fit.UNSUITABLE:
                self.ask_first.update(option["missing_facts"])
        target = amount.target
        already = self.risks.intake["elemental_mg_per_day_minimum"]
        more = f" The list already brings {already} mg a day; the amounts here come on top." if already != "0" else ""
        guidance = self.compiled.care.guidance.get(_FORMS)
        basis = "The amount that was asked for." if target is None else target.text
        references = target.citations if target is not None else (guidance.citations if guidance is not None else ())
        return {
            "least_mg_per_day": plain(amount.least),
            "most_mg_per_day": plain(amount.most),
            "doses_per_day": amount.doses,
            "basis": basis + more,
            "citations": cited(references, self.compiled.citations),
            "forms": options,
        }

    def _rank(self, option: FormOption, *, laxative_welcome: bool) -> tuple[int, int, int, str]:
        """The order of the forms: fit, absorption, and how they act on the bowel."""
        form = self.compiled.forms[option["form_id"]]
        laxative = _LAXATIVE.index(form.laxative.effect)
        return (
            _FITS.index(option["fit"]),
            -laxative if laxative_welcome else _ABSORBED.index(form.absorption.rank),
            _ABSORBED.index(form.absorption.rank) if laxative_welcome else laxative,
            form.id,
        )

    def _option(self, form: SaltForm, substance: Substance, amount: _Amount) -> FormOption:
        trial = self._try(substance, amount)
        fit = Fit.FITS
        reasons: list[PlanReason] = []
        missing: set[str] = set()
        if trial.impossible is not None:
            fit = Fit.UNSUITABLE
            conflict = trial.impossible["conflict"]
            text = conflict["text"] if conflict is not None else trial.impossible["statement"]
            reasons.append({"text": text, "interaction_id": None, "citations": []})
        age = self.situation.facts.age_years
        if age is not None and self.compiled.limits and not limits_for(self.compiled, age):
            fit = Fit.UNSUITABLE
            reasons.append({"text": _NO_LEVEL, "interaction_id": None, "citations": []})
        for finding in trial.findings:
            found = _fit_of(finding, child=age is not None and age < _ADULT)
            missing.update(finding["missing_facts"] if RANK[finding["severity_ceiling"]] >= _MAJOR else ())
            if found is not Fit.FITS:
                reasons.append(_about(finding, f"{finding['title']}. {finding['management']['text']}"))
                fit = max(fit, found, key=_FITS.index)
        if fit is not Fit.UNSUITABLE:
            cautions, remarks = self._own(form, substance)
            cautions[:0] = self._not_known()
            if cautions:
                fit = Fit.WITH_CARE
            reasons += [*cautions, *remarks]
        return {
            "form_id": form.id,
            "name": form.name,
            "fit": word(fit),
            "reasons": reasons,
            "salt": [] if fit is Fit.UNSUITABLE else _salts(form, amount),
            "products": [] if fit is Fit.UNSUITABLE else list(self._products(form, amount)),
            "missing_facts": sorted(missing),
            "times": [] if fit is Fit.UNSUITABLE else trial.times,
        }

    def _not_known(self) -> list[PlanReason]:
        """What keeps any form from fitting for sure: a line of which nobody knows whether magnesium matters to it."""
        names = [line.id for line in self.situation.lines if not line.resolution.certain]
        if not names:
            return []
        text = f"Not fully recognised, so that nobody knows what magnesium does to it: {', '.join(names)}."
        return [{"text": text, "interaction_id": None, "citations": []}]

    def _own(self, form: SaltForm, substance: Substance) -> tuple[list[PlanReason], list[PlanReason]]:
        """What the form's own record says: what asks for care in this person, and what else is worth knowing."""
        listed = self.situation.facts.keys
        careful = {
            "usual_use": SUPPLEMENT_CLASS not in self.compiled.entries[substance.id].keys,
            "laxative": form.laxative.effect is LaxativeEffect.STRONG
            and _CONSTIPATION not in self.situation.facts.conditions,
            "solubility": form.solubility.solubility is Solubility.ACID_ONLY and not _LESS_ACID.isdisjoint(listed),
        }
        cautions: list[PlanReason] = []
        remarks: list[PlanReason] = []
        for name, about in (
            ("absorption", form.absorption),
            ("laxative", form.laxative),
            ("solubility", form.solubility),
            ("usual_use", form.usual_use),
        ):
            citations = cited(about.citations, self.compiled.citations)
            reason: PlanReason = {"text": about.text, "interaction_id": None, "citations": citations}
            (cautions if careful.get(name) else remarks).append(reason)
        return cautions, remarks

    def _products(self, form: SaltForm, amount: _Amount) -> Iterator[ProductAmount]:
        """How many units of each strength reach the least amount, where that stays below the most."""
        for one in form.supplied_as:
            content = Fraction(one.elemental_magnesium_mg)
            units = ceil(amount.least / content)
            if amount.target is None or units * content <= amount.most:
                yield {
                    "name": one.name,
                    "dose_form": word(one.dose_form),
                    "elemental_magnesium_mg": plain(content),
                    "units_per_day": units,
                    "elemental_mg_per_day": plain(units * content),
                    "citations": cited(one.citations, self.compiled.citations),
                }

    # --- trying a form on the list ----------------------------------------------------------------------------------

    def _try(self, substance: Substance, amount: _Amount) -> _Trial:
        """Ask the engine with the form added: first for its windows, then with the times that keep them."""
        added = self._item(substance, amount)
        asked = self._ask([*self.profile.medications, added])
        windows = [
            (finding["interaction_id"], window, pairs)
            for finding, window, pairs in asked.windowed
            if added.id in finding["medication_ids"]
        ]
        [line] = [line for line in asked.situation.lines if line.id == added.id]
        key = (
            tuple(sorted(windows, key=lambda one: one[0])),
            tuple(rule.id for rule in administrations_of(asked.situation, line)),
        )
        timetable = self.timetables.get(key)
        if timetable is None:
            timetable = timetable_of(asked.situation, asked.windowed, budget=Budget(_TRY_BUDGET))
            self.timetables[key] = timetable
        conflict = timetable["conflict"]
        if timetable["state"] == TimetableState.IMPOSSIBLE and (
            conflict is None or added.id in conflict["medication_ids"]
        ):
            return _Trial([], [], timetable)
        times: dict[str, list[str]] = {}
        for dose in timetable["doses"]:
            times.setdefault(dose["medication_id"], []).append(dose["time"])
        items = [
            item.model_copy(update={"times": tuple(times[item.id]), "times_per_day": len(times[item.id])})
            if item.id in times
            else item
            for item in (*self.profile.medications, added)
        ]
        findings = self._ask(items).findings
        mine = [finding for finding in findings if added.id in finding["medication_ids"]]
        return _Trial(mine, times.get(added.id, []), None)

    def _ask(self, items: Sequence[MedicationItem]) -> Asked:
        return self.ask(self.profile.model_copy(update={"medications": tuple(items)}))

    def _item(self, substance: Substance, amount: _Amount) -> MedicationItem:
        """The least amount of the form as a line of the list, with an id that no other line has."""
        taken = {item.id for item in self.profile.medications}
        name = next(
            one for one in ("plan", *(f"plan-{number}" for number in range(len(taken) + 1))) if one not in taken
        )
        value = plain(amount.least / amount.doses)
        return MedicationItem(
            id=name,
            text=substance.name,
            status=MedicationStatus.PROPOSED,
            route=Route.ORAL,
            dose=Dose(value=value, unit="mg", of=DoseBasis.ELEMENTAL),
            times_per_day=amount.doses,
        )


def _about(finding: Finding, text: str) -> PlanReason:
    return {"text": text, "interaction_id": finding["interaction_id"], "citations": finding["evidence"]["citations"]}


def _fit_of(finding: Finding, *, child: bool) -> Fit:
    """What a finding about the added form means for it: kept windows are minor by now and no obstacle.

    Above an upper level an adult may be treated for good reason; for a child no amount above it is founded.
    """
    sure = finding["applicability"] == Applicability.APPLIES
    timing = finding["timing"]
    if timing is not None and timing["state"] == TimingState.KEPT:
        return Fit.FITS
    if sure and finding["direction"] == Direction.INTAKE_LIMIT:
        return Fit.UNSUITABLE if child else max(Fit.WITH_CARE, _fit_by_severity(finding), key=_FITS.index)
    return _fit_by_severity(finding)


def _fit_by_severity(finding: Finding) -> Fit:
    sure = finding["applicability"] == Applicability.APPLIES
    rank = RANK[finding["severity"]]
    separable = finding["management"]["separation"] is not None and finding["management"]["separation"]["spacing_helps"]
    avoid = finding["operational_class"] in {OperationalClass.AVOID, OperationalClass.USUALLY_AVOID}
    if sure and not separable and (rank >= _MAJOR or avoid):
        return Fit.UNSUITABLE
    if rank >= _MODERATE or RANK[finding["severity_ceiling"]] >= _MAJOR:
        return Fit.WITH_CARE
    return Fit.FITS


def _salts(form: SaltForm, amount: _Amount) -> list[SaltAmount]:
    return [
        {"name": hydrate.name, "mg_per_day": plain(amount.least / elemental_fraction(hydrate.formula))}
        for hydrate in form.hydrates
    ]
