"""What a URL is refused for is said in words that help whoever wrote it; limits hold to the character."""

from __future__ import annotations

import pytest

from monitor.adapters.urls import check_parts, check_spelling

START = "http://news.test/"


def test_a_url_of_4096_characters_is_read_and_one_of_more_is_not() -> None:
    check_spelling(START + "a" * (4096 - len(START)))
    with pytest.raises(ValueError, match="too long"):
        check_spelling(START + "a" * (4097 - len(START)))


@pytest.mark.parametrize("url", ["http://a\\b/", "http://news.test/\u202e", "http://news.test/ \n"])
def test_a_backslash_or_what_cannot_be_seen_is_said(url: str) -> None:
    with pytest.raises(ValueError, match="a backslash or an unprintable character"):
        check_spelling(url)


def test_a_user_name_is_said_without_showing_it() -> None:
    with pytest.raises(ValueError, match="a user name in the URL") as refused:
        check_spelling("http://desk:secret@news.test/")
    assert "secret" not in str(refused.value)
    check_spelling("http://news.test/@desk?to=desk@news.test")


@pytest.mark.parametrize(
    ("scheme", "host", "port", "why"),
    [
        ("ftp", "news.test", None, "only http and https are fetched"),
        ("http", "news.test", 0, "no such port"),
        ("http", "news.test", -1, "no such port"),
        ("https", "news.test", 65_536, "no such port"),
        ("http", "fe80::1%eth0", None, "an address with a zone"),
        ("http", "2606:4700::zz", None, "2606:4700::zz"),
        ("http", "news..test", None, "no host name: 'news..test'"),
        ("http", "-news.test", None, "no host name: '-news.test'"),
        ("http", "news-", None, "no host name: 'news-'"),
        ("http", "", None, "no host name: ''"),
        ("http", "news.test/x", None, "no host name: 'news.test/x'"),
        ("http", "127.1", None, "127.1"),
        ("http", "127.0.0.1.", None, "127.0.0.1."),
        ("http", "0x7f000001", None, "0x7f000001"),
        ("http", "news.0X", None, "news.0X"),
        ("http", "xn--pple-43d.test", None, "letters of several scripts in 'аpple': CYRILLIC, LATIN"),
        ("http", "www.XN--PPLE-43D.test", None, "letters of several scripts"),
        ("http", "xn--a.test", None, ""),
    ],
)
def test_what_may_not_be_fetched_is_said(scheme: str, host: str, port: int | None, why: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - what it says is looked at below
        check_parts(scheme, host, port)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("news.test", None),
        ("news.test", 1),
        ("news.test", 65_535),
        ("NEWS.Test.", 443),
        ("n", 80),
        ("_dmarc.news_.test", 80),
        ("1news.2test", 80),
        ("192.0.2.1", 80),
        ("2606:4700::1111", 80),
        ("news.xn--mgbh0fb", 80),
        ("0x.test", 80),
        ("news.1X", 80),
    ],
)
def test_what_all_read_alike_passes(host: str, port: int | None) -> None:
    for scheme in ("http", "https"):
        check_parts(scheme, host, port)
