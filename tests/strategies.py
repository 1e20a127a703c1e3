"""Random small rule sets and random questions about them, for Hypothesis.

The vocabulary is small and fixed, so that rules, lists and limits meet often: nine substances, four classes, two
products, five conditions. What is drawn is who belongs where, what the rules ask and what is known. Limits of rules and
values of patients come from the same few numbers, so that values lie on, just under and just over the limits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter

from rules import MedicationProfile, RuleSet
from rules.documents import Document
from rules.model import Substance
from rules.quantities import DOSE_UNITS
from rules.terms import DoseForm, RecordStatus, Route
from tests import factories

T = TypeVar("T")
Json = dict[str, Any]

# --- the fixed vocabulary ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drug:
    """A substance that can be on a list: how it is called and coded."""

    id: str
    rxnorm: str
    atc: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    salt_form: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of it."""
        return (self.id, *self.synonyms, *self.brands)


DRUGS: Final = (
    Drug("alvorin", "101", ("A01AA01",), ("alvorinum",), ("Alvex",)),
    Drug("betarine", "102", ("A01AA02", "B02BA01"), ("béta-rine",), ("Betaject XQ",)),
    Drug("cordimax", "103", ("A01AB01",), ("cordi max forte",)),
    Drug("dulvane", "104", ("B02BC01",), (), ("Dulvo",)),
    Drug("frandol", "105"),
    Drug("magnite", "201", ("A12CC10",), ("magnite powder",), ("Magnolan",), "oxide"),
    Drug("epsalt", "202", ("A12CC02",), ("epsalum",), (), "sulfate"),
    Drug("magnium", "203"),  # a salt whose share of magnesium is not known
    Drug("magnesium", "204"),  # the salt is not named
)
MAGNESIUM: Final = ("magnite", "epsalt", "magnium", "magnesium")
SUBSTANCES: Final = tuple(drug.id for drug in DRUGS)
CLASSES: Final = ("class-a", "class-b", "class-c", factories.MAGNESIUM)
PRODUCTS: Final = ("duplex", "triplo")
UNLISTED_ATC: Final = ("A01AA77", "B02BC99", "A12CC99", "B02XX01")
FORMS: Final = (
    factories.salt_form("oxide", "MgO"),
    factories.salt_form("sulfate", "MgSO4", "MgSO4·7H2O"),
)
SYMPTOMS: Final = (factories.symptom("cramps"), factories.symptom("tremor", synonyms=["shaking"]))
CITATIONS: Final = (
    factories.citation(),
    factories.citation("label", kind="label", verification="second_hand"),
    factories.citation("hearsay", kind="web", verification="unverified"),
)
LISTED_CONDITIONS: Final = ("cond-kidney", "cond-stage", "cond-dialysis")
DERIVED_CONDITIONS: Final = ("pop-a", "pop-b")
CONDITIONS: Final = LISTED_CONDITIONS + DERIVED_CONDITIONS
SEVERITIES: Final = ("contraindicated", "major", "moderate", "minor")
OPERATIONAL: Final = ("avoid", "usually_avoid", "minimize_risk", "monitor", "no_special_precaution")
ANCHORS: Final = ("A01A", "A01AA", "B02", "B02BC", "A12CC")
ROUTE_CHOICES: Final = (
    ("oral",),
    ("oral", "intravenous"),
    ("intravenous",),
    ("topical",),
    ("oral", "topical"),
    ("topical", "ophthalmic"),
)
# Limits of the rules, and values of patients around them.
LIMITS: Final[dict[str, tuple[str, ...]]] = {
    "egfr": ("15", "30", "44.5", "60"),
    "age_years": ("2", "12", "65"),
    "serum_magnesium": ("0.5", "0.7", "1.05"),
    "serum_potassium": ("3", "3.5"),
    "serum_calcium": ("1.9", "2.1"),
    "elemental_mg_per_day": ("100", "250", "350"),
    "duration_days": ("31", "92", "365"),
    "duration_months": ("1", "3", "12"),
    "daily_dose_mg": ("40", "80.5", "1000"),
}
WILD_LIMITS: Final = ("-1", "0", "0.000000001", "1E+9", "999999999.999999999", "30.10", "0.30")
VALUES: Final[dict[str, tuple[str, ...]]] = {
    "egfr": ("14.999", "15", "15.001", "29.999999999", "30", "30.1", "44.5", "60", "60.01", "95"),
    "age_years": ("0", "1", "2", "3", "11", "12", "64", "65", "66", "90"),
}
SERUM_VALUES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "serum_magnesium": (
        ("0.5", "mmol/L"),
        ("0.499", "mmol/L"),
        ("0.7", "mmol/L"),
        ("0.71", "mmol/L"),
        ("1.4", "mEq/L"),
        ("1.7", "mg/dL"),
        ("2.1", "meq/l"),
    ),
    "serum_potassium": (("3", "mmol/L"), ("3.5", "mEq/L"), ("3.49", "mmol/L"), ("4", "mmol/L")),
    "serum_calcium": (("1.9", "mmol/L"), ("2.1", "mmol/L"), ("4.2", "mEq/L"), ("8", "mg/dL")),
}
DOSES: Final[tuple[tuple[str, str], ...]] = (
    ("40", "mg"),
    ("0.04", "g"),
    ("80.5", "mg"),
    ("250", "mg"),
    ("350", "mg"),
    ("500", "MG"),
    ("1", "g"),
    ("40000", "mcg"),
    ("40000", "µg"),
    ("40000", "\u03bcg"),
    ("10", "mmol"),
    ("20", "mEq"),
    ("1", "tablet"),
    ("2", "capsule"),
    ("5", "mL"),
    ("1", "patch"),
)
AS_OF: Final = "2026-11-22"
# A high value is graver than a low one.
BANDS: Final = [
    {
        "name": name,
        "level": level,
        "bounds": bounds,
        "severity": severity,
        "meaning": "It means.",
        "advice": "Consider.",
    }
    for name, level, bounds, severity in (
        ("low", "low", {"below": "0.7"}, "minor"),
        ("normal", "normal", {"at_least": "0.7", "at_most": "1.05"}, None),
        ("high", "high", {"above": "1.05"}, "major"),
    )
]
STARTS: Final = ("2026-10-22", "2026-10-23", "2026-08-22", "2026-08-23", "2025-11-22", "2020-02-29", "2027-01-01")
NOT_NAMES: Final = ("zzyxin", "Zzyxin 40 mg tablet", "alvorin zzyxin", "???", "400 mg", " ")
NOT_CONDITIONS: Final = ("grumbling", "J99.9 of the soul")
LISTED_ONLY: Final = frozenset({"co_medication", "risk_count", "elemental_mg_per_day"})
# What a rule may ask of its own medication, by the kind of rule.
OWN_ONLY: Final = frozenset({"duration_days", "duration_months", "daily_dose_mg"})
OWN_OF_A_LIST: Final = frozenset({"duration_days", "duration_months"})
NONE_OWN: Final[frozenset[str]] = frozenset()
LEAVES: Final = (
    *LIMITS,
    "dialysis",
    "sex",
    "pregnancy",
    "conditions",
    "symptoms",
    *("co_medication",) * 4,  # what a list is about; one test among so many would rarely meet another drug
    "risk_count",
)


