"""The words of a medication line that are no names: forms, routes, how often, units, and words that say nothing.

English, German, French, Spanish, Italian and the Latin of prescriptions, lower case and without accents. It holds
words only; `rules.reading` reads lines with them, and no word here may be one that tells one medicine from another.
"""

# ruff: noqa: SIM905 - lists of words are read and reviewed as words
from __future__ import annotations

from typing import Final

from rules.quantities import MASS_UNITS
from rules.terms import DoseForm, Route

FORMS: Final[dict[str, DoseForm]] = {
    word: form
    for form, words in {
        DoseForm.TABLET: """tablet tablets tab tabs tbl tabl tbs tablette tabletten filmtablette filmtabletten filmtbl
            filmtabl caplet caplets comprime comprimes cp cpr comprimido comprimidos compressa compresse tb dragee
            dragees fta dra""",
        DoseForm.CHEWABLE_TABLET: """chewable chewtab chewtabs chew chw chtb gummy gummies kautablette kautabletten
            kauwtablet kauwtabletten kta""",
        DoseForm.EFFERVESCENT: """effervescent effervescents brausetablette brausetabletten brause brausetbl bta
            bruistablet bruistabletten""",
        DoseForm.GASTRO_RESISTANT: """enteric gastro ec dr delayed tbec tbdr cpdr cpep drtb drcp msr mups
            magensaftres magensaftresistent magensaftresistente magensaftresistenten resistante resistantes tmr kmr hkm
            gastroresistente gastroresistenti gastrorresistente gastrorresistentes gastroresistant msr""",
        DoseForm.MODIFIED_RELEASE: """extended er xr xl sr cr mr cd la retard ret retardtabletten retardkapseln
            retardtbl retardtabl
            rek mga prolonged modified sustained hr lp sa tber tbsr cper cpsr""",
        DoseForm.CAPSULE: """capsule capsules cap caps kapsel kapseln hartkapsel hartkapseln weichkapsel weichkapseln
            kps hkp wka gelule gelules capsula capsulas softgel softgels""",
        DoseForm.SOLUTION: """solution soln sol syrup syrp elixir elix liquid liqd conc losung saft
            sirup sirop syp syr""",
        DoseForm.SUSPENSION: "suspension susp susr mixture mixt",
        DoseForm.POWDER: """powder powders granules granule granulat pulver poudre sachet sachets packet packets pckt
            powd pwpk beutel btl sobre sobres bustina bustine bust zakje zakjes saqueta saquetas""",
        DoseForm.INJECTION: """injection injectable inj vial vials ampoule ampoules ampulle ampullen amp infusion
            syringe syringes syrg pen inpn pnij autoinjector atin penfill cartridge crtg""",
        DoseForm.INHALATION: """inhaler inhalation inh neb nebule nebules nebuliser nebulizer nebulised nebulized
            inhalant hfa dpi mdi evohaler hfaa aepb aera diskus respimat""",
        DoseForm.CREAM: "cream crm crea creme",
        DoseForm.OINTMENT: "ointment oint salbe pommade",
        DoseForm.GEL: "gel",
        DoseForm.EYE_DROPS: "gtt gtts augentropfen collyre",
        DoseForm.PATCH: "patch patches pflaster",
        DoseForm.SUPPOSITORY: "suppository suppositories supp zapfchen suppositoire suppositoires",
        DoseForm.ENEMA: "enema",
        DoseForm.LOZENGE: "lozenge lozenges",
    }.items()
    for word in words.split()
}
ROUTES: Final[dict[str, Route]] = {
    word: route
    for route, words in {
        Route.ORAL: "oral orally po buvable buvables oralement oraal",
        Route.INTRAVENOUS: "iv intravenous intravenously ivpb piggyback tpn ppn",
        Route.INTRAMUSCULAR: "im intramuscular intramuscularly",
        Route.SUBCUTANEOUS: "sc sq subq subcut subcutaneous subcutaneously",
        Route.INHALED: "inhaled inhale nebulize nebulise",
        Route.TOPICAL: "topical topically cutaneous bath lotion shampoo liniment",
        Route.TRANSDERMAL: "transdermal td",
        Route.OPHTHALMIC: "ophthalmic ophth eye eyes ou od os",
        Route.OTIC: "otic ear ears aural",
        Route.NASAL: "nasal intranasal nostril",
        Route.RECTAL: "rectal rectally pr",
        Route.VAGINAL: "vaginal vaginally pv pessary pessaries",
        Route.SUBLINGUAL: "sublingual sublingually sl",
        Route.OTHER: "buccal buccally oromucosal",
    }.items()
    for word in words.split()
}
# By needle, and never swallowed.
INJECTED: Final = frozenset(
    {word for word, route in ROUTES.items() if route in {Route.INTRAVENOUS, Route.INTRAMUSCULAR, Route.SUBCUTANEOUS}}
    | {word for word, form in FORMS.items() if form is DoseForm.INJECTION}
)
# What is taken by mouth is swallowed, unless it is one of these, and rinsing the mouth is no way of taking anything.
# Under the skin, under the tongue: not on them.
# Through a tube: into the gut, where it meets what is swallowed. PEG and NG are something else elsewhere.
TUBES: Final = frozenset(
    """ng ngt nj njt nd ndt og ogt peg pej gt jt rig rij dobhoff corpak gastrostomy jejunostomy nasogastric nasojejunal
    nasoduodenal orogastric enteral enterally feeding""".split()
)
THROUGH: Final = frozenset("via per by through down into or".split())
UNDER: Final = {"skin": Route.SUBCUTANEOUS, "tongue": Route.SUBLINGUAL}
INHALING: Final = frozenset("inhale inhaler inhalation inhalations puff puffs nebulize nebulise".split())
RINSING: Final = frozenset("rinse wash gargle".split())
# How many times a day; times of day are below.
COUNTED: Final[dict[str, int]] = {
    **dict.fromkeys("daily qd od taglich taegl taeglich tgl tagl quotidien quotidiennement daags dagelijks".split(), 1),
    **dict.fromkeys("bid bd twice zweimal".split(), 2),
    **dict.fromkeys("tid tds thrice tidac tidwm tidpc dreimal".split(), 3),
    **dict.fromkeys("qid qds viermal".split(), 4),
    "funfmal": 5,
}
# Times of day that stand for one intake each: "morning and evening" is twice a day.
TIMES_OF_DAY: Final[dict[str, str]] = {
    **dict.fromkeys(
        """mane morning mornings qam om morgens fruh matin mattino mattina breakfast am fruhstuck ochtend ochtends
        ontbijt manha manana desayuno colazione bbf""".split(),
        "morning",
    ),
    **dict.fromkeys(
        """noon midday mittags mittag midi lunch lunchtime mezzogiorno mediodia middags pranzo dejeuner almoco
        almuerzo""".split(),
        "noon",
    ),
    **dict.fromkeys(
        """evening evenings abends abend soir sera dinner supper teatime suppertime avond avonds cena jantar
        souper""".split(),
        "evening",
    ),
    **dict.fromkeys("pm qpm".split(), "second half"),
    **dict.fromkeys(
        "bedtime hs night nightly nocte qhs nachts nacht coucher noche noite notte slapengaan".split(), "bedtime"
    ),
}
# The small one of these is breakfast: "petit d\u00e9jeuner", "pequeno-almo\u00e7o".
SMALL_MEALS: Final = {"petit": "dejeuner", "pequeno": "almoco"}
# As often as somebody eats; a time of day behind "and" comes on top.
MEALS: Final = frozenset("meals meal ac pc mahlzeiten repas comidas pasti maaltijden refeicoes".split())
# A medicine that can be swallowed, and is taken before or after these, is.
WITH_FOOD: Final = MEALS | frozenset(
    """food breakfast fruhstuck ontbijt desayuno colazione lunch lunchtime pranzo dejeuner almuerzo dinner supper
    suppertime mittagessen abendessen essen nahrung nourriture stomach juice""".split()
)
# Where a line names two of them, nobody can tell whether they are one intake or two.
LATE: Final = frozenset({"evening", "second half", "bedtime"})
# From a count of pieces that names none these lead to how they are taken: "take 2 at bedtime", "2 by mouth daily".
LEADING: Final = frozenset(
    """by at in with before after every each q on around le la au am mit zum vor nach avec avant apres con prima dopo
    antes despues""".split()
)
MONTHS: Final = frozenset(
    """jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september
    october november december""".split()
)
# Behind a number these make it a time; before one, they number something.
MINUTES: Final = frozenset("min mins minute minutes minuten".split())
NUMBERED: Final = frozenset("refill refills rf repeat repeats type stage grade week day d no".split())
# Said after a count: it is one of a day.
DAY: Final = frozenset(
    "day d daily j jour jours tag taglich taeglich taegl tagl tgl dia giorno die di dd daags dag".split()
)
DAYS: Final = frozenset("d j day days jour jours jrs tag tage dia dias giorno giorni gg die dag dagen".split())
TIMES_A_DAY: Final = frozenset("xday xd xdaily xtgl xtagl xtaglich".split())  # 2xday
HOURS: Final = frozenset("h hr hrs hour hours stunde stunden std heure heures horas ore uur".split())
EACH: Final = frozenset({"a", "per", "each", "every", "/", "par", "pro", "am", "al", "por", "die", "la"})
GERMAN_DAY: Final = frozenset("tag morgen mittag abend".split())  # before these "am" is German, and no morning
A_DAY: Final = frozenset("a per par pro al am".split())  # before a day: once, unless a number of times stands before it
DURING: Final = frozenset({"for", "over", "pour", "fur", "por", "uber"})  # "for a week" is no "once a week"
EVERY: Final = frozenset("q every each alle toutes cada ogni jede jeden elke".split())
# Behind a number of hours: every so many of them ("6-hourly", "8-stündlich").
HOURLY: Final = frozenset("hourly hrly hly stundlich stundl stdl".split())
TIMES: Final = frozenset("times x fois mal veces vez vezes volte volta maal keer dd".split())
PERIODS: Final = frozenset(
    """week weeks wk wks month months mth mths year years yr yrs woche wochen semaine semaines mois semana settimana
    monat""".split()
)
# A count or an interval of more than a day; none a day is known then.
RARER: Final = frozenset(
    """weekly wkly monthly qod eod tiw biw qwk alternate wochentlich monatlich fortnightly yearly annually hebdomadaire
    mwf mo tu mon tue tues wed thu thur thurs fri sat sundays mondays tuesdays wednesdays thursdays fridays saturdays
    sunday monday tuesday wednesday thursday friday saturday""".split()
)
# What is said is no steady dose: the times a day stay open.
UNSTEADY: Final = frozenset(
    """stat load loading bolus then increase increasing decrease reduce reducing titrate taper tapering divided split
    max maximum until repeat reduzieren steigern erhohen ausschleichen einschleichen""".split()
)
# Before "from" and an amount: that is of the past, and what stands before it is taken.
ALTERED: Final = frozenset("reduced increased decreased changed".split())
UNTIL: Final = (("up", "to"), ("bis", "zu"), ("jusqu", "a"))
# Before a day they say when a course ends, and nothing of how often; these may stand between the two.
ENDING: Final = frozenset("until till til bis through thru jusquau hasta fino tot".split())
BEFORE_A_DATE: Final = frozenset("the on date am zum al el le au and including".split())
WEEKDAYS: Final = frozenset(
    """mon tue tues wed thu thur thurs fri sat sunday monday tuesday wednesday thursday friday saturday montag dienstag
    mittwoch donnerstag freitag samstag sonntag""".split()
)
# Until then it is taken as the line says: somebody will look at it again, or the pack is empty.
REVIEWED: Final = frozenset("review reviewed seen further finished complete completed".split())
AS_NEEDED: Final = frozenset(
    """prn needed required sos bedarf bed besoin necesario bisogno schmerzen nodig dolor dor dolore
    douleur douleurs necessario""".split()
)
# "as required", "bei Bedarf", "si besoin": these words mean it together with the one before.
NEEDED_AFTER: Final = {
    "needed": frozenset({"as", "if", "when"}),
    "required": frozenset({"as", "if", "when"}),
    "bedarf": frozenset({"bei"}),
    "bed": frozenset({"b", "bei"}),
    "besoin": frozenset({"si"}),
    "necesario": frozenset({"es"}),
    "bisogno": frozenset({"al"}),
    "schmerzen": frozenset({"bei"}),
    "nodig": frozenset({"zo", "indien"}),
    "dolor": frozenset({"si"}),
    **dict.fromkeys(("douleur", "douleurs"), frozenset({"si"})),
    **dict.fromkeys(("dor", "dolore"), frozenset({"se"})),
    "necessario": frozenset({"se"}),
}
NUMBER_WORDS: Final[dict[str, str]] = {
    "quarter": "0.25",
    **dict.fromkeys(("half", "halbe", "demi"), "0.5"),
    **dict.fromkeys(("one", "eine", "un", "une", "i", "una"), "1"),
    **dict.fromkeys(("two", "zwei", "deux", "ii", "dos", "due"), "2"),
    **dict.fromkeys(("three", "drei", "trois", "iii", "tres", "tre"), "3"),
    **dict.fromkeys(("four", "vier", "quatre", "iiii", "cuatro", "quattro"), "4"),
    **dict.fromkeys(("five", "funf", "cinq"), "5"),
    **dict.fromkeys(("six", "sechs"), "6"),
    "seven": "7",
    **dict.fromkeys(("eight", "acht", "huit"), "8"),
    "nine": "9",
    **dict.fromkeys(("ten", "zehn", "dix"), "10"),
    "twelve": "12",
}
# Numbers that are words of other languages as well ("next dose due daily"): read before a noun only.
BEFORE_NOUNS: Final = frozenset({"una", "dos", "due", "tres", "tre"})
TAKE: Final = frozenset("take give use chew swallow inhale instil prendre einnehmen".split())
# An instruction may begin with these, behind the name of a medicine, whatever follows. "Use" may be what it is for.
ORDERING: Final = (TAKE - {"use"}) | frozenset("apply instill insert inject place dissolve rub spread mix".split())
# Unexplained on a line, these may say that the medicine is not taken, or no longer.
OVER: Final = frozenset(
    """dc held hold holding pause paused cancel cancelled canceled cease ceased withdrawn withdraw withheld withhold
    withholding avoid
    avoided off finished completed ended expired former formerly previous previously past prior history used refuse
    refused refuses declined declines denies denied allergy allergic intolerance intolerant contraindicated reaction
    switched changed inactive resolved longer dcd dced d quit skipped skipping removed deleted error wrong anymore ran
    unable afford nonadherent noncompliant adherent compliant replaced interrupted omit omitted lapsed terminated
    weaned rejected void voided nil none crossed consider considering considered planned dog cat
    husband wife son daughter mother father mom mum dad brother sister family vater mutter taken given
    -> => >
    absetzen nicht kein keine allergie unvertraglichkeit entfallt entfallen aufgehort abgebrochen weglassen weggelassen
    gestrichen ruht umgestellt ersetzt fruher ehemals zuletzt
    ne pas nest jamais cesse cessee cesser fini finie termine terminee refus remplace remplacee
    ya dejo dejado deixou deixado parou parado nunca anulado smesso eliminato eliminata
    niet geen nooit vervallen beeindigd onderbroken afgebouwd staken""".split()
)
# So begin words for the same, whatever their ending: suspendido, suspendue, suspenso; abgesetzt and ausgesetzt.
OVER_BEGINNINGS: Final = tuple(
    """stop discontinu descontinu deprescri suspend suspens suspendu sospes sospend arret interromp interrump interrott
    cancelad cancellat annul retirad finaliz terminad terminat abandon abgesetzt ausgesetzt aussetz eingestellt gestop
    gestaakt gepauzeerd pausier beende""".split()
)
NEGATIONS: Final = frozenset(
    """not never cannot cant dont isnt arent doesnt didnt hasnt havent wasnt wont wouldnt couldnt
    no non nao""".split()
)
# Behind a negation these say that the medicine is not taken, but an order with a condition ("do not take with milk").
TAKING: Final = frozenset(
    """take taking taken takes took be use using give given start begin until
    tolerate tolerated tolerating currently yet started filled
    prescribed dispensed issued ordered supplied now any piu pris prise assume assunto prende toma tomar tomado
    tomando""".split()
)
CONDITIONS: Final = frozenset(
    """if with more when within on at before after during for while unless other any extra double two this it together
    less in""".split()
)
# Close before what is unexplained, these leave open whether as much is always taken ("unless the moon is full").
UNDER_CONDITIONS: Final = frozenset("if unless when whenever only until while wenn falls si".split())
# Unexplained on a line, these may change how much is taken.
CHANGING: Final = frozenset(
    "double doubled triple halve halved extra additional another increases decreases converted".split()
)
# Beside "dose" they say that nobody knows how much is taken: "dose unknown", "variable dose".
UNKNOWN: Final = frozenset("unknown varies varying variable".split())
# Words an instruction is made of, behind the name of a medicine: they begin it or go on with it.
INSTRUCTING: Final = TAKE | frozenset(
    """apply instill insert inject place dissolve rub massage spread swish gargle spit rinse drink mix nebulize nebulise
    change remove wash put wear check suck shake keep finish protect space may to taken applied given
    swallowed inserted inhaled injected dissolved auftragen einreiben spritzen injizieren appliquer instiller injecter
    aplicar applicare""".split()
)
# At the beginning of a line, what follows is not taken by it: "check magnesium".
ABOUT: Final = frozenset({"check", "change", "remove"})
# What an instruction says of where and how; in front of it these may be part of a name. None may say that it is over.
INSTRUCTED: Final = frozenset(
    """face scalp hair leg legs calf calves
    head neck chest back shoulder shoulders arm arms elbow elbows hand hands finger fingers nail
    nails toenail toenails fingernails nares nose mouth tongue gums lip lips cheek eyelid eyelids lid lids lash
    lashes abdomen abdominal thigh thighs buttock groin hip hips knee knees ankle ankles foot toe toes body areas
    site sites lesion lesions burn burns wound wounds joints lower upper under underneath inside outside inner outer
    between onto into thin thinly layer sparingly liberally generously ribbon strip inch inches pump pumps capful
    capfuls scoop scoops contents content whole full small entire amount glasses cup cups ounce ounces clean gently
    well thoroughly slowly uses using eating drinking taking same again rotate rotating afterwards afterward
    overnight device mask cm sunlight sun dairy milk grapefruit plenty other medicines medications suddenly abruptly
    pulse sbp dbp prevent counter feet be been is are you your this these that it its they all more most than even
    evenly throughout course additional information additive medicine product least own doctor pharmacist nurse
    route tells told unless advised cause causes make makes made drowsy sleepy dizzy drive driving operate machinery
    machines tools alcoholic drinks drunk dark black urine colour color stool stools loose harmless upright while
    sitting standing lie down swallowing tap fizzy lukewarm cold warm hot fridge refrigerated refrigerator stored
    bright cloudy sunbeds spread itchy dry high vagina rectum help helps keep treat control manage bathing
    showering remain shower dialysis session straw applesauce pudding tea coffee fruit fruits fully completely directly
    immediately later total apart gap separate separately breath usual part possible soon remember regular regularly
    interval intervals starting unchanged ongoing""".split()
)
# "Do not crush": how it is swallowed, and not that it is left out.
SPOILED: Final = frozenset(
    "crush chew break split cut open swallow suck stop exceed eat drink drive lie operate".split()
)
# Between two numbers they leave open which of the two it is.
RANGES: Final = frozenset("to or bis oder ou".split())
MOST: Final = frozenset("max maximum".split())
# Who makes or supplies a medicine, in two words before its name; none of them says what it is.
MAKERS: Final = frozenset(
    {
        *(("nature", "made"), ("natures", "bounty"), ("natures", "way"), ("natures", "truth"), ("natures", "own")),
        *(("now", "foods"), ("doctors", "best"), ("life", "extension"), ("pure", "encapsulations")),
        *(("spring", "valley"), ("thorne", "research"), ("vitamin", "shoppe"), ("kirkland", "signature")),
        *(("webber", "naturals"), ("holland", "barrett"), ("country", "life"), ("new", "chapter")),
        *(("integrative", "therapeutics"), ("douglas", "laboratories")),
        *(("cvs", "health"), ("rite", "aid"), ("good", "neighbor"), ("members", "mark"), ("non", "va")),
    }
)
# The same in one word that means nothing else.
MAKERS_ALONE: Final = frozenset(
    """solgar thorne jarrow swanson lamberts viridian biocare vitabiotics blackmores swisse jamieson metagenics
    bluebonnet twinlab solaray carlson nutricost bulksupplements puritans gnc doppelherz abtei equate
    walgreens""".split()
)
# The first word of a company's product, before the name of what is in it: "pms-Ciprofloxacin".
PREFIXES: Final = frozenset("apo pms ratio novo jamp auro riva taro phl".split())
# A name in brackets that ends so is that of a company: "(Essential Pharma Ltd)".
COMPANIES: Final = frozenset("ltd limited plc gmbh inc llc bv healthcare pharma pharmaceuticals laboratories".split())
# A line of a hospital begins with these where the medicine is taken.
BEGUN: Final = frozenset({"started", "continued", "continue"})
# What is measured before a dose: "hold for SBP < 100".
MEASURED: Final = frozenset("sbp dbp hr bp map pulse systolic rr".split())
# Pieces: what a number of them is, is in the strength.
PIECES: Final = frozenset(
    """tablet tablets tab tabs tbl tabl tablette tabletten filmtablette filmtabletten filmtbl
    filmtabl caplet caplets comprime comprimes
    cp cpr comprimido comprimidos compressa compresse kautablette kautabletten brausetablette brausetabletten
    capsule capsules cap caps kapsel kapseln hartkapsel hartkapseln weichkapsel weichkapseln kps cps gelule gelules
    capsula capsulas softgel softgels lozenge lozenges gummy gummies
    kauwtablet kauwtabletten bruistablet bruistabletten sobre sobres bustina bustine bust zakje zakjes saqueta saquetas
    stuk stuks pill pills sachet sachets packet packets beutel btl suppository suppositories zapfchen patch
    patches""".split()
)
# Behind a number that is not one, as systems of the United Kingdom write what is supplied: "28 capsule".
SINGULAR: Final = frozenset("tablet capsule caplet sachet lozenge pill suppository patch".split())
# Tablets where a number of them is said ("1 comp"); behind a name, another ingredient ("Ramipril comp").
TABLETS_IF_COUNTED: Final = frozenset({"comp", "co"})
# Portions of an inhaler or a spray: never part of a sum of magnesium.
PORTIONS: Final = frozenset(
    """puff puffs p spray sprays actuation actuations drop drops gtt gtts dose doses tropfen tr application unit units
    iu ie ui inhalation inhalations""".split()
)
DOSES: Final = frozenset({"dose", "doses"})
CONTAINERS: Final = frozenset(
    """bottle bottles vial vials bag bags pack packs kit box tube amp amps ampoule ampoules ampulle ampullen flasche
    syringe syringes pen pens""".split()
)
SCOOPS: Final = frozenset("scoop scoops capful capfuls".split())  # of no known size
FLUID_OUNCE: Final = "fl oz"
OUNCES: Final = frozenset("oz ounce ounces".split())
# In mL; household measures as labels in the United States count them (21 CFR 101.9(b)(5)(viii)), like rules.quantities.
VOLUMES: Final[dict[str, str]] = {
    **dict.fromkeys("ml mls cc ccs milliliter milliliters millilitre millilitres".split(), "1"),
    "l": "1000",
    "dl": "100",
    "cl": "10",
    **dict.fromkeys("tsp tsps teaspoon teaspoons teaspoonful teaspoonfuls teeloffel".split(), "5"),
    **dict.fromkeys("tbsp tbsps tablespoon tablespoons tablespoonful tablespoonfuls essloffel".split(), "15"),
    FLUID_OUNCE: "30",
}
METRIC: Final = frozenset("ml mls cc ccs milliliter milliliters millilitre millilitres l dl cl".split())
# What the unit of a volume begins with, or is where its size is open.
OPEN_SPOONS: Final = frozenset(
    """spoon spoons spoonful spoonfuls dessertspoon dessertspoons dessertspoonful dessertspoonfuls heaped heaping
    rounded level scant""".split()
)
MEASURES: Final = frozenset({*VOLUMES, *OPEN_SPOONS, "fl", *OUNCES})
# A spoon that holds so many millilitres as are said before it: "two 5 ml spoonfuls".
SPOONS: Final = frozenset("spoon spoons spoonful spoonfuls".split())
# On a line with one of these an ounce is one of a liquid.
LIQUIDS: Final = frozenset("solution soln sol liquid liqd liq syrup suspension susp mixture drink fl bottle".split())
# A spoon of one of these is no volume.
SOLIDS: Final = frozenset(
    {"salt", "salts", "flakes", "crystals"} | {word for word, form in FORMS.items() if form is DoseForm.POWDER}
)
# What a medicine is taken with: the volume of it is no dose.
DRINKS: Final = frozenset(
    """water juice milk liquid fluid fluids beverage tea coffee broth gatorade wasser leitungswasser flussigkeit saft
    eau agua acqua saline""".split()
)
# Behind a number in brackets: how much of the element is in the salt, as in "325 (65 Fe) MG".
SYMBOLS: Final = frozenset("mg ca fe zn k".split())
# Behind a number these make it no number of pieces that it does not name; "and" and brackets go on with it.
OF_NO_PIECES: Final = HOURS | MINUTES | PERIODS | MEASURES | MONTHS | {"and", "(", "an", "strength"}
AMOUNTS: Final = frozenset({*MASS_UNITS, "mmol", "meq"})
UNITS: Final = frozenset({*AMOUNTS, *VOLUMES, "iu", "ie", "ui", "unt", "units", "unit", "mu", "miu", "%", "gauge"})
# What a strength may be per, besides a volume.
PER: Final = frozenset({*HOURS, *DAY, "min", "kg", "m", "dose", "actuation", "spray", "puff", "drop", "application"})
# What a medicine is diluted in; only behind "in".
VEHICLES: Final = frozenset(
    "nacl dextrose glucose saline ns normal sterile water sodium lr lactated ringer ringers hydration".split()
)
# Units of insulin in a millilitre, behind "U".
CONCENTRATIONS: Final = frozenset({"100", "200", "300", "500"})
# Salts, esters and water: they say nothing about which drug it is, after its name and only there.
SALTS: Final = frozenset(
    """sodium potassium calcium hydrochloride hcl dihydrochloride hydrobromide hbr sulfate sulphate phosphate acetate
    sod na pot succ tart bitartrate bitart sulf phos mono monohyd hyclate mesyl macrocrystals macrocrystal macro mac
    tartrate succinate fumarate maleate mesylate mesilate besylate besilate tosylate citrate bromide chloride nitrate
    gluconate lactate medoxomil cilexetil axetil monohydrate dihydrate trihydrate hemihydrate anhydrous hydrate base
    salt natrium kalium hydrochlorid sodique potassique calcique sodico sodica potasico potasica potassico potassica
    calcico calcica""".split()
)
# How Spanish, Portuguese, Italian and French name the salt of a drug.
ADJECTIVES: Final[dict[str, str]] = dict.fromkeys("magnesico magnesica magnesique".split(), "magnesium")
# Salts that German writes in one word with the drug, the longer ones first; and what is no drug before them.
SALTS_IN_ONE_WORD: Final = (
    "dihydrochlorid hydrochlorid hydrogentartrat hydrogensulfat hydrogenfumarat hemifumarat hydrobromid succinat"
    " fumarat tartrat besilat maleat mesilat tosilat sulfat phosphat acetat citrat natrium kalium"
).split()
CATIONS_IN_ONE_WORD: Final = frozenset("magnesium calcium lithium aluminium strontium natrium kalium".split())
# The salts of magnesium that a label names behind the element: "magnesium (as citrate)".
SALTS_OF_MAGNESIUM: Final = frozenset(
    """acetate aspartate bisglycinate carbonate chloride citrate gluconate glycerophosphate glycinate hydroxide lactate
    malate orotate oxide pidolate sulfate sulphate taurate threonate""".split()
)
# After a brand these may make another medicine of it ("Tylenol PM"); elsewhere they say nothing.
DIFFERENT_AFTER_A_BRAND: Final = frozenset("pm am night day days morning cold flu".split())
STRENGTH_ONLY: Final = frozenset("extra maximum max regular double single high low".split())  # "extra strength"
FILLER: Final = frozenset(
    """
    as of the a an by in on at to for per each every via from or when if with and up
    day days dailydose week weeks wks month months mth mths year years yr yrs hour hours h meal meals food
    before after times time x only once ac pc first last next over uber until around
    usp ph eur bp film coated release disintegrating orodispersible dispersible dissolving odt fc resistant
    immediate ir disp soluble solutab
    otc rx prescription pill pills
    strength dose doses unit drop drops spray mist metered actuation actuations puff puffs pack pack kit box
    bottle tube bag ampul plain generic brand adult adults child children elemental prefilled auto injector
    emulsion foam wash ml l mm cc m oz fl spoon spoons spoonful spoonfuls juice glass ds nebs
    contains excipient excipients clinic supply supplied tto ttos tta ttas tonight
    directed direction directions instructed dir dict ut mdu asdir spacer chamber empty stomach bowel
    prep half one two three four needed required divided split i ii iii
    left right both each affected area sugar sf alcohol gluten preservative cfc
    orange lemon lime cherry mint aniseed peppermint spearmint strawberry raspberry berry grape vanilla natural
    flavour flavor flavoured flavored unflavoured unflavored
    am pm noon min mins minute minutes hrs disp dispense qty quantity refill refills rf sig tr
    sliding scale protocol inr flush chemo porcine human ionic auc w
    daily nightly therapy treatment maintenance colonoscopy endoscopy procedure surgery premix
    premixed
    der die das den dem vor nach zum zur zu beim mit und oder bei alle fur tage tag woche wochen essen mahlzeit
    mahlzeiten abendessen mittagessen nuchtern stuck stk tropfen plan schema je einnehmen wasser
    le la les de du des un une au aux par jour jours avant apres pendant repas jeun fois et si toutes heure heures
    eau cuillere mesure
    el los las al dia dias con por cada antes despues ayunas en comida comidas hora horas
    veces vez volte volta einmal jede jeden um uhr sch scheduled
    cps dello di giorno giorni dopo prima pasti digiuno em jejum pela ao gg jrs ore
    repeats ogni elke stuk stuks het een bij voor eten tijdens dag maaltijd maaltijden supplement supplements
    sandoz teva mylan ratiopharm stada hexal zentiva accord aurobindo actavis tad henning cinfa
    pensa pharma biogaran heumann aliud almus
    """.split()
)
# What it is taken for; only where the line says so, because "furosemide allergy" is no furosemide.
INDICATIONS: Final = frozenset(
    """pain headache fever constipation diarrhea diarrhoea nausea vomiting heartburn indigestion reflux gerd sleep
    insomnia anxiety agitation itching itch allergies allergy cramps spasm spasms wheeze wheezing breath shortness sob
    chest swelling edema oedema legs leg muscle breakthrough moderate severe mild gas bloating cough dizziness
    feet weight wt gain dyspepsia pruritus dyspnoea dyspnea hiccups rash hives eczema dry eye infection burning redness
    irritation congestion stiffness inflammation acid blood pressure bp cholesterol diabetes thyroid heart rate rhythm
    failure depression mood seizure seizures bladder prostate stomach nerve neuropathy gout arthritis joint back asthma
    copd bones bone osteoporosis osteopenia anemia anaemia clot clots stroke prevention prophylaxis migraine migraines
    uti urinary ulcer ulcers hypertension hypothyroidism afib angina glaucoma fluid retention transplant
    rejection tract breathlessness breathless constipated sore throat wheezy stools stool""".split()
)
FOR: Final = frozenset("prn needed required for prevent to when if bei besoin fur bedarf".split())
ELEMENTS: Final = frozenset({"magnesium", "iron"})  # "magnesium potassium" is two, "losartan potassium" is one
CATIONS: Final = frozenset(
    {"sodium", "sod", "na", "potassium", "pot", "calcium", "natrium", "kalium", "sodique"}
) | frozenset("potassique calcique sodico sodica potasico potasica potassico potassica calcico calcica".split())
SEPARATORS: Final = frozenset({"/", "+", "&", ",", ";", "and", "with", "plus", "et", "und", "con", "mit", "-", "#"})
# What follows is another medicine, and not taken here: "30 min before furosemide".
ANOTHER: Final = frozenset("before after until vor nach avant apres antes despues prima dopo voor".split())
# These promise another ingredient: they are explained only by a name that follows.
PROMISING: Final = frozenset({"plus", "or", "oder", "comp", "compositum"})
