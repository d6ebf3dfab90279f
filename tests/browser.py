"""A headless browser that looks at pages as a reader does; it has no network."""

from __future__ import annotations

import csv
import io
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import Select

ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--proxy-server=127.0.0.1:9")  # A proxy that is not there: whatever the page fetched would fail.
PATIENCE = 60.0  # Seconds.


@contextmanager
def browser(width: int = 1280, height: int = 900) -> Iterator[webdriver.Chrome]:
    """Chromium without a window; tests that need it are skipped where it is not installed."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("needs chromium and chromium-driver")
    options = Options()
    options.binary_location = program
    for argument in (*ARGUMENTS, f"--window-size={width},{height}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield made
    finally:
        made.quit()


class Page:
    """A report opened from disk."""

    def __init__(self, driver: webdriver.Chrome, file: Path) -> None:
        self.driver = driver
        driver.get(file.absolute().as_uri())
        self.wait()

    def wait(self) -> None:
        """Until everything is drawn."""
        end = time.monotonic() + PATIENCE
        while self.run("return document.body.dataset.ready") != "yes":
            assert time.monotonic() < end, f"the page is not drawn: {self.messages()}"
            time.sleep(0.05)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def messages(self) -> list[str]:
        """What the page has complained of since last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def choose(self, switch: str, value: str) -> None:
        """Move a switch as a reader would, by its place among the options; its value may be any text."""
        Select(self.driver.find_element("id", f"switch-{switch}")).select_by_index(self.options(switch).index(value))
        self.wait()

    def options(self, switch: str) -> list[str]:
        return [str(o.get_attribute("value")) for o in
                Select(self.driver.find_element("id", f"switch-{switch}")).options]

    def switches(self) -> list[str]:
        return [str(s.get_attribute("name")) for s in self.driver.find_elements("css selector", "#switches select")]

    def views(self) -> list[str]:
        return list(self.run("return Object.keys(Data.views)"))

    def csv(self, view: str) -> list[dict[str, str]]:
        """What the download of a view holds under the switches as they are."""
        text = self.run("return csv(Data.views[arguments[0]])", view)
        return list(csv.DictReader(io.StringIO(text)))

    def drawn(self, view: str) -> list[dict[str, Any]]:
        """The rows that the charts of a view were given by the drawing library itself."""
        return list(self.run(
            "return Data.views[arguments[0]].drawn.flatMap(made => made.view.data('rows'))", view))
