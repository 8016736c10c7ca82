"""How a page behind a link is written: its words in both languages, one button at most, and what seals it.

It holds no script and loads nothing. Its policy allows one style, by its hash, and a form that leads back to itself.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from monitor.adapters.mail import TEMPLATES, load_labels, mail_templates
from monitor.adapters.serving import Answer
from monitor.render.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES: Final = ("ar", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One page: the words under `title` and `text` of the labels, and under `button` where something is to be done.

    `values` are put into the text, by language or the same for both.
    """

    status: int = 200
    title: str = "problem_title"
    text: str
    button: str | None = None
    subject: str | None = None
    values: Mapping[str, Mapping[str, str]] | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    read: bool = True


class Paper:
    """Writes pages."""

    def __init__(self) -> None:
        self.labels: Final = load_labels()
        self._template = mail_templates().get_template("page.html")
        style = b64encode(sha256((TEMPLATES / "page.css").read_bytes()).digest()).decode()
        policy = (
            f"default-src 'none'; style-src 'sha256-{style}'; img-src data:; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        self._headers = (
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-language", b"ar, en"),
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-robots-tag", b"noindex, nofollow"),
            (b"cache-control", b"no-store"),
        )

    def page(self, told: Told) -> Answer:
        """The answer that shows it."""
        faces = {language: self._face(told, language) for language in LANGUAGES}
        body = self._template.render(subject=told.subject, **faces).encode("utf-8", "replace")
        return Answer(status=told.status, body=body, headers=(*told.headers, *self._headers), read=told.read)

    def _face(self, told: Told, language: str) -> dict[str, str | None]:
        def words(key: str) -> str:
            return self.labels.of(language, "page", key)

        values = (told.values or {}).get(language, {})
        isolated = {name: f"\u2068{value}\u2069" for name, value in values.items()}  # neither side turns the other
        return {
            "product": self.labels.of(language, "phrase", "product"),
            "title": words(told.title),
            "text": words(told.text).format(**isolated),
            "button": words(told.button) if told.button else None,
            "yet": words("yet"),
        }


def masked(recipient: str) -> str:
    """An address that its owner knows again, and nobody else: `d***@ministry.example`."""
    local, _, domain = one_line(recipient).rpartition("@")
    return f"{local[:1]}***@{domain}"