@dataclass(frozen=True)
class Shape:
    """What a random rule set may hold. Laws that do not reach some records leave those out and say why.

    ``rising``: whatever counts medications is asked only in the direction in which more medications mean more, as
    every rule without a declared mitigation does.
    """

    without: frozenset[str] = frozenset()  # keys of expressions
    rising: bool = False
    wild: bool = False  # whatever the schema allows, also where it makes no sense
    withdrawn: bool = True
    conditions: tuple[str, ...] = CONDITIONS  # those that expressions may name
    depth: int = 3


ANY: Final = Shape()


# --- choosing ---------------------------------------------------------------------------------------------------------

_BYTES: Final = st.binary(min_size=48, max_size=48)


class Choices:
    """Small choices read from drawn bytes, one byte each.

    Hypothesis pays for every draw, and a world holds some three hundred choices. One draw for each record is ten times
    faster and still shrinks: a byte of zero is the first option.
    """

    def __init__(self, draw: Callable[[st.SearchStrategy[bytes]], bytes]) -> None:
        """Nothing is drawn yet."""
        self._draw = draw
        self._bytes = b""
        self._position = 0

    def fresh(self) -> None:
        """Begin a record: its choices do not move when those before it change."""
        self._bytes = self._draw(_BYTES)
        self._position = 0

    def number(self, low: int, high: int) -> int:
        """A number from low to high, both included."""
        if self._position >= len(self._bytes):
            self.fresh()
        byte = self._bytes[self._position]
        self._position += 1
        return low + byte % (high - low + 1)

    def one(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.number(0, len(options) - 1)]

    def chance(self, one_in: int) -> bool:
        """True once in ``one_in`` times."""
        return self.number(0, one_in - 1) == one_in - 1

    def some(self, options: Sequence[T], *, least: int = 0) -> list[T]:
        """Some of the options, in their order; at most sixteen to choose from."""
        mask = self.number(0, 255) | self.number(0, 255) << 8
        chosen = [option for index, option in enumerate(options) if mask >> index & 1]
        return chosen if len(chosen) >= least else list(options[:least])

    def few(self, options: Sequence[T], *, least: int = 1) -> list[T]:
        """One or two of the options, or none where ``least`` is 0."""
        return list(dict.fromkeys(self.one(options) for _ in range(self.number(least, 2))))


