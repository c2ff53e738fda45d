"""Take the picture of the report for README.md: needs chromium and selenium.

python scripts/make_report_picture.py out/kien_giang docs/img/report.png
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

from dtt_sim.report.html.page import write_html
from dtt_sim.report.language import language

WIDTH, HEIGHT = 1400, 2080


def main(run: Path, out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        write_html(run, page, language("en"))
        options = webdriver.ChromeOptions()
        for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                         "--disable-background-networking", f"--user-data-dir={folder}/chromium"):  # fmt: skip
            options.add_argument(argument)
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            driver.get(page.as_uri())
            shown = "return document.body.dataset.shown"
            WebDriverWait(driver, 60).until(lambda d: d.execute_script(shown))
            data = driver.get_screenshot_as_png()
        finally:
            driver.quit()
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture.quantize(220, dither=Image.Dither.NONE).save(out, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
