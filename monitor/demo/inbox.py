"""What arrived, as pages: each mail as its reader would see it, each webhook as it was posted."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

from monitor.demo.loopback import NOT_FOUND, Answer, Request

if TYPE_CHECKING:
    from email.message import EmailMessage

    from monitor.demo.mailbox import Mailbox
    from monitor.demo.receiver import Receiver

# A mail shows what an article said: it may look like a page, and do nothing a page can do.
_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


class Inbox:
    """Routes of a page over the mailbox and the receiver."""

    def __init__(self, mailbox: Mailbox, receiver: Receiver) -> None:
        self._mailbox, self._receiver = mailbox, receiver

    def route(self, request: Request) -> Answer:
        """`/`, `/mail/1` (HTML), `/mail/1.txt` and `/hook/1`."""
        kind, _, number = request.path.strip("/").partition("/")
        if not kind:
            return self._front()
        plain = number.endswith(".txt")
        at = int(number.removesuffix(".txt")) - 1 if number.removesuffix(".txt").isdecimal() else -1
        if kind == "mail" and 0 <= at < len(self._mailbox.messages):
            return _mail(self._mailbox.messages[at], plain=plain)
        if kind == "hook" and 0 <= at < len(self._receiver.received):
            body = json.dumps(self._receiver.received[at].payload, ensure_ascii=False, indent=2)
            return Answer(body=body.encode(), content_type="application/json; charset=utf-8")
        return NOT_FOUND

    def _front(self) -> Answer:
        mails = "".join(
            f'<li><a href="/mail/{number}">{escape(str(message["Subject"]))}</a> '
            f'(<a href="/mail/{number}.txt">text</a>)</li>'
            for number, message in enumerate(self._mailbox.messages, 1)
        )
        hooks = "".join(
            f'<li><a href="/hook/{number}">{escape(one.id)}</a> {"verified" if one.verified else "NOT verified"}</li>'
            for number, one in enumerate(self._receiver.received, 1)
        )
        page = (
            '<!DOCTYPE html><meta charset="utf-8"><title>What arrived</title>'
            "<style>body{font-family:sans-serif;max-width:60em;margin:2em auto;line-height:1.7}</style>"
            f'<h1>What arrived</h1><h2>Mail</h2><ol dir="auto">{mails}</ol><h2>Webhooks</h2><ol>{hooks}</ol>'
        )
        return Answer(body=page.encode(), headers=_POLICY)


def _mail(message: EmailMessage, *, plain: bool) -> Answer:
    part = message.get_body(("plain",) if plain else ("html", "plain"))
    if part is None:
        return NOT_FOUND
    kind = "text/plain" if part.get_content_subtype() == "plain" else "text/html"
    return Answer(body=part.get_content().encode(), content_type=f"{kind}; charset=utf-8", headers=_POLICY)