def _bounds(choose: Choices, key: str, shape: Shape) -> Json:
    limits = LIMITS[key]
    if shape.wild and choose.chance(3):
        limits = WILD_LIMITS
    limit = choose.one(limits)
    if key in LISTED_ONLY and shape.rising:
        return {choose.one(("at_least", "above")): limit}
    if choose.chance(4):
        low, high = min(limit, choose.one(limits), key=float), limits[-1]
        if float(low) < float(high):
            return {choose.one(("at_least", "above")): low, choose.one(("below", "at_most")): high}
    return {choose.one(("below", "at_least", "at_most", "above")): limit}


def _leaf(choose: Choices, keys: tuple[str, ...], shape: Shape) -> Json:
    key = choose.one(keys)
    names = shape.conditions
    value: Any
    if key in LIMITS:
        value = _bounds(choose, key, shape)
    elif key == "dialysis":
        value = not choose.chance(3)
    elif key == "sex":
        value = choose.one(("female", "male"))
    elif key == "pregnancy":
        value = choose.one(("pregnant", "not_pregnant"))
    elif key == "conditions":
        value = choose.few(names)
    elif key == "symptoms":
        value = choose.few([one.id for one in SYMPTOMS])
    elif key == "co_medication":
        value = {"classes": choose.few(CLASSES), "at_least": choose.one((1, 1, 2))}
        if choose.chance(3):
            value["substances"] = choose.few(SUBSTANCES)
    else:
        value = {
            "classes": choose.few(CLASSES),
            "conditions": choose.few(names),
            "at_least": choose.one((1, 2, 3)),
        }
    return {key: value}


def draw_expression(
    choose: Choices, shape: Shape, own: frozenset[str], *, depth: int | None = None, negated: bool = False
) -> Json:
    """An expression as plain values; ``own``: what it may ask of the rule's own medication."""
    depth = shape.depth if depth is None else depth
    left_out = shape.without | (OWN_ONLY - own) | (LISTED_ONLY if shape.rising and negated else NONE_OWN)
    keys = tuple(key for key in LEAVES if key not in left_out)
    kind = choose.one(("leaf", "leaf", "all", "any", "not")) if depth > 1 else "leaf"
    if kind == "leaf":
        return _leaf(choose, keys, shape)
    if kind == "not":
        inner = draw_expression(choose, shape, own, depth=depth - 1, negated=True)
        return {"not": inner}
    count = choose.number(1, 3)
    parts = [draw_expression(choose, shape, own, depth=depth - 1, negated=negated) for _ in range(count)]
    return {kind: parts}


