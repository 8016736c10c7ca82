"""What the operator decides: settings, feeds, rules, watchlist and words, checked all at once.

`settings.toml` holds settings, the environment overrides it (`RASID_POLL__INTERVAL_S=600`: the section, two
underscores, the key), and secrets come from the environment alone: `RASID_MAIL__PASSWORD`, or the path of a file in
`RASID_MAIL__PASSWORD_FILE`. Nothing is guessed: a key nobody knows is a problem, and all problems are told together.
"""

from monitor.settings.feeds import add_feed, load_feeds
from monitor.settings.loading import ENV_FOLDERS, load_read_config, load_settings, load_watchlist, place_of
from monitor.settings.rules import WEEKDAYS, RuleTable, load_rules, recipients_of
from monitor.settings.shape import ENV_PREFIX, FeedTable, Settings

__all__ = [
    "ENV_FOLDERS",
    "ENV_PREFIX",
    "WEEKDAYS",
    "FeedTable",
    "RuleTable",
    "Settings",
    "add_feed",
    "load_feeds",
    "load_read_config",
    "load_rules",
    "load_settings",
    "load_watchlist",
    "place_of",
    "recipients_of",
]
