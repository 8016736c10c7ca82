"""The receiver in docs/receiving.md, as it stands there, against real deliveries on loopback."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import re
import sys
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.adapters.http import HttpFetch
from monitor.adapters.webhook import WebhookEndpoint, WebhookNotify
from monitor.errors import WebhookUnavailable
from monitor.model import NoticeKind, Relation
from monitor.render import event_type
from monitor.render.machine import CLAIM_EVENTS, MEETING_EVENT, NOTICE_EVENTS
from tests.alert_factory import FixedClock, make_alert, make_delivery, make_notice, make_notice_delivery

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PAGE = (Path(__file__).parent.parent / "docs" / "receiving.md").read_text(encoding="utf-8")
CODE = "".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
SECRET = "whsec_" + base64.b64encode(b"the secret of one test run only!").decode()
OTHER = "whsec_" + base64.b64encode(b"another one, that nobody gave it").decode()


@contextlib.asynccontextmanager
async def receiving(port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """The page's program, once it listens."""
    settings = {**os.environ, "WEBHOOK_SECRET": SECRET, "PORT": str(port)}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CODE), env=settings, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(30):
            while not await is_open(port):  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.05)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def is_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def told(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(10):
        return (await process.stdout.readline()).decode().strip()


def sending(fetch: HttpFetch, port: int, *secrets: str) -> WebhookNotify:
    endpoint = WebhookEndpoint(name="desk", url=f"http://127.0.0.1:{port}/", secrets=secrets, timeout_s=10)
    return WebhookNotify((endpoint,), post=fetch.post, clock=FixedClock(datetime.now(UTC)))


async def test_the_receiver_of_the_page_takes_what_is_signed_and_each_event_once(unused_tcp_port: int) -> None:
    alert = make_delivery("desk", channel="webhook")
    notice = make_notice_delivery("desk", make_notice(), channel="webhook")
    fetch = HttpFetch(user_agent="Rasid-test", allow_private=frozenset({f"127.0.0.1:{unused_tcp_port}"}))
    async with aclosing(fetch), receiving(unused_tcp_port) as process:
        with pytest.raises(WebhookUnavailable, match="answered 401"):
            await sending(fetch, unused_tcp_port, OTHER).send(alert)
        await sending(fetch, unused_tcp_port, SECRET).send(alert)
        await sending(fetch, unused_tcp_port, OTHER, SECRET).send(alert)
        await sending(fetch, unused_tcp_port, SECRET).send(notice)
        assert await told(process) == "claim.contradicted al_1"
        assert await told(process) == f"source.silent {notice.content.id}"


def test_the_page_tells_of_each_type_and_of_no_other() -> None:
    rows = set(re.findall(r"^\| `([a-z]+(?:\.[a-z]+)?)` \|", PAGE, re.MULTILINE))
    assert rows == {MEETING_EVENT, *CLAIM_EVENTS.values(), *NOTICE_EVENTS.values()}
    assert event_type(make_alert(relation=Relation.NEW)) in rows
    assert event_type(make_notice(NoticeKind.HEARTBEAT)) in rows