def _status(choose: Choices, shape: Shape) -> str:
    return "withdrawn" if shape.withdrawn and choose.chance(12) else "active"


def _substance(choose: Choices, drug: Drug, shape: Shape) -> Substance:
    choose.fresh()
    routes = choose.one(ROUTE_CHOICES)
    atc_routes: Json = {}
    if drug.atc and choose.chance(4):
        atc_routes[drug.atc[0]] = [choose.one(routes)]
    return factories.substance(
        drug.id,
        routes=routes,
        status=_status(choose, shape),
        synonyms=drug.synonyms,
        brands=drug.brands,
        codes={"rxnorm": [drug.rxnorm], "atc": drug.atc},
        atc_routes=atc_routes,
        salt_form=drug.salt_form,
    )


def _class(choose: Choices, index: int, shape: Shape) -> Document:
    choose.fresh()
    name = CLASSES[index]
    is_magnesium = name == factories.MAGNESIUM
    members = choose.some(MAGNESIUM, least=2) if is_magnesium else choose.some(SUBSTANCES, least=1)
    atc = ["A12CC"] if is_magnesium else choose.few(ANCHORS, least=0)
    includes = [] if is_magnesium else [one for one in choose.few(CLASSES[: index or 1], least=0) if one != name]
    exclusions = choose.few(SUBSTANCES) if choose.chance(4) else []
    status = "active" if is_magnesium else _status(choose, shape)
    more = {"exclusions": exclusions} if exclusions else {}
    return factories.medication_class(name, *members, atc=atc, includes=includes, status=status, **more)


def _products(gone: set[str]) -> tuple[Document, ...]:
    """Two combinations; one that holds a withdrawn substance is withdrawn with it."""

    def status(*ingredients: str) -> str:
        return "withdrawn" if gone.intersection(ingredients) else "active"

    return (
        factories.product(
            "duplex",
            "alvorin",
            {"substance": "magnite", "elemental_magnesium_mg": "60.3"},
            synonyms=["duplex forte"],
            codes={"rxnorm": ["401"]},
            dose_form="tablet",
            status=status("alvorin", "magnite"),
        ),
        factories.product(
            "triplo",
            "betarine",
            "dulvane",
            routes=["oral", "intravenous"],
            codes={"rxnorm": ["402"], "atc": ["C01AA51"]},
            status=status("betarine", "dulvane"),
        ),
    )


def _conditions(choose: Choices, shape: Shape) -> list[Document]:
    choose.fresh()
    # What follows from conditions follows from listed ones only, or the rule set does not compile.
    derived = replace(shape, depth=2, conditions=LISTED_CONDITIONS)
    if shape.rising:
        derived = replace(derived, without=derived.without | LISTED_ONLY)
    own = OWN_ONLY if shape.wild else NONE_OWN
    populations = [
        factories.condition(name, present_when=draw_expression(choose, derived, own), status=_status(choose, shape))
        for name in DERIVED_CONDITIONS
    ]
    stage = choose.one(({"below": "30", "at_least": "15"}, {"below": "15"}, {"below": "60", "at_least": "30"}))
    return [
        factories.condition(
            "cond-kidney", icd10cm=["N18"], synonyms=["weak kidneys"], implies={"egfr": {"below": "60"}}
        ),
        factories.condition("cond-stage", icd10cm=["N18.4"], implies={"egfr": stage}, status=_status(choose, shape)),
        factories.condition("cond-dialysis", icd10cm=["Z99.2"], implies={"dialysis": True}),
        *populations,
    ]


def _party(choose: Choices) -> Json:
    party: Json = {"classes": choose.few(CLASSES)}
    if choose.chance(4):
        party["substances"] = choose.few(SUBSTANCES)
        if choose.chance(2):
            party["classes"] = []
    if choose.chance(5):
        named = party.get("substances", ())
        party["except_substances"] = [one for one in choose.few(SUBSTANCES) if one not in named]
    if choose.chance(2):
        party["routes"] = choose.one((["oral"], ["intravenous"], ["oral", "intravenous"]))
    if choose.chance(6):
        party["dose_forms"] = choose.one((["tablet"], ["tablet", "powder"], ["injection"]))
    elif choose.chance(6):
        party["except_dose_forms"] = choose.one((["tablet"], ["solution"]))
    return party


