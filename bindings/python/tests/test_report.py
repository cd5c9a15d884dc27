"""The HTML report in a real browser: sorts, filters, opens a layer, and nothing goes to the console or the network."""

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import DIGITS, run, write_safetensors

CHROMIUM = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="SKIPPED: no Chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Any:
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


def load(browser: Any, path: Path, **options: Any) -> Any:
    page = browser.new_page(**options)
    page.complaints = []
    page.on("console", lambda m: page.complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: page.complaints.append(str(e)))
    page.on("request", lambda r: page.complaints.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
    page.goto(path.as_uri())
    return page


def report(tmp_path: Path, model: Path) -> Path:
    path = tmp_path / "report.html"
    done = run("survey", model, "--html", path)
    assert done.returncode == 0, done.stderr
    return path


def names(page: Any) -> list[str]:
    shown = "#layers tbody tr:not([hidden]):not(.detail) button"
    return list(page.eval_on_selector_all(shown, "all => all.map(b => b.textContent)"))


def test_the_report_sorts_filters_and_opens(browser: Any, tmp_path: Path) -> None:
    page = load(browser, report(tmp_path, DIGITS))
    assert names(page) == ["fc1.weight", "fc2.weight", "fc3.weight"]
    page.click("#layers th:has-text('condition')")
    assert names(page) == ["fc2.weight", "fc1.weight", "fc3.weight"]
    page.click("#layers th:has-text('condition')")
    assert names(page) == ["fc3.weight", "fc1.weight", "fc2.weight"]
    page.fill("#filter", "fc2")
    assert names(page) == ["fc2.weight"] and page.text_content("#count") == "1 of 3"
    page.fill("#filter", "")
    page.click("button:has-text('fc1.weight')")
    assert page.locator("tr.detail canvas").count() == 1
    assert page.get_attribute("button:has-text('fc1.weight')", "aria-expanded") == "true"
    page.click("button:has-text('fc1.weight')")
    assert page.locator("tr.detail").count() == 0
    assert page.locator("#depth canvas").count() == 2
    page.check("#only")
    assert page.text_content("#count") == "2 of 3"
    assert page.complaints == []


def test_names_are_never_markup(browser: Any, tmp_path: Path) -> None:
    hostile = "</script><img src=x onerror=alert(1)>{{script}}"
    write_safetensors(tmp_path / "m.safetensors", {hostile: ("F32", np.eye(3, dtype=np.float32))})
    page = load(browser, report(tmp_path, tmp_path / "m.safetensors"))
    assert names(page) == [hostile] and page.locator("img").count() == 0
    page.click("#layers tbody button")
    assert page.locator("tr.detail canvas").count() == 1 and page.complaints == []


def test_300_layers_open_in_two_seconds_in_light_and_dark(browser: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    tensors = {f"layers.{k}.weight": ("F32", rng.standard_normal((64, 300)).astype(np.float32)) for k in range(300)}
    tensors["layers.7.weight"][1][3] = 0
    write_safetensors(tmp_path / "m.safetensors", tensors)
    path = report(tmp_path, tmp_path / "m.safetensors")
    for scheme in ("light", "dark"):
        start = time.perf_counter()
        page = load(browser, path, color_scheme=scheme)
        page.wait_for_selector("#conds canvas")
        seconds = time.perf_counter() - start
        # Twice the promise, because tests share the machine; the figure is in the log.
        print(f"{scheme}: {seconds:.2f} s, {path.stat().st_size / 1e6:.2f} MB")
        assert seconds < 4 and len(names(page)) == 300
        page.check("#only")
        assert names(page) == ["layers.7.weight"] and page.complaints == []


def test_the_report_reads_without_javascript(browser: Any, tmp_path: Path) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(report(tmp_path, DIGITS).as_uri())
    assert "fc3.weight" in page.inner_text("#layers") and "JavaScript" in page.inner_text("main")
