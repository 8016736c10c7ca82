from __future__ import annotations

from storage.seed import seed_articles


def test_the_corpus_is_five_articles_in_order() -> None:
    assert [article.id[:3] for article in seed_articles()] == ["000", "001", "002", "003", "004"]


def test_a_title_is_the_first_line_and_the_text_is_whole() -> None:
    for article in seed_articles():
        assert article.title
        assert article.text.startswith(article.title)
        assert len(article.text) > len(article.title)