def _factors(choose: Choices, shape: Shape, own: frozenset[str]) -> list[Json]:
    factors: list[Json] = []
    for index in range(choose.number(0, 3)):
        when = draw_expression(choose, shape, own, depth=min(2, shape.depth))
        more = {"operational_class": choose.one(OPERATIONAL)} if choose.chance(2) else {}
        factors.append(factories.factor(f"factor-{index}", choose.one(SEVERITIES), when, **more))
    return factors


def _variants(choose: Choices) -> list[Json]:
    first, *more = choose.few(SUBSTANCES)
    variants = [factories.variant(first, severity=choose.one(SEVERITIES), operational_class=choose.one(OPERATIONAL))]
    variants += [
        factories.variant(name, effect="It differs here.", evidence=factories.evidence("label")) for name in more
    ]
    return variants


def _separation(choose: Choices) -> Json:
    return choose.one(
        (
            {"magnesium_first_hours": "6", "drug_first_hours": "2"},
            {"magnesium_first_hours": "0.25", "drug_first_hours": "11.5"},
            {"drug_first_hours": "4"},
            {"spacing_helps": False},
        )
    )


SHAPES_OF_RULES: Final = ("affected", "precipitant", "pair", "pair", "list", "condition", "condition_and_party")


def _interaction(choose: Choices, index: int, shape: Shape) -> Document:
    choose.fresh()
    kind = choose.one(SHAPES_OF_RULES)
    # The duration of a list is that of its longest member, so it counts medications too.
    of_a_list = NONE_OWN if shape.rising else OWN_OF_A_LIST
    own = OWN_ONLY if shape.wild else {"list": of_a_list, "condition": NONE_OWN}.get(kind, OWN_ONLY)
    body: Json = {
        "severity": choose.one(SEVERITIES),
        "operational_class": choose.one(OPERATIONAL),
        "status": _status(choose, shape),
        "evidence": factories.evidence(*choose.few([one.id for one in CITATIONS])),
    }
    if kind in {"affected", "pair"}:
        body["affected"] = _party(choose)
    if kind in {"precipitant", "pair", "list"}:
        body["precipitant"] = _party(choose)
    if kind == "pair" and choose.chance(2):
        body["management"] = factories.management(separation=_separation(choose))
    if kind == "list":
        body["scope"] = "list"
    if kind == "condition_and_party":
        body[choose.one(("affected", "precipitant"))] = _party(choose)
    if kind in {"condition", "condition_and_party"} or choose.chance(8):
        body["conditions"] = choose.few(CONDITIONS)
    if choose.chance(2):
        body["when"] = draw_expression(choose, shape, own)
    body["factors"] = _factors(choose, shape, own)
    if "affected" in body and choose.chance(3):
        body["variants"] = _variants(choose)
        if "precipitant" in body and choose.chance(3):
            body["variants"][0]["separation"] = _separation(choose)
    return factories.interaction(f"rule-{index}", **body)


def draw_rule_set(choose: Choices, shape: Shape = ANY) -> RuleSet:
    """A small rule set that compiles."""
    substances = [_substance(choose, drug, shape) for drug in DRUGS]
    gone = {one.id for one in substances if one.status is RecordStatus.WITHDRAWN}
    records: list[Document] = [*substances, *_products(gone), *FORMS, *SYMPTOMS, *CITATIONS[1:]]
    records += [_class(choose, index, shape) for index in range(len(CLASSES))]
    records += _conditions(choose, shape)
    records += [_interaction(choose, index, shape) for index in range(choose.number(1, 5))]
    if choose.chance(3):
        # Values of 1 November are too old on the day of the question, those of 20 November are not.
        records += [
            factories.reference_range(bands=BANDS, current_for_days=10),
            factories.intake_limit(mg_per_day="250"),
        ]
    return factories.rule_set(*records)


# --- questions --------------------------------------------------------------------------------------------------------


def _code(system: str, code: str) -> Json:
    return {"codes": [{"system": system, "code": code}]}


