"""The demo is the product: its sums say that everything was read, told once, signed rightly, and not told again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from monitor.demo.pages import LAYOUTS, copy_of, render
from storage.seed import seed_articles

ROOT = Path(__file__).parents[1]


def test_the_demo_tells_every_alert_by_mail_and_webhook_and_nothing_twice(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "worker.py"), "demo", "--once", "--json"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=180, check=False)  # noqa: S603
    assert run.returncode == 0, run.stderr
    (line,) = run.stdout.splitlines()
    sums = json.loads(line)
    assert set(sums) == {
        *("articles", "meetings", "claims", "alerts_now", "alerts_digest", "mails", "webhooks"),
        *("webhooks_verified", "second_round_alerts"),
    }
    assert sums["articles"] == 5
    assert sums["meetings"] == 2
    assert sums["alerts_now"] > 0
    assert sums["mails"] >= sums["alerts_now"]
    assert sums["webhooks"] == sums["webhooks_verified"] >= sums["alerts_now"]
    assert sums["second_round_alerts"] == 0
    assert "nothing is told twice" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_page_of_every_layout_holds_the_whole_article_in_its_own_charset() -> None:
    assert len({layout.template for layout in LAYOUTS}) >= 3
    assert "windows-1256" in {layout.charset for layout in LAYOUTS}
    for seed in seed_articles():
        copy = copy_of(seed.text)
        for layout in LAYOUTS:
            page = render(copy, layout, neighbours=(("/x", "عنوان آخر"),), url="/a").decode(layout.charset)
            assert copy.title in page
            lines = [line for block in copy.blocks if block.kind != "table" for line in block.lines]
            missing = [line for line in lines if line.replace('"', "&#34;").replace("'", "&#39;") not in page]
            assert missing == []


def test_no_line_of_an_article_is_lost_when_it_is_laid_out() -> None:
    for seed in seed_articles():
        copy = copy_of(seed.text)
        laid = [copy.title, *copy.above, *copy.below, *(line for block in copy.blocks for line in block.lines)]
        written = {line.strip().removeprefix("•").strip() for line in seed.text.splitlines() if line.strip()}
        assert set(laid) == written
