"""Whom nobody may make us dial: odd forms of addresses, names that lie, redirects, and URLs read in two ways.

A canary listens on loopback where the configuration names nothing: nothing here may reach it.
"""

from __future__ import annotations

import pytest

from monitor.adapters.addresses import is_public, target_of
from monitor.errors import FetchError
from tests.adapters.raw_server import Recorder, failure, fetching, http, saying, serving, to_loopback, watching

PUBLIC = "8.8.8.8"

# Hosts, with the port left open, that one C library or parser or another takes for 127.0.0.1.
ODD_FORMS = [
    "2130706433", "0x7f000001", "0X7F000001", "017700000001", "6425673729", "0x7f.0.0.1", "0177.0.0.1", "0x7f.1",
    "127.1", "127.0.1", "127.0x0.0.1", "127.0.0.01", "0127.0.0.1", "127.0.0.256", "127.0.0.1.", "127.0.0", "0", "0.0",
    "１２７.０.０.１", "①②⑦.0.0.1", "١٢٧.٠.٠.١", "%31%32%37.0.0.1", "127.0.0.1%00", "127.0.0.1%2f.example.org",
    "[::1%25lo]", "[::1%lo]", "[fe80::1%25eth0]", "[127.0.0.1]", "[::1].example.org", "[v1.127.0.0.1]",
]  # fmt: skip

# Addresses in their plain form that lead to this machine, to its network, to a cloud's metadata, or to nobody.
UNFIT = [
    "127.0.0.1", "127.255.255.254", "127。0。0。1", "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.127.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.254", "192.0.0.8", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255",
    "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[100::1]", "[2001:db8::1]", "[3fff::1]", "[5f00::1]", "[fc00::1]",
    "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[ff0e::1]",
    "[::127.0.0.1]", "[::7f00:1]", "[::8.8.8.8]",  # IPv4-compatible
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:8.8.8.8]", "[::ffff:0:127.0.0.1]",  # mapped, translated
    "[64:ff9b::127.0.0.1]", "[64:ff9b::808:808]", "[64:ff9b:1::127.0.0.1]", "[64:ff9b:1:7f00:0:100::]",  # NAT64
    "[2002:7f00:1::]", "[2002:808:808::1]",  # 6to4
    "[2001:0:7f00:1::]", "[2001:0:53aa:64c:0:0:80ff:fffe]", "[2001::1]",  # Teredo, plain and disguised
    "[fe80::5efe:127.0.0.1]", "[2a00:1450::5efe:127.0.0.1]", "[2a00:1450::200:5efe:7f00:1]",
    "[2a00:1450::300:5efe:808:808]",  # ISATAP
    "localhost", "LOCALHOST",
]  # fmt: skip

NO_WEB_ADDRESS = [
    "file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "data:text/xml,<rss/>", "/etc/passwd",
    "feed.xml", "//example.org/x", "", "http:", "http://", "http:///x", "javascript:alert(1)", "ws://example.org/",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/", "HTTP//example.org/", "jar:http://example.org/!/",
]  # fmt: skip

READ_IN_TWO_WAYS = [
    "http://user@example.org/", "http://user:pw@example.org/", "http://@example.org/", "http://:@example.org/",
    "http://a\\@b/", "http://a\\b/", "http://example.org\\x", "http:\\\\example.org/", "http://example.org#@127.0.0.1/\\",
    "http://exa\tmple.org/", "http://example.org/\n", "\thttp://example.org/", "http://example.org/\r\nHost: x",
    "http://example.org/\x00", "http://example.org\x00.example.net/", "http://example.org/\x7f", "http://example.org/\x85",
    "http://example.org/\u202e", "http://exa\u00admple.org/", "http://exa\u200bmple.org/", "http://example.org/\ufeff",
    "http://exa mple.org/", "http://exam%70le.org/", "http://example..org/", "http://.example.org/", "http://-/",
    "http://exa<mple.org/", "http://[::1/", "http://::1/", "http://example.org:0/", "http://example.org:99999/",
    "http://example.org:8a/", "http://example.org:-1/", "http://example.org:８０８０/", "http://" + "a" * 5000,
]  # fmt: skip

# «а» and its like below are not the Latin letters that they look like.
LOOK_ALIKES = [
    "раypal.test", "аpple.test", "xn--pple-43d.test", "XN--PPLE-43D.test", "www.xn--pple-43d.test",  # Cyrillic
    "gοοgle.test", "news.αlpha.test",  # Greek
    "ցoogle.test", "ꭺpple.test", "раα.test", "news中а.test", "abcไทย.test",
    "bbcعربي.test", "cnnשלום.test", "עבריتعربي.test",
    "ｅxample.test", "ℯxample.test", "exa🅼ple.test",
    "xn--a.test", "xn--.test", "xn--99999999.test", "xn--abc-.test", "a.xn--0.test", "xn---.test",
    "xn--mgbh0fb.a_b.test",
]  # fmt: skip

