"""English words that the rules look for, and the forms a verb takes."""

from __future__ import annotations

import re

from okr_delivery.gate.lint.texts.clean import either, words

DO = words("""
    launch ship complete build implement deliver develop create introduce organise organize publish conduct redesign
    design set finish write migrate release prepare hold draft integrate automate support upgrade establish run roll
    train hire produce make deploy execute install configure refactor rewrite document define plan start begin kick
    host arrange attend present purchase buy procure test pilot research investigate analyse analyze evaluate
    explore review revise update translate film record post send call visit interview survey collect compile
    assemble set-up rollout finalise finalize perform carry submit open add code port move replace consolidate
    optimise optimize refine improve-process enable localise localize onboard recruit assist help participate join
    coordinate collaborate work provide offer map standardise standardize formalise formalize digitise digitize
    adopt rebuild retire decommission sunset setup fix clean restructure reorganise reorganize schedule facilitate
    lead-workshop announce promote market advertise generate-report monitor track audit switch transition negotiate
    liaise brainstorm benchmark gather identify select shortlist choose author provision discuss prototype architect
    outline specify propose sponsor stage print order rebrand relaunch revamp overhaul certify align renegotiate
    retrain coach mentor brief educate upskill centralise centralize harmonise harmonize merge split containerise
    containerize retrofit inspect validate verify calibrate commission patch backfill trial consult renovate
    relocate reconfigure catalogue archive label deduplicate embed re-train re-negotiate redraft modernise modernize
    digitalise digitalize tender equip outfit balance rebalance tune stocktake restock refurbish enrol enroll
    recertify rewire remodel repaint reroute appoint nominate amend upload remaster playtest dub subtitle instrument
    index encrypt harden deprecate remove delete synchronise synchronize unify rationalise rationalize prune cleanse
    enrich ingest extract tag classify categorise categorize prioritise prioritize scope wireframe rehearse practise
    simulate stress-test load-test invite involve inform notify contact pitch demo showcase exhibit file apply
    license patent lease scan screen vaccinate redistribute reassign divest
""")
"""Verbs of work: what a team does, whatever comes of it."""

NOUNS_TOO = words("""
    restock launch build release support test design plan pilot research review survey document audit upgrade update
    host record post call visit order process map schedule stage market code port report interview hire train work
    help open start track add fix move purchase run monitor set hold make ship offer deploy move print promote
    assist switch transition trial brief coach mentor split patch label archive commission merge catalogue tender
    balance tune outfit index tag scope contact pitch demo showcase exhibit file license patent lease scan screen
    instrument
""")
"""Those of them that may be a noun: `release frequency`, `support tickets`."""

_IRREGULAR = {
    "build": "built", "write": """
    wrote written
""", "hold": "held", "run": "ran", "set": "set", "make": "made", "send": "sent", "begin": """
    began begun
""",
    "rebuild": "rebuilt", "rewrite": "rewrote rewritten", "buy": "bought", "keep": "kept",
}  # fmt: skip
_DOUBLING = words("ship set run plan begin map submit stop get cut")


def forms(verb: str) -> tuple[str, ...]:
    """Base, past and -ing form of a verb."""
    stem = verb[:-1] if verb.endswith("e") else verb + (verb[-1] if verb in _DOUBLING else "")
    past = _IRREGULAR.get(verb, f"{verb[:-1]}ied" if re.search(r"[^aeiou]y$", verb) else f"{stem}ed").split()
    return (verb, *past, f"{stem}ing")


DO_FORMS = {form: verb for verb in sorted(DO) for form in forms(verb)}
DONE_FORMS = frozenset(
    form
    for form, verb in DO_FORMS.items()
    if form != verb and not form.endswith("ing") and verb not in {"fix", "open", "onboard"}
)

