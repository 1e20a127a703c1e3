"""Words that name a group of medicines and none of them ("antacid", "water tablet", "multivitamin"), or a device.

Nobody can tell from such a word what is taken, so it stands for no substance; but whoever gets the answer is told why,
and is not offered a medicine that only happens to be spelt alike (a statin is no nystatin).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

# Magnesium is in some of what they name: the classes of magnesium salts of the knowledge, and the multivitamins.
_MAY_HOLD_MAGNESIUM: Final = """
    antacid; antacids; indigestion remedy; heartburn tablets; antazidum; antazida; antiacide; antiacido; antiacidos;
    laxative; laxatives; laxans; laxantien; laxativo; laxantes; laxatif; laxatifs; lassativo; laxeermiddel;
    abfuhrmittel; bowel prep; bowel preparation; colonoscopy prep; colon prep;
    electrolyte; electrolytes; electrolyte supplement; electrolyte drink; elektrolyte; mineral; minerals;
    mineral supplement; mineral supplements; mineralstoffe; supplement; supplements; food supplement; food supplements;
    dietary supplement; dietary supplements; nahrungserganzungsmittel;
    vitamin; vitamins; vitamin supplement; vitamine; multivitamin; multivitamins; multi vitamin; multi vitamins;
    multivit; mvi; mvm; multivitamine; multivitaminas; multivitaminico; prenatal; prenatals; prenatal vitamin;
    prenatal vitamins; prenatal multivitamin; pregnancy vitamin; pregnancy vitamins; renal vitamin; renal vitamins;
    phosphate binder; phosphate binders; phosphatbinder; fluids; iv fluids; tpn;
    total parenteral nutrition; parenteral nutrition; tube feed; tube feeds; tube feeding; enteral feed
"""
_OTHERS: Final = """
    diuretic; diuretics; diuretikum; diuretika; diuretique; diuretiques; diuretico; diureticos; loop diuretic;
    loop diuretics; thiazide; thiazides; thiazide diuretic; water pill; water pills; water tablet; water tablets;
    fluid pill; fluid tablet; wassertablette; wassertabletten;
    ppi; ppis; proton pump inhibitor; proton pump inhibitors; acid reducer; acid blocker; stomach tablet;
    stomach tablets; magenschutz; h2 blocker; h2 blockers;
    antibiotic; antibiotics; antibiotikum; antibiotika; antibiotique; antibiotiques; antibiotico; antibioticos;
    quinolone; fluoroquinolone; tetracycline antibiotic; antifungal; antifungals; antiviral; antivirals;
    chemotherapy; chemo; chemotherapie; quimioterapia; chimiotherapie; immunosuppressant; immunosuppressants;
    bisphosphonate; bisphosphonates; osteoporosis tablet; thyroid pill; thyroid tablet; thyroid medicine;
    thyroid medication; heart pill; heart tablet; heart medicine; heart medication;
    statin; statins; cholesterol tablet; cholesterol pill; beta blocker; beta blockers; betablocker; ace inhibitor;
    ace inhibitors; calcium channel blocker; calcium channel blockers; blood pressure tablet; blood pressure tablets;
    blood pressure pill; blood pressure pills; blood pressure medicine; blood pressure medication; antihypertensive;
    antihypertensives; blood thinner; blood thinners; anticoagulant; anticoagulants; blutverdunner;
    insulin; insulins; insulina; insuline; diabetes tablet; diabetes tablets;
    painkiller; painkillers; pain killer; pain killers; pain pill; pain pills; analgesic; analgesics; nsaid; nsaids;
    opioid; opioids; schmerzmittel; steroid; steroids; corticosteroid; corticosteroids;
    antidepressant; antidepressants; antipsychotic; antipsychotics; sleeping pill; sleeping pills; sleeping tablet;
    sleeping tablets; sleep aid; schlafmittel; anticonvulsant; anticonvulsants; antiepileptic; antiepileptics;
    antihistamine; antihistamines; allergy tablet; allergy pill; inhaler; inhalers; nasal spray; eye drops;
    contraceptive; contraceptives; contraceptive pill; birth control; birth control pill; birth control pills; hrt
"""
_DEVICES: Final = """
    test strip; test strips; glucose test strips; blood glucose test strips; lancet; lancets; glucose meter; glucometer;
    pen needle; pen needles; needle; needles; syringe; syringes; insulin syringe; insulin syringes; insulin pump;
    insulin pen needle; insulin pen needles; alcohol swab; alcohol swabs; alcohol pad; alcohol pads; alcohol prep pads;
    spacer; nebulizer; nebuliser; compression stockings; catheter; catheters; gauze; dressing; dressings; cpap
"""


class Group(NamedTuple):
    """The name of a group or device in a line: the places of its words, and why it says too little."""

    places: frozenset[int]
    problem: str


def _phrases(written: str) -> list[tuple[str, ...]]:
    return [tuple(phrase.split()) for phrase in written.split(";")]


_PROBLEMS: Final = {
    **dict.fromkeys(_phrases(_DEVICES), "names a device and no medicine: leave it out of the list"),
    **dict.fromkeys(_phrases(_OTHERS), "names a group of medicines and not one of them: give the medicine's name"),
    **dict.fromkeys(
        _phrases(_MAY_HOLD_MAGNESIUM),
        "names a group of products, of which some hold magnesium and others none: give the product's name or contents",
    ),
}
_LENGTHS: Final = range(max(map(len, _PROBLEMS)), 0, -1)


def groups_in(words: Sequence[str]) -> list[Group]:
    """The groups and devices that a line names, longest first, from left to right.

    ``words`` are those of `rules.tokens`.
    """
    found: list[Group] = []
    end = 0
    for position in range(len(words)):
        if position < end:
            continue
        for length in _LENGTHS:
            phrase = tuple(words[position : position + length])
            if phrase in _PROBLEMS:
                end = position + len(phrase)
                found.append(Group(frozenset(range(position, end)), f'"{" ".join(phrase)}" {_PROBLEMS[phrase]}'))
                break
    return found
