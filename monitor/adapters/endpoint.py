"""Endpoints that speak JSON as OpenAI's do (`/embeddings`, `/chat/completions`), through the guarded HTTP adapter."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import threading
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from monitor.adapters.addresses import target_of
from monitor.adapters.http import FetchLimits, HttpFetch
from monitor.errors import ConfigError, FetchDeadline, FetchUnavailable

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")

USER_AGENT = "Rasid/0.1"
MAX_ANSWER_BYTES = 8 << 20
"""Vectors of a hundred sentences, as decimal text, take about two."""
_SPARE_S = 1.0


class Endpoint:
    """One base address, such as `https://host/v1`, with its key. Opens nothing before it is asked."""

    def __init__(
        self, url: str, *, key: str, api_key: str | None = None, allow_private: bool = False, timeout_s: float = 5.0
    ) -> None:
        """Check the address.

        Args:
            url: http or https, with neither user name nor query.
            key: The setting it came from, which a problem is told with.
            api_key: Sent as a bearer token.
            allow_private: Whether this very host and port may lie in a private network.
            timeout_s: For one request.

        Raises:
            ConfigError: The address is none, or the key would go over the internet in the clear.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or parts.query:
            raise ConfigError((f"{key}: {url!r} is no endpoint; allowed: http://host/v1 or https://host/v1",))
        if api_key and parts.scheme == "http" and not allow_private:
            raise ConfigError((f"{key}: an API key goes over https only, or to a private host with allow_private",))
        self.url, self.timeout_s = url.rstrip("/"), timeout_s
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._fetch = HttpFetch(
            user_agent=USER_AGENT,
            limits=FetchLimits(deadline_s=timeout_s, body_bytes=MAX_ANSWER_BYTES, per_host=4),
            allow_private=frozenset({target_of(url)}) if allow_private else frozenset(),
        )

    async def ask(self, path: str, question: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON is checked by who asked
        """POST `question` to `path` under the base address; the answer's JSON.

        Raises:
            FetchError: There was no answer, or it is no JSON.
        """
        url = self.url + path
        body = json.dumps(question, ensure_ascii=False).encode("utf-8", "replace")
        answer = await self._fetch.ask(url, body, self._headers, deadline_s=self.timeout_s)
        try:
            return json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise FetchUnavailable(url, f"the answer is no JSON: {type(error).__name__}") from error

    async def aclose(self) -> None:
        """Close its connections."""
        await self._fetch.aclose()


class LoopThread:
    """An event loop in a thread of its own, for those who must call synchronously what is asynchronous.

    Deciding is synchronous, and may run in the very thread whose loop fetches feeds: a second loop there cannot run,
    and the first must not be waited for.
    """

    def __init__(self) -> None:
        """Start nothing before it is used."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def run(self, work: Coroutine[Any, Any, Result], timeout_s: float, url: str) -> Result:
        """Wait for `work`, at most `timeout_s` and a little.

        Raises:
            FetchDeadline: It took longer; it has been cancelled.
        """
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result(timeout_s + _SPARE_S)
        except concurrent.futures.TimeoutError as error:
            future.cancel()
            raise FetchDeadline(url, "no complete answer within the deadline") from error

    def close(self) -> None:
        """End the loop and its thread. Twice is a no-op."""
        loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="endpoint", daemon=True)
                self._thread.start()
            return self._loop
