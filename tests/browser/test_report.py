"""The report in a real browser without a network: every chart has a size, nothing complains, the page is not blank."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from okr_delivery.locale import LANGS, translator
from okr_delivery.report import html
from tests.conftest import IN_CI
from tests.report import scenario

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--allow-file-access-from-files",
    "--enable-logging=stderr",
    "--v=0",
)
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND"
HARNESS = """<!doctype html><meta charset="utf-8"><style>html,body{margin:0}iframe{border:0;height:9000px}</style>
<iframe src="REPORT" width="WIDTH"></iframe><pre id="found"></pre><script>
addEventListener("load", () => {
  const page = document.querySelector("iframe").contentDocument;
  const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.width, r.height].map(Math.round); };
  const found = {
    charts: [...page.querySelectorAll("svg.chart")].map(e => [e.getAttribute("class"), ...box(e)]),
    texts: [...page.querySelectorAll("svg.chart text")].filter(e => !box(e)[1]).length,
    width: page.documentElement.scrollWidth,
    heading: page.querySelector("h1").textContent,
  };
  document.getElementById("found").textContent = JSON.stringify(found);
});
</script>
"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None and not IN_CI:
        pytest.skip("no Chromium on this machine; CI installs Debian's")
    assert found, "CI must have Chromium: apt-get install chromium fonts-noto-cjk"
    return found


@pytest.fixture(scope="module", params=LANGS)
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    path = folder / "report.html"
    path.write_text(html.render(scenario.view(request.param), translator(request.param)), "utf-8")
    return path


def run(browser: str, url: str, tmp_path: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [browser, *FLAGS, OFFLINE, f"--user-data-dir={tmp_path / 'profile'}", *flags, url]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def complaints(log: str) -> list[str]:
    """What the page itself logged; the browser's own noise is not the report's."""
    return [line for line in log.splitlines() if "CONSOLE" in line]


@pytest.mark.parametrize("width", [1280, 420])
def test_all_charts_are_there_and_fit(browser: str, page: Path, tmp_path: Path, width: int) -> None:
    harness = page.parent / f"harness{width}.html"
    harness.write_text(HARNESS.replace("REPORT", page.name).replace("WIDTH", str(width)), "utf-8")
    ended = run(browser, harness.as_uri(), tmp_path, "--window-size=1400,1000", "--dump-dom")
    match = re.search(r'<pre id="found">(.*?)</pre>', ended.stdout, re.DOTALL)
    assert match and match[1], ended.stdout[-500:]
    found = json.loads(match[1])
    assert sorted(name for name, *_ in found["charts"]) == [
        "chart flow", "chart pace", "chart pace", "chart say-do", "chart scatter",
    ]  # fmt: skip
    assert all(left >= 0 and w > 250 and left + w <= width and h > 80 for _, left, w, h in found["charts"]), found
    assert found["texts"] == 0
    assert found["width"] <= width, "the page scrolls sideways"
    assert "PAY S27" in found["heading"]
    assert complaints(ended.stderr) == []


def test_the_page_alone_is_drawn_and_logs_nothing(browser: str, page: Path, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    ended = run(browser, page.as_uri(), tmp_path, "--window-size=900,1400", f"--screenshot={picture}")
    assert complaints(ended.stderr) == []
    assert len(set(pixels(picture.read_bytes()))) > 60


def test_a_page_that_complains_would_be_noticed(browser: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("<!doctype html><script>console.error('broken'); missing()</script>", "utf-8")
    ended = run(browser, bad.as_uri(), tmp_path, f"--screenshot={tmp_path / 'bad.png'}", "--window-size=900,1400")
    assert len(complaints(ended.stderr)) == 2
    assert len(set(pixels((tmp_path / "bad.png").read_bytes()))) <= 8


def pixels(png: bytes) -> bytes:
    """The raw (still filtered) rows of a PNG: a blank page has next to no different bytes."""
    assert png.startswith(b"\x89PNG")
    at, data = 8, b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    return zlib.decompress(data)
