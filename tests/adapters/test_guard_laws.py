"""The guard's law: whatever is asked for is refused, or is dialled at addresses of the public internet only."""

from __future__ import annotations

import asyncio
import ipaddress
from urllib.parse import urlsplit

import idna
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.adapters.addresses import is_public
from tests.adapters.hostile_urls import Attempt, attempts, public, tally, tried, v4, v6


def test_nothing_that_is_asked_for_is_dialled_anywhere_but_at_public_addresses() -> None:
    found = tally(400)
    assert found.total() >= 400
    assert found["dialled, public"] > 3
    assert found["E-FETCH-PRIVATE"] > 20
    assert found["E-FETCH-SCHEME"] > 20


@settings(max_examples=200, deadline=None)
@given(attempts)
def test_the_host_that_is_dialled_is_the_one_another_parser_reads_in_the_url(attempt: Attempt) -> None:
    seen = asyncio.run(tried(Attempt(url=attempt.url, answers=("8.8.8.8",), redirected=False)))
    for host in seen.asked:
        read = urlsplit(attempt.url).hostname or ""
        assert host.lower() == (read if read.isascii() else idna.encode(read).decode("ascii"))


@settings(max_examples=500)
@given(st.one_of(v4().map(lambda number: str(ipaddress.IPv4Address(number))), v6()))
def test_code_and_oracle_agree_on_every_address(address: str) -> None:
    assert is_public(address) == public(address)


@given(st.ip_addresses())
def test_no_private_address_is_ever_public_in_any_embedding(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if not ip.is_global or ip.is_multicast:
        assert not is_public(str(ip))
    if isinstance(ip, ipaddress.IPv4Address):
        for prefix in ("::", "::ffff:", "64:ff9b::", "2a00::5efe:"):
            assert not is_public(f"{prefix}{ip}")
        assert not is_public(str(ipaddress.IPv6Address((0x2002 << 112) | (int(ip) << 80))))
