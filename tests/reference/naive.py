"""The naive evaluator: what a rule set says about a list, worked out the long way.

Written from the words of the design, of the authoring rules and of the documents' docstrings, not from the engine.
Every interaction is held against every medication and every pair; nothing is indexed, remembered or ordered. Numbers
are fractions, truth has three values (True, False, None for not known). It reads lists given by codes or exact names.

The whole package may import vocabulary, documents, questions and quantities from `rules`, and nothing that evaluates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import chain, combinations

from rules.documents import Expression, Party
from rules.model import Interaction, ModifyingFactor, RuleSet, Separation, Variant
from rules.profile import MedicationProfile
from rules.terms import Applicability, CheckStatus, OperationalClass, RecognitionState, RecordStatus, Scope, Severity
from tests.reference.identity import Taken, Who
from tests.reference.known import NOTHING, Known, Missing, Own
from tests.reference.truth import Truth, every


@dataclass(frozen=True)
class Found:
    """One finding, without its words."""

    interaction_id: str
    affected: str | None
    medication_ids: frozenset[str]
    applicability: Applicability
    severity: Severity
    severity_ceiling: Severity
    operational_class: OperationalClass
    missing_facts: Missing
    condition_ids: frozenset[str]
    partners: frozenset[str]


@dataclass(frozen=True)
class Answer:
    """Everything the naive evaluator says about a list."""

    status: CheckStatus
    states: dict[str, RecognitionState]
    findings: list[Found]
    elemental: tuple[Fraction, Fraction | None]


class Naive(Known):
    """One rule set and one question."""

    def active_rules(self) -> list[Interaction]:
        return [rule for rule in self.rules.interactions if rule.status is RecordStatus.ACTIVE]

    @staticmethod
    def belongs(who: Who, party: Party) -> bool:
        """Whether a substance is on one side of a rule, whatever its route."""
        if who.id in party.except_substances:
            return False
        return who.id in party.substances or bool(who.classes.intersection(party.classes))

    @staticmethod
    def given_so(line: Taken, party: Party) -> tuple[Truth, Missing]:
        """Whether a line is given by the routes and in the forms that the party asks for."""
        answers: list[Truth] = []
        missing: set[str] = set()
        if party.routes:
            inside = line.routes.intersection(party.routes)
            if line.routes and not inside:
                answers.append(False)
            elif line.routes and inside == line.routes:
                answers.append(True)
            else:
                answers.append(None)
                missing.add(f"medications.{line.id}.route")
        if party.dose_forms:
            if line.dose_form is None:
                answers.append(None)
                missing.add(f"medications.{line.id}.dose_form")
            else:
                answers.append(line.dose_form in party.dose_forms)
        if line.dose_form is not None and line.dose_form in party.except_dose_forms:
            answers.append(False)
        truth = every(answers)
        return truth, frozenset(missing) if truth is None else NOTHING

    def sides(self, party: Party) -> Iterator[tuple[Taken, Who, Truth, Missing]]:
        """Every line and substance that is or may be on this side."""
        for line in self.lines:
            for who in line.who:
                truth, missing = self.given_so(line, party)
                if self.belongs(who, party) and truth is not False:
                    yield line, who, truth, missing

    def rows(self, rule: Interaction) -> Iterator[Row]:
        """One row for each way in which the rule meets the list; rows of one verdict become one finding."""
        party = rule.affected or rule.precipitant
        if rule.affected is not None and rule.precipitant is not None:
            yield from self.pairs(rule, rule.affected, rule.precipitant)
        elif party is None:
            yield from self.of_a_condition(rule)
        elif rule.scope is Scope.LIST:
            yield from self.of_the_list(rule, party)
        else:
            yield from self.of_one(rule, party)

    def pairs(self, rule: Interaction, affected: Party, precipitant: Party) -> Iterator[Row]:
        """Two different medications; two lines of one substance are no pair."""
        for line, who, truth, missing in self.sides(affected):
            for other, partner, partner_truth, partner_missing in self.sides(precipitant):
                verdict = self.verdict(rule, Own((line,), who), who.id)
                if other.id != line.id and partner.id != who.id and verdict is not None:
                    yield Row(
                        (truth, partner_truth),
                        who.id,
                        verdict,
                        frozenset({line.id, other.id}),
                        missing | partner_missing,
                        frozenset({partner.id}),
                        met=(line, other),
                    )

    def of_one(self, rule: Interaction, party: Party) -> Iterator[Row]:
        """One medication. Substances that act stand among the partners and come together; others have one each."""
        for line, who, truth, missing in self.sides(party):
            acts = rule.affected is None
            verdict = self.verdict(rule, Own((line,), who), "" if acts else who.id)
            if verdict is not None:
                affected = None if acts else who.id
                partners = frozenset({who.id} if acts else ())
                yield Row((truth,), affected, verdict, frozenset({line.id}), missing, partners)

    def of_the_list(self, rule: Interaction, party: Party) -> Iterator[Row]:
        """All medications that match, in one finding."""
        matching = list(self.sides(party))
        verdict = self.verdict(rule, Own(tuple(line for line, _, _, _ in matching)), "")
        if verdict is not None:
            for line, who, truth, missing in matching:
                yield Row((truth,), None, verdict, frozenset({line.id}), missing, frozenset({who.id}), list_wide=True)

    def of_a_condition(self, rule: Interaction) -> Iterator[Row]:
        """A rule about a condition itself speaks when one is there; nobody is asked a fact because of a population."""
        verdict = self.verdict(rule, Own(), "")
        if verdict is not None and any(condition in self.present for condition in rule.conditions):
            yield Row((True,), None, verdict, frozenset(), NOTHING, frozenset())

    def verdict(self, rule: Interaction, own: Own, substance_id: str) -> Verdict | None:
        """What the rule's own conditions, expression and factors say; None when it does not apply."""
        truths: list[Truth] = []
        missing = NOTHING
        condition_ids: list[str] = []
        if rule.conditions:
            present = [one for one in rule.conditions if one in self.present]
            undecided = [one for one in rule.conditions if one in self.undecided]
            if not present and not undecided:
                return None
            condition_ids = present or undecided
            truths.append(True if present else None)
            if not present:
                missing |= NOTHING.union(*(self.undecided[one] for one in undecided))
        if rule.when is not None:
            truth, lacking = self.holds(rule.when, own)
            truths.append(truth)
            missing |= lacking
        truth = every(truths)
        if truth is False:
            return None
        variants = [one for one in rule.variants if substance_id in one.substances]
        level = self.level(rule, variants[0] if variants else None, own)
        separation = rule.management.separation
        if variants and variants[0].separation is not None:
            separation = variants[0].separation
        return Verdict(
            truth, level.severity, level.ceiling, level.operational, level.open, missing | level.missing,
            frozenset(condition_ids), missing, separation,
        )  # fmt: skip

    def level(self, rule: Interaction, variant: Variant | None, own: Own) -> Level:
        """The severity, and how bad it could be: every way the open factors could turn out is tried."""
        severity, operational = rule.severity, rule.operational_class
        if variant is not None:
            severity = variant.severity or severity
            operational = variant.operational_class or operational
        sure: list[ModifyingFactor] = []
        open_: list[tuple[ModifyingFactor, Missing]] = []
        for factor in rule.factors:
            truth, lacking = self.holds(factor.when, own)
            if truth:
                sure.append(factor)
            elif truth is None:
                open_.append((factor, lacking))
        now, chosen = changed(severity, sure)
        worse = [one for one in open_ if changed(severity, [*sure, one[0]])[0].rank > now.rank]
        ways = chain.from_iterable(combinations(open_, count) for count in range(len(open_) + 1))
        ceiling = max(
            (changed(severity, [*sure, *(factor for factor, _ in way)])[0] for way in ways), key=lambda one: one.rank
        )
        if chosen is not None and chosen.operational_class is not None:
            operational = chosen.operational_class
        missing = NOTHING.union(*(lacking for _, lacking in worse))
        return Level(now, ceiling, operational, tuple(factor.id for factor, _ in worse), missing)

    def state(self, line: Taken) -> RecognitionState:
        if not line.who:
            return RecognitionState.UNRECOGNISED
        matters = any(self.concerns(rule, who) for rule in self.active_rules() for who in line.who)
        return RecognitionState.RECOGNISED if matters else RecognitionState.NO_MAGNESIUM_RELEVANCE

    def concerns(self, rule: Interaction, who: Who) -> bool:
        """Whether a rule is about a substance, or counts it in one of its tests."""
        if any(party is not None and self.belongs(who, party) for party in (rule.affected, rule.precipitant)):
            return True
        return any(self.counts(test, who) for test in (rule.when, *(factor.when for factor in rule.factors)))

    def counts(self, test: Expression | None, who: Who) -> bool:
        """Whether a test counts a substance, in whichever of its parts."""
        if test is None:
            return False
        others, causes = test.co_medication, test.risk_count
        if others is not None and (who.id in others.substances or who.classes.intersection(others.classes)):
            return True
        if causes is not None and who.classes.intersection(causes.classes):
            return True
        return any(self.counts(part, who) for part in (*(test.all or ()), *(test.any or ()), test.not_))

    def answer(self) -> Answer:
        """Everything about the list."""
        findings: list[Found] = []
        for rule in self.active_rules():
            rows = list(self.rows(rule))
            keys = {row.key for row in rows}
            findings += [together(rule.id, [row for row in rows if row.key == key]) for key in keys]
        recognised = all(line.who and not line.disagrees for line in self.lines)
        understood = None not in self.listed and None not in self.listed_symptoms()
        return Answer(
            CheckStatus.COMPLETE if recognised and understood else CheckStatus.INCOMPLETE,
            {line.id: self.state(line) for line in self.lines},
            findings,
            (self.elemental.low or Fraction(0), self.elemental.high),
        )


