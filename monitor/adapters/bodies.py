"""Bodies collected under a cap, inflated or as they are: what a server sends is never trusted to end."""

from __future__ import annotations

import zlib

from monitor.errors import FetchEncoding, FetchTooBig, FetchTruncated

_INFLATE_STEP = 1 << 16
_GZIP_WBITS = 31  # zlib's number for "with a gzip header"
_GZIP_MAGIC = b"\x1f\x8b"


_CODINGS = {"": False, "identity": False, "gzip": True, "x-gzip": True}


def sink_for(url: str, coding: str, cap: int) -> Plain:
    """What collects a body of this Content-Encoding.

    Raises:
        FetchEncoding: It is not gzip, or there are several, which is how a small body becomes a large one.
    """
    packed = _CODINGS.get(coding.strip().lower())
    if packed is None:
        raise FetchEncoding(url, f"content coding {coding[:80]!r}, though only gzip was asked for")
    return Gunzip(url, cap) if packed else Plain(url, cap)


class Plain:
    """Collects a body under a cap."""

    def __init__(self, url: str, cap: int) -> None:
        """`cap` is in bytes, after inflating; `url` is named in errors."""
        self._url, self._cap = url, cap
        self._out = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes as they came.

        Raises:
            FetchTooBig: There are more than the cap.
        """
        self._out += chunk
        if len(self._out) > self._cap:
            raise FetchTooBig(self._url, f"more than {self._cap} bytes")

    def whole(self) -> bytes:
        """All of it, after the last chunk."""
        return bytes(self._out)

    def whole_lines(self) -> bytes:
        """What came of it within the cap, up to the last line's end: half a line may say what nobody wrote."""
        return bytes(self._out[: self._cap]).rpartition(b"\n")[0]


class Gunzip(Plain):
    """Inflates under the cap, a step at a time.

    httpx would inflate each chunk whole: 64 KiB of gzip hold 64 MiB.
    """

    def __init__(self, url: str, cap: int) -> None:
        """`cap` holds before and after inflating: empty members can go on for ever."""
        super().__init__(url, cap)
        self._zip = zlib.decompressobj(_GZIP_WBITS)
        self._read = 0
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next compressed bytes.

        Raises:
            FetchTooBig: More than the cap came, or came out.
            FetchEncoding: It is no gzip.
        """
        self._read += len(chunk)
        if self._read > self._cap:
            raise FetchTooBig(self._url, f"more than {self._cap} bytes, compressed")
        chunk, self._rest = self._rest + chunk, b""
        while chunk:
            if self._zip.eof:  # a gzip file may have several members, and zeros between them; other bytes are padding
                chunk = chunk.lstrip(b"\0")
                if not chunk.startswith(_GZIP_MAGIC):
                    self._rest = chunk if chunk == _GZIP_MAGIC[:1] else b""
                    return
                self._zip = zlib.decompressobj(_GZIP_WBITS)
            try:
                super().feed(self._zip.decompress(chunk, _INFLATE_STEP))
            except zlib.error as exc:
                raise FetchEncoding(self._url, f"not the gzip it says it is ({exc})") from exc
            chunk = self._zip.unused_data if self._zip.eof else self._zip.unconsumed_tail

    def whole(self) -> bytes:
        """All of it, inflated.

        Raises:
            FetchTruncated: The stream did not end.
        """
        if self._read and not self._zip.eof:
            raise FetchTruncated(self._url, "the gzip stream breaks off")
        return super().whole()
