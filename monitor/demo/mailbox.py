"""An SMTP server that keeps what it takes."""

from __future__ import annotations

import asyncio
import email
import email.policy
from typing import TYPE_CHECKING, Self

from aiosmtpd.smtp import SMTP

if TYPE_CHECKING:
    from email.message import EmailMessage
    from types import TracebackType

    from aiosmtpd.smtp import Envelope, Session


class Mailbox:
    """Listens on a free port of 127.0.0.1 while entered, in the running event loop."""

    def __init__(self, *, port: int = 0) -> None:
        """`port` 0 takes a free one; `port` holds it once entered."""
        self.port = port
        self.messages: list[EmailMessage] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, hostname="localhost"), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks for this name
        self,
        server: SMTP,  # noqa: ARG002 - aiosmtpd hands it
        session: Session,  # noqa: ARG002 - aiosmtpd hands it
        envelope: Envelope,
    ) -> str:
        """Keep the message."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        self.messages.append(email.message_from_bytes(raw, policy=email.policy.default))
        return "250 kept"