@dataclass(frozen=True)
class Level:
    """How bad, how bad it could be, what is advised, and what keeps it open."""

    severity: Severity
    ceiling: Severity
    operational: OperationalClass
    open: tuple[str, ...]
    missing: Missing


@dataclass(frozen=True)
class Verdict:
    """What a rule says of its own medication, whoever the partner is."""

    truth: Truth
    severity: Severity
    ceiling: Severity
    operational: OperationalClass
    open: tuple[str, ...]
    missing: Missing
    conditions: frozenset[str]
    besides: Missing  # the missing facts that are not about factors
    separation: Separation | None


@dataclass(frozen=True)
class Row:
    """One way in which a rule meets the list."""

    truths: tuple[Truth, ...]
    affected: str | None
    verdict: Verdict
    lines: frozenset[str]
    missing: Missing
    partners: frozenset[str]
    list_wide: bool = False
    met: tuple[Taken, Taken] | None = None  # the medication that is acted on, and the magnesium

    @property
    def key(self) -> tuple[object, ...]:
        """Rows come together when they are about one substance and equally sure and severe; a list's all do."""
        verdict = self.verdict
        return (
            self.affected, () if self.list_wide else self.truths,
            verdict.truth, verdict.severity, verdict.ceiling, verdict.operational, verdict.open,
        )  # fmt: skip


