"""What the settings of the pure models are for: theirs are plain dataclasses, which cannot say it."""

from __future__ import annotations

from models.alarms.alarm import AlarmSettings
from models.alarms.flood import FloodSettings
from models.floor import FloorSettings
from models.itemsets.completion import CompletionSettings
from models.itemsets.counts import ItemsetSettings
from models.line.machine import WatchSettings
from models.line.sensor import SensorSettings
from models.merge import MergeSettings
from models.offers.settings import OfferSettings
from models.options.counts import OptionSettings
from models.propensity.settings import ContestSettings
from models.scorers.baseline import BaselineSettings
from models.scorers.likelihood import LikelihoodSettings
from models.scorers.machine import MachineSettings
from models.scorers.rest import RestSettings
from models.scorers.sensor import ScorerSettings
from models.scorers.shape import ShapeSettings
from models.scorers.slow import SlowSettings
from models.sequences.guess import SequenceSettings
from models.sequences.neighbours import NeighbourSettings

ABOUT: dict[type, dict[str, str]] = {
    ItemsetSettings: {
        "half_life_s": "After so many seconds a basket counts half; 0: for ever in full.",
        "epsilon": "Pairs rarer than this share of the baskets may be forgotten; 0: none are.",
        "cap": "Most articles of a basket that are counted; of larger ones a sample; 0: all.",
        "window": "Baskets kept per shard, to take returns back and to count triples late.",
        "max_pairs": "Most pairs counted per shard; the rarest are forgotten.",
        "max_triples": "Most triples counted per shard.",
        "min_customers": "Pairs that in no shard so many customers bought are not published.",
    },
    CompletionSettings: {
        "basket": "Most articles of a cart or an order that are looked at; of larger ones a sample.",
        "step": "How fast the weights of the measures move, above 0.",
    },
    OptionSettings: {
        "max_items": "Most option values, and pairs of them, counted per shard; those of the articles "
        "not ordered for longest are forgotten.",
        "max_values": "Most values counted per article; those not chosen for longest are forgotten.",
        "max_pairs": "Most pairs of values counted per article; likewise.",
    },
    MergeSettings: {
        "min_support": "Least share of all baskets for a pair to become a rule.",
        "min_count": "Least number of baskets for a pair to become a rule.",
        "false_discovery_rate": "Share of published rules that may be chance.",
        "rules_per_item": "Most rules published per article.",
        "neighbours_per_item": "Most articles looked at next that are published per article.",
        "bought_with": "Most articles bought with an article that are published, untested.",
        "option_values": "Most values published per option of an article.",
        "option_pairs": "Most pairs of option values published per article.",
        "trending": "Length of the list of trending articles.",
    },
    SequenceSettings: {
        "memory": "Latest different articles of a session that the next one is guessed from.",
        "covisit_half_life_s": "After so many seconds views in one session count half; 0: never.",
        "trending_half_life_s": "After so many seconds a view counts half as a trend.",
        "max_row": "Most articles remembered near an article.",
        "max_items": "Most articles per shard with others remembered near them.",
        "second_step": "Weight of what is near to what is near, where little is near; 0: left out.",
        "like_sessions": "Weight of what the sessions most like this one viewed; 0: left out.",
        "neighbours": "How sessions are compared.",
    },
    NeighbourSettings: {
        "sessions": "Latest sessions kept per shard, to compare others with; 0: none.",
        "length": "Latest distinct articles kept of a session.",
        "per_item": "Latest sessions that are found by an article.",
        "compared": "Latest sessions with an article in common that are compared with one.",
        "neighbours": "Sessions most like one that have a say in what is viewed next.",
    },
    OfferSettings: {
        "size": "Most articles in an offer.",
        "min_views": "Least views in a session before an offer.",
        "cooldown_s": "Seconds between two offers to a customer.",
        "item_cooldown_s": "Seconds before a customer is offered the same article again.",
        "daily_cap": "Most offers to a customer in 24 hours.",
        "rebuy_after_s": "An article bought is not offered to its buyer for so many seconds, while it is not "
        "learnt when it is bought again and the offer rules do not say.",
        "tired_after": "A customer who has ignored so many offers in a row is left alone for longer.",
        "tired_cooldown_s": "Seconds before such a customer is made another offer.",
        "expires_after_s": "An offer holds for so many seconds; it must be seen by then to be learnt from.",
        "message_expires_after_s": "The same for offers that go out as messages: session_end, cart_left, "
        "price_drop and back_in_stock.",
        "click_window_s": "An offer is decided so many seconds after it was first seen: not clicked means "
        "ignored.",
        "attribution_s": "A purchase so many seconds after the click is due to the offer.",
        "session_end_s": "A session silent for so many seconds seems to end (trigger session_end).",
        "cart_left_s": "A cart is left behind after so many seconds of silence (trigger cart_left); "
        "less than TAILORLINE_SESSION_WINDOW_S.",
        "pending": "Most offers per shard that still wait for a click or a purchase.",
        "goal": "What offers are for: clicks, orders, or margin (needs prices and costs: the catalogue).",
        "exploration": "How offers find out: thompson (draws from what is not known), epsilon_greedy (by "
        "the random share alone), or none (neither).",
        "boldness": "How much thompson explores; 1: as much as is not known, 0: not at all.",
        "draws": "Draws that propensities are estimated from, 1 to 1000.",
        "random_share": "Share of the offers in which one article is drawn at random from all candidates.",
        "category_quota": "Most articles of one category in an offer, while there are others.",
        "diversity": "0: articles by score alone, 1: another category each time.",
        "holdout": "Share of the customers who get no offers, so that it is known what offers add; 0 to 1.",
    },
    ContestSettings: {
        "champion": "The classifier that serves at first: logistic, linear_svm, "
        "hoeffding_adaptive_tree, adaptive_random_forest (slow, large) or mlp (needs tailorline[mlp]).",
        "challengers": "Others that learn beside it, comma-separated; empty: none, and no contest.",
        "block": "Sessions that a challenger is compared with the champion over; one check each.",
        "checks": "So many checks in a row must a challenger pass to be promoted.",
        "z": "It passes one if better by so many standard errors; raised for several challengers.",
        "min_sessions": "Least sessions between two promotions, and before the first.",
        "pin": "The classifier that serves whatever the contest says; holds at the next start of the "
        "worker, without a reset.",
    },
    FloorSettings: {
        "allowed_lateness_s": "A sample so much older than its machine's newest one is late: counted, but "
        "it moves no model and no alarm.",
        "max_sensors": "Most sensors, and most machines, per shard; the longest silent ones go.",
        "max_skus": "Most articles per shard whose production is counted; those not made for longest "
        "are forgotten.",
        "seen_ids": "Latest event ids per shard that repeats are recognised by.",
    },
    FloodSettings: {
        "begins": "With so many alarms of a line in ten minutes there is a flood, and only urgent ones are told; "
        "0: never. A line's machines may be in several shards, each of which counts its own.",
        "ends": "With fewer than so many in ten minutes it is over.",
    },
    WatchSettings: {
        "deadband": "A machine's alarm begins to be over below this share of its limit.",
        "normal_after": "After so many rows in alarm what a machine does is normal, and it says so.",
        "normal_after_s": "And after so many seconds.",
    },
    SensorSettings: {
        "deadband": "An anomaly begins to be over below this share of its limit.",
        "normal_after": "After so many samples in alarm the new level is normal, and it says so.",
        "normal_after_s": "And after so many seconds.",
    },
    AlarmSettings: {
        "on_samples": "So many samples in a row must be over the limit.",
        "on_delay_s": "And for so many seconds.",
        "off_samples": "So many samples in a row must be back to normal.",
        "off_delay_s": "And for so many seconds.",
        "off_bound_s": "Back to normal for so many seconds it is over after `off_least` samples; 0: never.",
        "off_least": "See there.",
        "latched": "Whether it stays active until somebody acknowledges it.",
        "acknowledge": "Whether it is done with only when somebody has acknowledged it.",
        "realarm_s": "Acknowledged and still active after so many seconds it calls again; 0: never.",
        "chatter_times": "Active so often within `chatter_s` seconds an alarm chatters.",
        "chatter_s": "See there.",
        "chatter_off_s": "Off-delay in seconds of an alarm that chatters.",
        "recur_times": "Over its limit and back so often within `recur_s` seconds an alarm recurs.",
        "recur_s": "See there.",
        "recur_off_s": "One that recurs is over when nothing would have activated it for so many seconds, and any "
        "other one then at the latest; 0: neither.",
    },
    ScorerSettings: {
        "limit": "Least limit of level and spread, in sigma.",
        "tail": "It is at least so many times what a sensor's own scores exceed once in 1,000 samples.",
        "unlikely": "Least limit of shape and of the likelihood of deviations, in sigma.",
        "unlikely_tail": "It is at least so many times what they exceed once in `unlikely_every_s`.",
        "unlikely_every_s": "See there; in seconds.",
    },
    BaselineSettings: {
        "warm_up": "Samples of a new sensor before it is scored.",
        "memory": "Samples that the normal level and spread are taken over.",
        "limit_memory": "Samples that the smoothed scores' own variation is taken over.",
        "smoothing": "Weight of the latest sample in the smoothed score, 0 to 1.",
        "quiet_z": "A sample further off than so many sigma does not move the normal level.",
        "uneasy_z": "From so many sigma on the normal level learns slowly.",
        "sudden_z": "A sample so many sigma off counts by itself, and not what is smoothed.",
        "min_sigma_share": "Least sigma as a share of the value, against alarms on its last digit.",
    },
    ShapeSettings: {
        "window": "Latest samples that the last ones are compared with; 4 bytes each.",
        "short": "So many of the last samples are compared.",
        "long": "And so many.",
        "memory": "Samples that the usual distance is taken over.",
    },
    SlowSettings: {
        "smoothing": "Share of a new sample in the level that slow drifts are looked for in.",
        "memory": "Samples that where it usually is is taken over.",
        "warm_up": "So many samples are needed before anything is said.",
        "uneasy_z": "From so many sigma on it is learnt slowly.",
        "limit": "So many sigma off, it is a deviation.",
        "tail": "The limit is at least so many times what the sensor's own level exceeds once in fifty "
        "stretches.",
    },
    LikelihoodSettings: {
        "short": "So many of the last scores are compared with their history.",
        "memory": "Samples of that history.",
        "warm_up": "Least samples of it.",
        "sluggish": "One sigma is at least so many times what means of the last scores vary.",
        "least_sigma": "And at least so much.",
    },
    RestSettings: {
        "flat_line": "Least number of equal samples in a row that is a flat line.",
        "memory": "Samples that the share of those that move is taken over.",
        "bad_run": "Samples of bad quality in a row that make an alarm.",
        "stale_intervals": "Silent for so many usual intervals a sensor is stale; later, if its intervals are irregular.",
        "stale_s": "And for so many seconds at least.",
    },
    MachineSettings: {
        "learn_rows": "Rows of samples that are learnt before a machine is scored.",
        "learn_per_sensor": "Or so many for each sensor, if that is more.",
        "calibrate_share": "So many more, as a share, before its scores' own variation is known.",
        "keep": "So many times these rows are kept, the newest in which nothing was wrong, and learnt from later on.",
        "relearn_every": "So often, as a share of the rows learnt first, it is learnt anew from those; inf: never.",
        "memory": "Rows that this is taken over.",
        "smoothing": "Weight of the latest row in the smoothed score.",
        "slow_smoothing": "And in the one smoothed more, for faults that come slowly.",
        "follow": "Share of each row by which a sensor's slow drift is followed.",
        "follow_quiet": "And any drift, while the machine is not in alarm.",
        "follow_lasting": "And while it is, so slowly that what lasts for thousands of rows becomes normal.",
        "limit": "An alarm needs so many sigma.",
        "most_sensors": "Most sensors of a machine that are scored together.",
    },
}
