"""A webhook receiver as an integrator would write one: it believes what the official library verifies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from monitor.demo.loopback import NOT_FOUND, Answer, Request

HOOK_PATH = "/hooks/rasid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request to the receiver."""

    id: str
    verified: bool
    payload: dict[str, Any]


class Receiver:
    """Keeps what arrived, verified or not, and answers as the standard asks."""

    def __init__(self, secret: str) -> None:
        self._webhook = Webhook(secret)
        self.received: list[Received] = []

    @property
    def verified(self) -> int:
        """How many bore a right signature."""
        return sum(1 for one in self.received if one.verified)

    def route(self, request: Request) -> Answer:
        """204 for a right signature, 401 for a wrong one."""
        if request.method != "POST" or request.path != HOOK_PATH:
            return NOT_FOUND
        try:
            self._webhook.verify(request.body, dict(request.headers))
            payload = json.loads(request.body)
        except (WebhookVerificationError, ValueError):
            self.received.append(Received(id=request.headers.get("webhook-id", ""), verified=False, payload={}))
            return Answer(status=401)
        self.received.append(Received(id=request.headers["webhook-id"], verified=True, payload=payload))
        return Answer(status=204)