def together(interaction_id: str, rows: list[Row]) -> Found:
    """Rows of one key as one finding: all their medications, partners and missing facts; one sure row makes it sure."""
    first = rows[0]
    sure = any(every((*row.truths, row.verdict.truth)) for row in rows)
    level = (first.verdict.severity, first.verdict.ceiling, first.verdict.operational)
    missing = NOTHING.union(*(row.missing | row.verdict.missing for row in rows))
    if all(row.met is not None and apart(row.verdict.separation, *row.met) for row in rows):
        level = (Severity.MINOR, Severity.MINOR, OperationalClass.NO_SPECIAL_PRECAUTION)
        missing = NOTHING.union(*(row.missing | row.verdict.besides for row in rows))
    return Found(
        interaction_id,
        first.affected,
        frozenset().union(*(row.lines for row in rows)),
        Applicability.APPLIES if sure else Applicability.MAY_APPLY,
        *level,
        missing,
        first.verdict.conditions,
        frozenset().union(*(row.partners for row in rows)),
    )


def apart(separation: Separation | None, drug: Taken, magnesium: Taken) -> bool:
    """Whether the times of the doses, laid out over some days, keep the hours that both orders ask for."""
    if separation is None or separation.magnesium_first_hours is None or separation.drug_first_hours is None:
        return False
    drug_doses, magnesium_doses = laid_out(drug), laid_out(magnesium)
    return bool(drug_doses and magnesium_doses) and all(
        (one > other or other - one >= separation.drug_first_hours * 60)
        and (other > one or one - other >= separation.magnesium_first_hours * 60)
        for one in drug_doses
        for other in magnesium_doses
    )


def laid_out(line: Taken) -> list[int]:
    """The minutes of all doses of three days."""
    times = [datetime.strptime(time, "%H:%M") for time in line.item.times]  # noqa: DTZ007 - a time of the day
    return [24 * 60 * day + time.hour * 60 + time.minute for day in range(3) for time in times]


def changed(severity: Severity, factors: list[ModifyingFactor]) -> tuple[Severity, ModifyingFactor | None]:
    """The severity under the factors that apply: the highest that raises; if none does, the one that lowers least."""
    raising = [factor for factor in factors if factor.severity.rank > severity.rank]
    lowering = [factor for factor in factors if factor.severity.rank < severity.rank]
    if raising or lowering:
        chosen = max(raising or lowering, key=lambda factor: factor.severity.rank)
        return chosen.severity, chosen
    return severity, None


def evaluate(rule_set: RuleSet, profile: MedicationProfile) -> Answer:
    """Answer a question the long way."""
    return Naive(rule_set, profile).answer()
