"""A visit to the sandbox's page in Chromium; prints what it saw as one JSON object.

Run by the peer's interpreter as ``python visit.py WHAT CHROMIUM CHROMEDRIVER PAGE FOLDER``; WHAT is `use` or
`empty`, FOLDER takes screenshots.
The sandbox's certificate is not among the browser's; whether it is good is the business of other tests.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from selenium import webdriver  # type: ignore[import-not-found,unused-ignore]  # only in the peer's place
from selenium.webdriver.common.by import By  # type: ignore[import-not-found,unused-ignore]  # as above
from selenium.webdriver.support.ui import (  # type: ignore[import-not-found,unused-ignore]  # as above
    Select,
    WebDriverWait,
)

_SECONDS = 20
_ORDER = "000701"


class Visit:
    """A browser on the page."""

    def __init__(self, chromium: str, chromedriver: str, page: str, folder: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        options.accept_insecure_certs = True
        for each in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,1000"):
            options.add_argument(each)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(executable_path=chromedriver)
        self.driver = webdriver.Chrome(options=options, service=service)
        self.folder = folder
        self.driver.get(page)

    def one(self, selector: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent)"
        return list(self.driver.execute_script(script, selector))

    def until(self, condition: Any) -> None:
        WebDriverWait(self.driver, _SECONDS, poll_frequency=0.05).until(lambda _: condition())

    def shown(self, system: str, text: str) -> bool:
        return any(text in cell for cell in self.texts(f"#system-{system} td"))

    def choose(self, system: str, entity_set: str) -> None:
        Select(self.one(f"#system-{system} select")).select_by_value(entity_set)

    def search(self, system: str, text: str) -> None:
        box = self.one(f"#system-{system} input")
        box.clear()
        box.send_keys(text)

    def open(self, system: str) -> None:
        self.one(f"#system-{system} tbody tr").click()
        self.until(lambda: self.one("#editor").is_displayed())

    def write(self, column: str, text: str) -> None:
        field = self.one(f"#fields input[name='{column}']")
        field.clear()
        field.send_keys(text)

    def size(self, width: int, height: int, name: str) -> bool:
        """Takes a screenshot of this size; says whether the page is wider than the window."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        self.driver.save_screenshot(str(self.folder / f"{name}.png"))
        return bool(self.driver.execute_script("return document.documentElement.scrollWidth > innerWidth"))

    def scheme(self, name: str) -> str:
        """Prefers a colour scheme; gives the page's background."""
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        return str(self.one("body").value_of_css_property("background-color"))


def _look(visit: Visit) -> dict[str, Any]:
    visit.until(lambda: all(visit.texts(f"#system-{name} tbody td") for name in ("sales", "fno")))
    seen: dict[str, Any] = {
        "titles": visit.texts(".system h2"),
        "sales": visit.texts("#system-sales tbody td"),
    }
    visit.one("#system-sales .on").click()
    visit.until(lambda: visit.one("#system-sales .place").text.startswith("13"))
    seen["second page"] = visit.texts("#system-sales tbody tr td:first-child")
    visit.search("sales", "<img")
    visit.until(lambda: visit.shown("sales", "<img"))
    seen["found"] = visit.texts("#system-sales tbody td")
    seen["images"] = len(visit.texts("img"))
    return seen


def _edit(visit: Visit) -> dict[str, Any]:
    visit.open("sales")
    visit.write("telephone1", "555 0199")
    visit.write("revenue", "1234.5")
    visit.one("#save").click()
    visit.until(lambda: not visit.one("#editor").is_displayed())
    visit.open("sales")
    visit.write("name", "x" * 161)
    visit.one("#save").click()
    visit.until(lambda: visit.one("#editor-message").text)
    refusal = visit.one("#editor-message").text
    visit.one("#editor button[value=close]").click()
    return {"refusal": refusal}


def _advance(visit: Visit) -> dict[str, Any]:
    visit.choose("fno", "CDSSalesOrderHeaders")
    visit.until(lambda: visit.shown("fno", _ORDER))
    visit.search("fno", _ORDER)
    visit.until(lambda: len(visit.texts("#system-fno tbody tr")) == 1)
    visit.open("fno")
    visit.size(1280, 1000, "editor")
    Select(visit.one("#step")).select_by_value("confirm")
    visit.one("#take").click()
    visit.until(lambda: visit.one("#editor-message").text)
    done = visit.one("#editor-message").text
    visit.one("#editor button[value=close]").click()
    return {"done": done}


def _log(visit: Visit, page: str) -> dict[str, Any]:
    marked = page.replace("/_sandbox/", "/common/discovery/instance?marked=%3Cb%3E")
    visit.driver.execute_async_script("fetch(arguments[0]).then(arguments[1])", marked)
    visit.until(lambda: any("marked" in text for text in visit.texts("#requests td")))
    return {"log": next(text for text in visit.texts("#requests td") if "marked" in text)}


def use(visit: Visit, page: str) -> dict[str, Any]:
    """Look at rows, edit one, advance an order, follow the log."""
    seen = _look(visit) | _edit(visit) | _advance(visit) | _log(visit, page)
    seen["too wide"] = [visit.size(1280, 1000, "wide"), visit.size(420, 900, "narrow")]
    visit.size(1280, 1000, "light")
    seen["colours"] = [visit.scheme("light"), visit.scheme("dark")]
    visit.driver.save_screenshot(str(visit.folder / "dark.png"))
    return seen


def empty(visit: Visit, _: str) -> dict[str, Any]:
    """Throw all rows away."""
    visit.until(lambda: visit.texts("#system-sales tbody td"))
    visit.one("#empty").click()
    visit.driver.switch_to.alert.accept()
    visit.until(lambda: "empty" in visit.one("#message").text)
    return {"none": visit.one("#system-sales .none").is_displayed()}


def main(what: str, chromium: str, chromedriver: str, page: str, folder: str) -> None:
    """Visit the page."""
    visit = Visit(chromium, chromedriver, page, Path(folder))
    try:
        seen = {"use": use, "empty": empty}[what](visit, page)
        seen["console"] = [each["message"] for each in visit.driver.get_log("browser")]
    except BaseException:
        visit.driver.save_screenshot(str(visit.folder / "failed.png"))
        raise
    finally:
        visit.driver.quit()
    print(json.dumps(seen))  # noqa: T201 - the results are its output


if __name__ == "__main__":
    main(*sys.argv[1:])
