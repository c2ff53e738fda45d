"""A page in a real browser, and what a reader does with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WORDS = """
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const found = [];
for (let n = walker.nextNode(); n; n = walker.nextNode())
  if (!["SCRIPT", "STYLE"].includes(n.parentElement.tagName)) found.push(n.data);
return [document.title, ...found].join("\\n");
"""
"""All text of the page, shown or folded away, without scripts and styles."""


class Page:
    """A page in the browser, with what it logged and asked for."""

    def __init__(self, driver: Any, path: Path) -> None:
        self.driver = driver
        self.logged()
        driver.get(path.as_uri())
        self.until("return document.body.dataset.ready === 'yes'")

    def run(self, script: str, *values: Any) -> Any:
        return self.driver.execute_script(script, *values)

    def until(self, script: str, *values: Any) -> Any:
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.driver, 60).until(lambda d: d.execute_script(script, *values))

    def choose(self, control: str, value: str) -> None:
        """Choose in a list, as a reader does, and wait until it is drawn."""
        self.run(
            "delete document.body.dataset.shown; const c = document.getElementById(arguments[0]);"
            "c.value = arguments[1]; c.dispatchEvent(new Event('change'))", control, value,
        )  # fmt: skip
        self.until("return document.body.dataset.shown")

    def shown(self) -> list[str]:
        """Addresses of the pictures that are drawn."""
        self.until("return document.body.dataset.shown")
        script = "return [...document.querySelectorAll('.leaflet-{}-pane img')].map((i) => i.src)"
        return [src for pane in ("left", "right") for src in self.run(script.format(pane))]

    def words(self) -> str:
        return str(self.run(WORDS))

    def logged(self) -> list[str]:
        """What the page logged since it was last asked, and what it fetched from elsewhere."""
        told = [str(entry["message"]) for entry in self.driver.get_log("browser")]
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                url = event["params"]["request"]["url"]
                if not url.startswith(("file:", "data:", "blob:")):
                    told.append(url)
        return told