_AS_PRODUCT: Final = (
    {"text": "duplex"},
    {"text": "Duplex Forte"},
    {"text": "triplo"},
    _code("rxnorm", "401"),
    _code("rxnorm", "402"),
    _code("atc", "C01AA51"),
)


def _identity(choose: Choices) -> Json:
    """How a line says what it is: mostly by one code or one exact name, sometimes by both or by nonsense."""
    kind = choose.one(("rxnorm", "rxnorm", "name", "name", "atc", "product", "both", "unknown"))
    drug = choose.one(DRUGS)
    identity = _code("rxnorm", drug.rxnorm)
    if kind == "atc":
        listed = drug.atc and not choose.chance(3)
        identity = _code("atc", choose.one(drug.atc if listed else UNLISTED_ATC))
    elif kind == "name":
        identity = {"text": choose.one(drug.names)}
    elif kind == "product":
        identity = choose.one(_AS_PRODUCT)
    elif kind == "both":
        identity = {"text": drug.id, **_code("rxnorm", choose.one((drug.rxnorm, choose.one(DRUGS).rxnorm, "999")))}
    elif kind == "unknown":
        identity = choose.one(({"text": choose.one(NOT_NAMES)}, _code("unii", "0000000000"), identity))
    return identity


def draw_medication(choose: Choices, item_id: str) -> Json:
    """One line of a list, as a caller sends it."""
    choose.fresh()
    line: Json = {"id": item_id, **_identity(choose)}
    if choose.chance(3):
        line["route"] = choose.one(("oral", "intravenous", "topical"))
    if choose.chance(4):
        line["dose_form"] = choose.one(("tablet", "injection", "powder", "solution", "cream", "eye_drops"))
    if choose.chance(2):
        value, unit = choose.one(DOSES)
        line["dose"] = {"value": value, "unit": unit}
        basis = choose.one((None, "salt", "elemental"))
        if basis:
            line["dose"]["of"] = basis
    if choose.chance(2):
        line["times_per_day"] = choose.one((1, 2, 3))
    elif choose.chance(2):
        line["times"] = choose.one((["08:00"], ["08:00", "20:00"], ["14:00"], ["00:15", "12:30"], ["23:30"]))
    if choose.chance(2):
        line["started_on"] = choose.one(STARTS)
    return line


def _patient(choose: Choices) -> Json:
    choose.fresh()
    patient: Json = {}
    if choose.chance(2):
        patient["age_years"] = int(choose.one(VALUES["age_years"]))
    if choose.chance(2):
        patient["egfr"] = {"value": choose.one(VALUES["egfr"]), "unit": choose.one(("mL/min/1.73m2", "mL/min"))}
    if choose.chance(2):
        patient["sex"] = choose.one(("female", "male"))
    if choose.chance(2):
        patient["pregnancy"] = choose.one(("pregnant", "not_pregnant"))
    if choose.chance(3):
        patient["dialysis"] = choose.chance(2)
    return patient


def _condition_items(choose: Choices) -> list[Json]:
    choices: tuple[Json, ...] = (
        {"text": "cond-kidney"},
        {"text": "Weak  Kidneys"},
        {"codes": [{"system": "icd10cm", "code": "N18.9"}]},
        {"codes": [{"system": "icd10cm", "code": "N18.42"}]},
        {"text": "cond-dialysis"},
        {"text": "pop-a"},
        {"text": choose.one(NOT_CONDITIONS)},
    )
    mask = choose.number(0, 2 ** len(choices) - 1) & choose.number(0, 2 ** len(choices) - 1)
    return [choice for index, choice in enumerate(choices) if mask >> index & 1]


def _observations(choose: Choices) -> list[Json]:
    found: list[Json] = []
    for _ in range(choose.number(0, 3)):
        kind = choose.one(tuple(SERUM_VALUES))
        value, unit = choose.one(SERUM_VALUES[kind])
        one: Json = {"kind": kind, "value": value, "unit": unit}
        if choose.chance(2):
            one["taken_on"] = choose.one(("2026-11-01", "2026-11-20", "2026-12-01"))
        found.append(one)
    return found