CHANGE = either("""
    increase increases increased increasing raise raises raised raising grow grows grew growing reduce reduces
    reduced reducing cut cuts cutting lower lowers lowered lowering improve improves improved improving boost
    boosts boosting lift lifts lifting double doubles doubled doubling triple triples tripling halve halves halving
    shorten shortens shortening drop drops dropping fall falls falling rise rises rising decrease decreases
    decreasing bring brings bringing push pushes pushing drive drives driving reach reaches reaching hit hits
    hitting achieve achieves achieving decline declines climb climbs climbing shrink shrinks gain gains gaining
    save saves saving attract attracts attracting win wins winning up down convert converts converting generate
    generates generating expand expands slash trim get gets go goes attain exceed exceeds surpass surpasses
    accelerate speed deliver delivers yield yields
""")
RESULT = re.compile(
    rf"\bso (?!that's\b)(?:that )?|\bsuch that\b|\bwhich (?:\w+ )?{CHANGE}\b|\bthat (?:brings?|cuts?"
    rf"|raises?|reduces?|increases?|lifts?|lets?|saves?|generates?|wins?|attracts?)\b|\b(?:to"
    rf"|and thereby|thereby|thus|by) {CHANGE}\b"
    rf"|\b(?:raising|reducing|increasing|cutting|lowering|lifting|bringing|leading|resulting|improving"
    rf"|saving|shortening|doubling|halving|boosting|growing|driving|achieving|reaching|generating"
    rf"|enabling|allowing)\b|\b(?:brings?|resulting in|with the result|until)\b|\bthat .*\bcan\b|->|→",
    re.I,
)
SO_THAT = re.compile(r"\bso (?:that |\w+(?:'s)? \w+)|\bsuch that\b", re.I)
FINITE = words("""
    is are was were be been am can will would could may might must shall should do does did has have had cannot
    can't don't doesn't won't isn't aren't never always just no-longer already still need needs trust trusts love
    loves stay stays choose chooses recommend recommends want wants wait waits works come comes go goes get gets
    find finds feel feels see sees know knows keep keeps uses buy buys sell sells return returns reach reaches ship
    ships sleep sleeps spend spends leave leaves think thinks looks see sees fight fights pay pays prescribe
    prescribes run runs grow grows become becomes teach teaches happen happens answer answers renew renews arrive
    arrives win wins make makes take takes give gives learn learns believe believes tell tells meet meets stop
    stops start starts deliver delivers understand understands expect expects enjoy enjoys rely relies depend
    depends solve solves matter matters close closes finish finishes sign signs join joins cover covers bring
    brings turn turns serve serves own owns build builds mean means require requires decide decides talk talks ask
    asks move moves live lives begin begins pass passes read reads write writes speak speaks remember remembers
    forget forgets walk walks contribute contributes treat treats ignore ignores dare dares rest rests thrive
    thrives succeed succeeds fail fails recover recovers hear hears discover discovers prefer prefers switch
    switches notice notices us it them me him who which because when where whose while unless until than without
    instead whatever whenever wherever everyone anyone nobody someone anybody everybody every nothing anything each
    themselves itself ourselves everywhere again that they we you your what how handles shares leads lasts opens
    books used
""")
"""Words that a sentence holds and a bare name of a topic does not."""
IMPERATIVE = words("""
    win delight make help turn become be give free remove show bring establish unlock create build own lead earn
    let enable put bring take stop end earn convince prove conquer reinvent redefine open teach equip connect save
    protect secure get have ensure surprise inspire attract keep offer deliver provide set cut grow raise reduce
    increase improve reach hit achieve double launch ship move shape solve eliminate simplify find become recruit
    hire develop design invent champion restore rebuild regain rally change
""")
ABSTRACT = re.compile(
    r"\b(?:\w+(?:tions?|sions?|ments?|ty|ties|ness|ship|ance|ence|cy|cies|ism|ics|ing)|growth|strategy"
    r"|platform|retention"
    r"|revenue|sales|quality|culture|experience|brand|cost|costs|speed|success|health|care|"
    r"pipeline|productivity|debt|morale|happiness|safety|security|operations|performance"
    r"|infrastructure|architecture|okrs?|goals?|objectives?|roadmap|projects?|initiatives?|priorities|plan|data|people|talent|trust|satisfaction|market|product|value|profit"
    r"|compliance)$",
    re.I,
)
ADVERBS = words("""
    further continuously constantly significantly substantially greatly dramatically continue continued continually
    keep to we will steadily massively radically strongly actively always just consistently
""")
LESS = words("reduce cut lower minimise minimize decrease limit")
VAGUE = words("""
    improve enhance optimise optimize upgrade strengthen boost drive promote foster refine modernise modernize
    elevate empower streamline advance deepen reinforce uplift polish perfect mature consolidate revamp better
    develop accelerate cultivate nurture support maximise maximize increase transform push expand energise energize
    encourage stimulate scale intensify raise grow professionalise professionalize facilitate leverage focus
    simplify up-level uplevel level innovate improve-on ameliorate rethink evolve
""")
MADE = words(
    "make build create deliver provide offer ensure have become be do get give develop establish run achieve form"
)
PRAISE = either("""
    better best great high happy customer-centric customer-focused greater good excellent excellence world-class
    first-class best-in-class top-notch leading industry-leading outstanding superior high-quality quality stronger
    strong smarter smart more_\\w+ efficient effective robust stable scalable innovative exceptional amazing
    awesome seamless optimal high-performing high-performance agile modern data-driven faster smoother easier nicer
    cleaner richer bigger leaner healthier happier safer simpler quicker cheaper larger higher
""").replace(r"\\w\+", r"\w+")
GENERIC = words("""
    our the a an of for and to in on at its their all user users customer customers client clients company business
    team teams product products service services platform platforms system systems quality overall experience
    process processes internal employees employee staff people everyone performance efficiency satisfaction
    engineering organisation organization department brand technology tech stack website app data operations
    engagement work working value solution solutions across board every area areas new existing entire whole more
    with
""")
SERVED = either("""
    patients customers clients users buyers sellers merchants shops families children kids people residents tenants
    students pupils drivers riders passengers travellers travelers members guests learners parents players
""")
"""Whom something is done for."""
OWN = words("we our team teams staff managers engineers developers employees colleagues everyone")
"""Who does the work."""
STEADY = re.compile(
    r"^(?:keep|continue|continu(?:e|ing) to|carry on|stick to|stay in|maintain|sustain|preserve"
    r"|retain (?:the|our) current|keep (?:on|up)|keeping|maintaining|continuing|sustaining|stick with"
    r"|proceed with|uphold|remain)\b"
    r"|^(?:ongoing|routine|regular|regularly|day-to-day|daily|weekly|monthly|quarterly"
    r"|business as usual|bau|recurring|continuous|usual"
    r"|ensur(?:e|ing) (?:smooth|normal|stable|continuous|daily|ongoing|proper))\b",
    re.I,
)
BEAT = re.compile(r"^(?:daily|weekly|monthly|quarterly)\b", re.I)
ACTIVITY = re.compile(
    r"\b(?:meetings?|reviews?|reports?|reporting|support|maintenance|operations?|monitoring"
    r"|coordination|trainings?|backups?|calls?"
    r"|stand-?ups?|one-on-ones|retrospectives?|newsletters?|updates?|planning|checks?|audits?|syncs?"
    r"|communication|workshops?|work|tasks?"
    r"|business|administration|inspections?|sessions?|town halls?|all-hands|posts?|publications?"
    r"|publishing|contact|management)\b",
    re.I,
)
HOLD = re.compile(
    r"^(?:keep|maintain|sustain|preserve|stay|remain|retain|uphold)\b(?! (?:\w+ly )?\w+ing\b)",
    re.I,
)
RHYTHM = re.compile(
    r"\b(?:weekly|monthly|daily|quarterly|bi-?weekly|fortnightly|annual|yearly|regular|routine"
    r"|(?:morning|evening) (?:meetings?|stand-?ups?|calls?|reports?)"
    r"|periodic|recurring|day-to-day|usual|ongoing)\b|\bregularly\b|\b(?:on a )?regular basis\b"
    r"|\bas usual\b"
    r"|\b(?:every|each) (?:single )?(?:day|week|month|quarter|year|sprint|monday|friday|morning)\b"
    r"|\bonce a (?:week|month|quarter|day)\b|\baround the clock\b|\bper (?:week|month)\b|\bon time\b",
    re.I,
)
ROUTINES = words("""
    hold run publish send organise organize host conduct review report meet update handle process perform provide
    attend prepare collect carry respond monitor write produce issue circulate distribute share participate reply
    operate manage do check inspect give answer deliver compile pay execute join back clean schedule facilitate
    track maintain support administer file visit submit call test reconcile email
""")


DUTIES = words("attend monitor answer handle process operate administer respond reply file pay check circulate compile")
"""Those of them that are nobody's change even without a beat."""


def adverb(token: str) -> bool:
    """Whether a word only leads to the verb: `further improve`, `we will strengthen`."""
    return token in ADVERBS


def verb(token: str) -> str:
    """The verb of a form in -ing that begins a title; any other word as it is."""
    if not token.endswith("ing"):
        return token
    bases = (token[:-3], f"{token[:-3]}e", token[:-4])
    return next((base for base in bases if base in VAGUE or base in MADE or base in LESS), token)
