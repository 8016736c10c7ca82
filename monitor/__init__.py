"""Rasid watches Arabic news for the foreign meetings of the Haftars and tells what is new in them.

The walk, in the order in which it runs:

1. `monitor.pipeline.polling` takes the feeds that are due, each in a task of its own, and decides nothing.
2. `monitor.adapters.http` fetches feed and page bytes.
3. `monitor.adapters.engine` parses and reads in processes that can be ended.
4. `monitor.reading.feed` turns feed bytes into entries.
5. `monitor.reading.screen` says which of them are worth fetching.
6. `monitor.pipeline.articles` fetches those, and reads what the feed itself says where a page is not to be had.
7. `monitor.pipeline.settling` brings one article to its end: all that follows, and the commit.
8. `monitor.reading.article` says what one page says, by these stages:
9. `monitor.reading.extract` turns the page into an article.
10. `monitor.reading.segment` marks what each stretch of it is for.
11. `monitor.reading.annotate` finds the words that the next stages look for.
12. `monitor.reading.places` finds where.
13. `monitor.reading.people` finds who is named.
14. `monitor.reading.dates` finds when.
15. `monitor.reading.meeting` finds who met whom.
16. `monitor.reading.origin` asks whom the article has it from.
17. `monitor.reading.claims` finds what is said.
18. `monitor.reading.signature` makes what duplicates are found by.
19. `monitor.deciding` says what of that is new, by these stages:
20. `monitor.deciding.duplicates` asks whether the article is a copy.
21. `monitor.deciding.meetings` ties its meetings to the ledger's.
22. `monitor.deciding.relations` relates each claim to the ledger.
23. `monitor.deciding.alerts` decides who must hear of it, and when.
24. `monitor.deciding.outbox` addresses each alert and notice, `monitor.deciding.rules` says when it goes and with what.
25. `monitor.deciding.polling` says where the feed stands afterwards, and when it is polled next.
26. `monitor.pipeline.watching` asks whether the watch still sees, and tells the operator where it does not.
27. `monitor.pipeline.rereading` reads articles again for what was changed in them silently.
28. `monitor.pipeline.delivering` has a courier for each channel take what is due in the outbox.
29. `monitor.adapters.mail`, `monitor.adapters.webhook` and `monitor.adapters.chat` deliver.

What the stages rest on:

- `monitor.reading.arabic` folds and cuts Arabic, `monitor.reading.charset` finds it in bytes, `monitor.reading.layout`
  takes old tables for what they are.
- `monitor.reading.furniture` tells a line's furniture by its words.
- `monitor.reading.words` holds the lexicon ready: `monitor.reading.phrases` finds its forms in a text, and
  `monitor.reading.date_index` and `monitor.reading.calendars` serve dates.
- `monitor.reading.offices` finds posts and whose they are; `monitor.reading.frames` gives a meeting's verb its
  arguments by `monitor.reading.families`, `monitor.reading.headlines` does without a verb, and
  `monitor.reading.locations` tells where it happened; `monitor.reading.sightings` says what a sentence tells of a
  meeting, `monitor.reading.antecedents` whom it means without naming; `monitor.reading.clauses`,
  `monitor.reading.facets` and `monitor.reading.quantities` take a sentence's claims apart.
- `monitor.deciding.events`, `monitor.deciding.roles`, `monitor.deciding.contents` and `monitor.deciding.versions` know
  what holds for claims of one sort, `monitor.deciding.conflicts` which clauses exclude each other,
  `monitor.deciding.sameness` which mentions make one claim;
  `monitor.deciding.coverage`, `monitor.deciding.calibration` and `monitor.deciding.judged` how far two are alike;
  `monitor.deciding.refitting` what analysts' verdicts say of that;
  `monitor.deciding.origins` whom they come from; `monitor.deciding.verdict` puts the relation into words.
- `monitor.reading.identity` and `monitor.deciding.identity` make ids that a repeat makes again.
- `monitor.reading.statement` and `monitor.deciding.statements` serve `compare`: `monitor.reading.content` and
  `monitor.reading.roots` take a sentence's words, `monitor.deciding.aligning` lays those of two side by side.
- `monitor.reading.source` knows what is polled as what: a feed, a page of links, which `monitor.reading.listing` reads,
  or a news sitemap, which `monitor.reading.sitemap` reads.
- `monitor.reading.cutting` takes a feed apart into items, `monitor.reading.items` says what one is and marks it,
  `monitor.reading.wishes` what the feed asks of those who poll it, `monitor.reading.links` where the links of search
  engines lead, and `monitor.reading.discovery` where a site's feeds may be; `monitor.adapters.opml` takes and gives
  whole lists of them.
- `monitor.deciding.hours` knows local times and quiet hours, `monitor.deciding.muting` what a recipient wants no word
  of, `monitor.deciding.receivers` what the operator must hear of a channel that is wrong, and of who took leave.
- `monitor.deciding.alarms` and `monitor.deciding.volume` say what is not seen any more, `monitor.deciding.notices` puts
  it into a notice.
- `monitor.adapters.urls` and `monitor.adapters.addresses` are the guard of every request, `monitor.adapters.robots` and
  `monitor.adapters.turns` its manners, `monitor.adapters.bodies` and `monitor.adapters.headers` its caps.
- `monitor.pipeline.subscribing` asks hubs to tell of news, as `monitor.deciding.subscriptions` has it, and
  `monitor.adapters.websub` takes what they send.
- `monitor.adapters.links` signs and reads the links in mails, `monitor.adapters.pages` answers those who follow them on
  pages that `monitor.adapters.paper` writes; `monitor.adapters.serving` is the small server under these and under what
  hubs send to.
- `monitor.adapters.warc` writes kept pages for other archives.
- `monitor.pipeline.ingesting` and `monitor.reading.moments` serve files at hand, `monitor.pipeline.abreast` all that
  runs side by side.
"""
