"""When are two feed entries the same one? The keys by which the archive knows what it has read before.

The archive drops an entry if *any* of its keys is known, so a key has to identify. A key too few costs one
more reading, which ends as a duplicate; a key too many hides news for good. Therefore:

- The canonical URL always is a key.
- A guid alone is none: feeds reuse them, or give the site's address in each. Guid *and* title together are.
- Title and summary are a key only within one site (or the same agency copy in a second outlet would be lost
  as corroboration), and only with the day they are dated to, or with a summary long enough not to recur: "X
  receives the ambassador" is the headline of many meetings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, urlencode, urljoin, urlsplit

from w3lib.url import canonicalize_url
from xxhash import xxh3_128_hexdigest

from monitor.reading.arabic import fold

if TYPE_CHECKING:
    from datetime import datetime

MAX_URL_CHARS = 4096
_TITLE_WORDS = 4
_SUMMARY_WORDS = 12

# Only parameters that never choose the article. courlan's list was tried first: it takes any name that
# begins with ga, gl, cid, eid or uid, and drops the `cid=` and `gallery=` by which some news systems number
# their articles.
_TRACKING = re.compile(
    r"(?:utm_.+|at_(?:medium|campaign|custom\d?|link\w*|format|ptr\w*)|(?:fb|g|dc|tt|y|tw|msclk|gbra|wbra)c?l?id"
    r"|igshi?d?|mc_[ce]id|_g[al]|xtor|cmpid|ocid|maca|traffic_source|amp|outputtype)",
    re.IGNORECASE,
)
_VARIANT_HOST = re.compile(r"^(?:www|m|mobile|amp)\.(?=[^.]+\.)")
_AMP_PATH = re.compile(r"/amp/?$", re.IGNORECASE)


def usable_link(href: str, *, base: str) -> str | None:
    """An absolute http or https URL for `href` as found in a feed at `base`, or None.

    Userinfo, backslashes and unprintable characters are refused: two parsers may disagree on where those
    lead.
    """
    href = href.strip()
    if not href or len(href) > MAX_URL_CHARS or "\\" in href or not href.isprintable():
        return None
    try:
        url = urljoin(base, href)
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        return None
    return url.replace(" ", "%20")


def canonical_url(url: str) -> str:
    """One spelling for all addresses of one article: an identity, not an address to dial.

    Host in lower case without `www.`, `m.`, `amp.` or default port, https, no fragment, no tracking
    parameters, query sorted, no trailing slash. Parameters that may choose the article stay. A URL that
    cannot be parsed comes back as it is.
    """
    try:
        parts = urlsplit(canonicalize_url(url))
        host = _host(parts)
    except ValueError:
        return url
    if not host:
        return url
    path = _AMP_PATH.sub("", parts.path).rstrip("/")
    query = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in query if not _TRACKING.fullmatch(name)]
    return f"https://{host}{path}" + (f"?{urlencode(kept)}" if kept else "")


def entry_keys(
    url: str, text: tuple[str, str], *, published_at: datetime | None, guid: str, feed: str
) -> tuple[str, ...]:
    """All keys of one entry, the canonical URL first.

    Args:
        url: The entry's link.
        text: Title and summary, plain.
        published_at: What the feed says; aware.
        guid: As the feed gives it; may be empty.
        feed: The feed's URL: guids are only unique within their site.
    """
    canonical = canonical_url(url)
    title, summary = (fold(part) for part in text)
    keys = [canonical]
    if len(title.split()) >= _TITLE_WORDS:
        if guid and canonical_url(guid) != canonical:
            keys.append(f"guid:{_site(feed)}:{_digest(guid, title)}")
        if published_at is not None or len(summary.split()) >= _SUMMARY_WORDS:
            day = "" if published_at is None else published_at.date().isoformat()
            keys.append(f"text:{_site(url)}:{_digest(day, title, summary)}")
    return tuple(keys)


def _digest(*parts: str) -> str:
    return xxh3_128_hexdigest("\x00".join(parts).encode("utf-8", "surrogatepass"))


def _site(url: str) -> str:
    try:
        return _host(urlsplit(url)) or url
    except ValueError:
        return url


def _host(parts: SplitResult) -> str:
    host = _VARIANT_HOST.sub("", (parts.hostname or "").rstrip("."))
    return host if parts.port in {None, 80, 443} else f"{host}:{parts.port}"