HONEST_NAMES = [
    "الجزيرة.test", "أخبار-ليبيا.test", "عربي٢٤.test", "news.العربية.test", "xn--mgbh0fb.test", "новости.test",
    "παράδειγμα.test", "日本ニュース.test", "asahi新聞.test", "한국news.test", "ㄅ新聞.test", "ไทย.test", "faß.test",
    "naïve.test", "a_b.test", "news-24.test", "NEWS.test",
    "عربي24.test", "خبر۲۴.test", "за\u0301мок.test", "asahi中々ひカ.test",  # digits, marks and letters that go together
    "xn--" + "نامه\u200cای".encode("punycode").decode() + ".test",
]  # fmt: skip


async def test_the_canary_sees_who_comes() -> None:
    with pytest.raises(AssertionError):  # noqa: PT012 - what is raised is raised on leaving
        async with watching() as canary, fetching(allow_any_private=True) as fetch:
            await failure(fetch, f"http://127.0.0.1:{canary.port}/")
            assert canary.connections == 1
            assert canary.received > 0
            seen = True
    assert seen


@pytest.mark.parametrize("host", ODD_FORMS)
async def test_an_odd_form_of_an_address_is_refused_unresolved(host: str) -> None:
    async with watching() as canary, fetching(resolver=unasked, robots=True) as fetch:
        error = await failure(fetch, f"http://{host}:{canary.port}/")
    assert error.code == "E-FETCH-SCHEME"


@pytest.mark.parametrize("host", UNFIT)
async def test_an_address_that_is_not_public_is_refused_in_every_embedding(host: str) -> None:
    async with watching() as canary, fetching(robots=True) as fetch:
        error = await failure(fetch, f"http://{host}:{canary.port}/latest/meta-data/")
    assert error.code == "E-FETCH-PRIVATE"


@pytest.mark.parametrize("address", [*(host.strip("[]") for host in UNFIT if host[0].lower() != "l"), "nonsense", ""])
async def test_a_name_that_leads_to_an_unfit_address_is_refused(address: str) -> None:
    async def resolver(_host: str, _port: int) -> tuple[str, ...]:
        return (address,)

    async with watching() as canary, fetching(resolver=resolver) as fetch:
        error = await failure(fetch, f"http://news.example:{canary.port}/")
    assert error.code == "E-FETCH-PRIVATE"
    assert "news.example" in error.message


@pytest.mark.parametrize("host", [*ODD_FORMS, *UNFIT])
async def test_a_redirect_to_such_an_address_is_refused_and_the_hop_is_named(host: str) -> None:
    async with watching() as canary:
        answer = http(b"", f"Location: http://{host}:{canary.port}/", status="302 Found")
        async with serving(saying(answer)) as server, fetching(server) as fetch:
            error = await failure(fetch, server.url)
    assert error.code == ("E-FETCH-PRIVATE" if host in UNFIT else "E-FETCH-SCHEME")
    assert ("hop 1" in error.message) if host in UNFIT else ("leads to" in error.message)


@pytest.mark.parametrize("url", [*NO_WEB_ADDRESS, *READ_IN_TWO_WAYS])
async def test_a_url_that_is_not_plainly_http_is_refused_unresolved(url: str) -> None:
    async with fetching(resolver=unasked) as fetch:
        assert (await failure(fetch, url)).code == "E-FETCH-SCHEME"
        with pytest.raises(FetchError, match="E-FETCH-SCHEME"):
            await fetch.post(url, b"", {})
        with pytest.raises(FetchError, match="E-FETCH-SCHEME"):
            await fetch.ask(url, b"", {})


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "data:text/xml,x",
        "//user@example.org/",
        "\\\\example.org\\",
    ],
)
async def test_a_redirect_to_what_is_not_plainly_http_is_refused(location: str) -> None:
    answer = http(b"", f"Location: {location}", status="302 Found")
    async with serving(saying(answer)) as server, fetching(server) as fetch:
        error = await failure(fetch, server.url)
    assert error.code == "E-FETCH-SCHEME"
    assert "leads to" in error.message


@pytest.mark.parametrize("host", LOOK_ALIKES)
async def test_a_name_of_letters_that_pass_for_others_is_refused_unresolved(host: str) -> None:
    async with fetching(resolver=unasked) as fetch:
        assert (await failure(fetch, f"http://{host}/")).code == "E-FETCH-SCHEME"


@pytest.mark.parametrize("host", HONEST_NAMES)
async def test_a_name_in_the_letters_of_one_language_is_dialled(host: str) -> None:
    async def resolver(name: str, _port: int) -> tuple[str, ...]:
        assert name.isascii()
        return (PUBLIC,)

    network = Recorder(http(b"x"))
    async with fetching(resolver=resolver, below=network) as fetch:
        assert (await fetch.get(f"http://{host}/")).body == b"x"
    assert network.dialled == [(PUBLIC, 80)]


