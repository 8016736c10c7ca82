"""The world around the worker, on loopback: a news site, a mailbox and a webhook receiver.

`worker.py demo` drives the real worker against them; nothing here stands in for a part of it.

1. `monitor.demo.pages` lays an article's plain text out as a newspaper would.
2. `monitor.demo.loopback` serves HTTP on a free port of 127.0.0.1.
3. `monitor.demo.site` publishes the pages behind a feed, one after another.
4. `monitor.demo.mailbox` takes e-mail by SMTP.
5. `monitor.demo.receiver` takes webhooks and verifies their signatures.
6. `monitor.demo.inbox` shows people what arrived.
7. `monitor.demo.story` tells in the terminal what happens.
"""
