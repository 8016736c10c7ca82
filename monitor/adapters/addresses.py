"""Which addresses may be dialled, and where sockets are opened: a name is resolved once, each answer judged.

A feed or a redirect can name any host. Checking a name and then dialling the name again can be answered
differently (DNS rebinding), so what was judged is what is dialled; TLS and the Host header keep the name.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

import httpcore
import idna

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

Resolve: TypeAlias = "Callable[[str, int], Awaitable[tuple[str, ...]]]"
"""Host name and port to the addresses that it has, in the order in which to try them."""

_MAX_TRIED = 3
_CONNECT_S = 10.0

# `is_global` is no policy: multicast, NAT64, 6to4 and IPv4-compatible addresses pass it. For IPv6 the other
# way round: only what IANA has given out as global unicast, without what embeds an IPv4 address or is
# documentation.
_IPV4_REFUSED = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' NAT
            "127.0.0.0/8",
            "169.254.0.0/16",  # link-local, clouds' metadata
            "172.16.0.0/12",
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
_IPV6_GLOBAL = ipaddress.IPv6Network("2000::/3")
_IPV6_REFUSED = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "3fff::/20",  # documentation
        ),
    )
)


# RFC 5214: ISATAP puts an IPv4 address behind these 32 bits, under any prefix; two more bits of them may vary.
_ISATAP, _ISATAP_FREE = 0x0000_5EFE, 0x0300_0000


class AddressRefusedError(Exception):
    """A host leads to an address that may not be dialled."""

    def __init__(self, host: str, address: str, why: str = "is not a public address") -> None:
        """Name both: the host is what the reader knows, the address is why."""
        super().__init__(f"{host} leads to {address}, which {why}")


def target_of(url: str) -> str:
    """`host:port` of a web address: what private targets are allowed by."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def is_public(address: str) -> bool:
    """Whether `address`, as a resolver gives it, is an ordinary address of the public internet."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _IPV4_REFUSED)
    return (
        ip.scope_id is None
        and ip in _IPV6_GLOBAL
        and not any(ip in network for network in _IPV6_REFUSED)
        and (int(ip) >> 32) & 0xFFFF_FFFF & ~_ISATAP_FREE != _ISATAP
    )


def _spelt_alike(target: str) -> str:
    """`host:port` in one spelling: lower case, no dot at the end, names in ASCII, IP addresses in their short form."""
    host, _, port = target.rpartition(":")
    host = host.strip("[]").rstrip(".").lower()
    try:
        return f"{ipaddress.ip_address(host)}:{port}"
    except ValueError:
        pass
    with contextlib.suppress(UnicodeError):
        host = idna.encode(host).decode("ascii")
    return f"{host}:{port}"


async def resolve(host: str, port: int) -> tuple[str, ...]:
    """Ask the system's resolver, in a daemon thread: a name server that hangs must not hold up shutdown.

    Raises:
        OSError: The name has no address.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[tuple[str, ...]] = loop.create_future()

    def ask() -> None:
        found: tuple[str, ...] = ()
        problem: OSError | None = None
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = tuple(dict.fromkeys(str(info[4][0]) for info in infos))
        except (OSError, UnicodeError) as exc:
            problem = OSError(f"{host} has no address ({exc})")
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, answer, found, problem)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    return await answer


def _settle(answer: asyncio.Future[tuple[str, ...]], found: tuple[str, ...], problem: OSError | None) -> None:
    if answer.done():
        return
    if problem is None:
        answer.set_result(found)
    else:
        answer.set_exception(problem)


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to judged addresses only, whoever asks."""

    def __init__(
        self,
        allow_private: frozenset[str] = frozenset(),
        *,
        allow_any: bool = False,
        deny: frozenset[str] = frozenset(),
        resolver: Resolve = resolve,
        below: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """Keep what is excepted.

        Args:
            allow_private: `host:port` pairs of the configuration.
            allow_any: Every private address: for an operator's own check.
            deny: `host:port` pairs that are never dialled, even where public or allowed: our own.
            resolver: Name to addresses.
            below: Opens what was judged; the system's sockets by default.
        """
        self._allowed, self._allow_any = frozenset(map(_spelt_alike, allow_private)), allow_any
        self._denied, self._resolver = frozenset(map(_spelt_alike, deny)), resolver
        self._network = below or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve once, refuse if any answer is denied or private, dial the answers in turn.

        Raises:
            AddressRefusedError: One of the answers may not be dialled.
            httpcore.ConnectError: No address, or none that takes the connection.
        """
        named = _spelt_alike(f"{host}:{port}")
        if named in self._denied:
            raise AddressRefusedError(host, named, "is our own")
        try:
            addresses = await self._resolver(host, port)
        except OSError as exc:
            raise httpcore.ConnectError(str(exc)) from exc
        for address in addresses:
            if _spelt_alike(f"{address}:{port}") in self._denied:
                raise AddressRefusedError(host, address, "is our own")
            if not (self._allow_any or named in self._allowed or is_public(address)):
                raise AddressRefusedError(host, address)
        problem: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses[:_MAX_TRIED]:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout or _CONNECT_S, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                problem = exc
        raise problem

    async def sleep(self, seconds: float) -> None:
        """As httpcore asks for it."""
        await asyncio.sleep(seconds)