@pytest.mark.parametrize("answers", [(PUBLIC, "127.0.0.1"), ("127.0.0.1", PUBLIC), (PUBLIC, "2606:4700::1111", "::1")])
async def test_one_public_and_one_private_answer_are_refused_together(answers: tuple[str, ...]) -> None:
    async def resolver(_host: str, _port: int) -> tuple[str, ...]:
        return answers

    network = Recorder()
    async with fetching(resolver=resolver, below=network) as fetch:
        assert (await failure(fetch, "http://news.example/")).code == "E-FETCH-PRIVATE"
    assert network.dialled == []


async def test_a_name_that_turns_private_between_two_looks_is_dialled_where_it_was_judged() -> None:
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> tuple[str, ...]:
        asked.append(host)
        return (PUBLIC,) if len(asked) == 1 else ("127.0.0.1",)

    network = Recorder(http(b"x"))
    async with fetching(resolver=rebinding, below=network) as fetch:
        assert (await fetch.get("http://news.example/")).body == b"x"
        assert (asked, network.dialled) == (["news.example"], [(PUBLIC, 80)])
        assert (await failure(fetch, "http://news.example/")).code == "E-FETCH-PRIVATE"
    assert len(network.dialled) == 1


async def test_the_host_header_keeps_the_name_though_the_judged_address_is_dialled() -> None:
    async with (
        serving(saying(http(b"x"))) as server,
        fetching(server, resolver=to_loopback) as fetch,
    ):
        await fetch.get(f"http://example.test:{server.port}/")
    assert f"\r\nhost: example.test:{server.port}\r\n".encode() in server.requests[0].lower()


async def test_a_private_target_needs_its_own_port_named() -> None:
    async with serving(saying(http(b"x"))) as server:
        async with fetching(allow_private=frozenset({"127.0.0.1:1"})) as fetch:
            assert (await failure(fetch, server.url)).code == "E-FETCH-PRIVATE"
        async with fetching(allow_any_private=True) as fetch:
            assert (await fetch.get(server.url)).body == b"x"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("ours", "url"),
    [
        ("https://hooks.example/websub", "https://hooks.example/websub/t0ken"),
        ("https://hooks.example/websub", "https://HOOKS.example.:443/"),
        ("http://hooks.example:8443/", "http://hooks.example:8443/x"),
        ("http://راصد.example/", "http://xn--mgbqer.example/"),
        ("http://راصد.example/", "http://راصد.example/"),
        ("http://8.8.8.8:8443/", "http://hooks.example:8443/x"),
        ("http://[2606:4700:0::1111]/", "http://[2606:4700::1111]/"),
        ("http://127.0.0.1:8443/", "http://127.0.0.1:8443/"),
    ],
)
async def test_our_own_origin_is_never_dialled_even_where_public_or_allowed(ours: str, url: str) -> None:
    async def resolver(host: str, _port: int) -> tuple[str, ...]:
        return (host if ":" in host or host[0].isdigit() else PUBLIC,)

    network = Recorder()
    own = frozenset({target_of(ours)})
    async with fetching(
        resolver=resolver, below=network, deny=own, allow_private=own, allow_any_private=True, robots=True
    ) as fetch:
        error = await failure(fetch, url)
        with pytest.raises(FetchError, match="our own"):
            await fetch.post(url, b"", {})
    assert error.code == "E-FETCH-PRIVATE"
    assert "our own" in error.message
    assert network.dialled == []


async def test_other_ports_and_hosts_than_our_own_are_dialled() -> None:
    async def resolver(_host: str, _port: int) -> tuple[str, ...]:
        return (PUBLIC,)

    network = Recorder()
    async with fetching(resolver=resolver, below=network, deny=frozenset({"hooks.example:443"})) as fetch:
        for url in ("http://hooks.example/", "https://hooks.example.org/", "https://hooks.example:8443/"):
            assert (await failure(fetch, url)).code == "E-FETCH-UNAVAILABLE"
    assert [port for _, port in network.dialled] == [80, 443, 8443]


async def test_the_environment_cannot_put_a_proxy_between(monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching() as canary, serving(saying(http(b"x"))) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        async with fetching(server, resolver=to_loopback) as fetch:
            assert (await fetch.get(server.url)).body == b"x"
            assert (await fetch.get(f"http://example.test:{server.port}/")).body == b"x"
            assert (await fetch.post(server.url, b"", {})).status == 200


async def test_a_post_to_a_forbidden_address_is_refused_like_a_get() -> None:
    async with watching() as canary, fetching() as fetch:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "169.254.169.254"):
            for send in (fetch.post, fetch.ask):
                with pytest.raises(FetchError, match="E-FETCH-PRIVATE"):
                    await send(f"http://{host}:{canary.port}/", b"{}", {})


@pytest.mark.parametrize("address", [PUBLIC, "41.208.72.1", "2a00:1450:4001:81b::200e", "2606:4700::1111"])
def test_ordinary_addresses_are_public(address: str) -> None:
    assert is_public(address)


async def unasked(host: str, _port: int) -> tuple[str, ...]:
    raise AssertionError(f"the resolver was asked for {host}")