def draw_question(choose: Choices, *, most: int = 4) -> Json:
    """The body of a request: a list and what is known, each fact sometimes missing."""
    count = choose.number(1, most) if choose.number(0, 9) else 0
    body: Json = {"medications": [draw_medication(choose, f"m{index}") for index in range(count)]}
    patient = _patient(choose)
    if patient:
        body["patient"] = patient
    if choose.chance(2):
        body["conditions"] = _condition_items(choose)
    if choose.chance(2):
        body["observations"] = _observations(choose)
    if choose.chance(4):
        body["symptoms"] = choose.few(("cramps", "Shaking", "fidgets"))
    if not choose.chance(4):
        body["as_of"] = AS_OF
    return body


_SHOWN: Final = 8  # rules of a failing example; the packaged knowledge has a name of its own


@dataclass(frozen=True, repr=False)
class World:
    """A rule set and a question about it, the question as the body of a request."""

    rule_set: RuleSet
    body: Json

    def __repr__(self) -> str:
        if len(self.rule_set.interactions) > _SHOWN:
            return f"World(many rules, {self.body})"
        asked = {"severity", "affected", "precipitant", "conditions", "scope", "when", "factors", "variants", "status"}
        parts: list[Json] = [
            {one.id: one.model_dump(mode="json", include=asked, exclude_defaults=True, exclude_none=True)}
            for one in self.rule_set.interactions
        ]
        parts += [
            {one.id: one.model_dump(mode="json", include={"members", "atc", "includes", "exclusions", "status"})}
            for one in self.rule_set.classes
        ]
        parts += [{one.id: [route.value for route in one.routes]} for one in self.rule_set.substances]
        parts += [
            {one.id: one.present_when.model_dump(mode="json", exclude_none=True)}
            for one in self.rule_set.conditions
            if one.present_when is not None
        ]
        return f"World({self.body}, {parts})"

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:  # noqa: FBT001 - Hypothesis calls it
        assert not cycle
        printer.text(repr(self))

    @property
    def profile(self) -> MedicationProfile:
        """The question as the engine reads it."""
        return factories.question(self.body)


def worlds(shape: Shape = ANY, *, most: int = 4) -> st.SearchStrategy[World]:
    """Random rule sets with a random question."""

    @st.composite
    def build(draw: st.DrawFn) -> World:
        choose = Choices(draw)
        return World(draw_rule_set(choose, shape), draw_question(choose, most=most))

    return build()


# --- anything a caller can send ---------------------------------------------------------------------------------------

_TYPED_WORDS: Final = tuple(
    """
    40 400 0.5 1,000 mg mcg µg mmol mL / + ( ) % tablet tab PO IV BID q8h 3 times a day x every hours once daily
    magnesium sodium eye drops spray nasal patch elemental salt with \u00b2 \u2460 \u1369 \U00010a40
    """.split()  # noqa: SIM905 - a word list is read as words
)
TYPED: Final = st.one_of(
    st.text(min_size=1, max_size=30),
    st.lists(
        st.sampled_from((*SUBSTANCES, *PRODUCTS, *_TYPED_WORDS)),
        min_size=1,
        max_size=8,
    ).map(" ".join),
)


def typed_lines() -> st.SearchStrategy[list[Json]]:
    """Lists of lines whose text is anything that somebody, or something, may type."""

    @st.composite
    def build(draw: st.DrawFn) -> list[Json]:
        choose = Choices(draw)
        lines: list[Json] = []
        for index in range(choose.number(1, 3)):
            line: Json = {"id": f"t{index}", "text": draw(TYPED)}
            if choose.chance(3):
                line["route"] = choose.one(tuple(Route)).value
            if choose.chance(3):
                line["dose_form"] = choose.one(tuple(DoseForm)).value
            if choose.chance(3):
                value = draw(st.from_regex(r"[0-9]{1,9}(\.[0-9]{1,9})?", fullmatch=True))
                line["dose"] = {"value": value, "unit": choose.one(DOSE_UNITS)}
            lines.append(line)
        return lines

    return build()
