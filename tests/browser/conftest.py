"""A real browser, without a window, before the console: Chromium of this machine."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.conftest import PortalUnderTest, Server
from tests.wire.console.conftest import serving

SKIP: Final = "MOYEU_TESTS_WITHOUT_BROWSER"
NAMED: Final = "MOYEU_TEST_CHROMIUM"
AXE: Final = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; fails where there is none, unless the tests are to be left out."""
    if os.environ.get(SKIP) == "1":
        pytest.skip(f"{SKIP} is 1")
    found = os.environ.get(NAMED) or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.fail(f"there is no Chromium: make chromium (or set {SKIP}=1)")
    with sync_playwright() as playwright:
        # The sandbox needs rights that root in a container has not.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def console_url(server: Server) -> Iterator[str]:
    """A console that nobody has to log in to."""
    with serving(server) as url:
        yield url


@dataclass(slots=True)
class Tab:
    """A page of the browser in a portal, and what went wrong on it."""

    page: Page
    url: str
    portal: PortalUnderTest
    trouble: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Goes to a page of the console, as a person would by its address."""
        sign = "&" if "?" in path else "?"
        answer = self.page.goto(f"{self.url}{path}{sign}portal={self.portal.portal_id}")
        assert answer is not None
        assert answer.ok, (path, answer.status)

    def watch(self) -> None:
        """Notes every request to elsewhere, every error of the page, every dialog."""

        def requested(request: Request) -> None:
            if not request.url.startswith((self.url + "/", "data:")):
                self.trouble.append(f"a request to {request.url}")

        self.page.on("request", requested)
        self.page.on("console", lambda each: self.trouble.append(f"{each.type}: {each.text}"))
        self.page.on("pageerror", lambda each: self.trouble.append(f"an error: {each}"))
        self.page.on("dialog", lambda each: self._dialog(each.message))

    def _dialog(self, message: str) -> None:
        self.trouble.append(f"a dialog: {message}")


@contextmanager
def tab_of(
    browser: Browser,
    url: str,
    portal: PortalUnderTest,
    *,
    width: int = 1280,
    has_script: bool = True,
) -> Iterator[Tab]:
    """A page of its own in the browser, which is closed at the end."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        java_script_enabled=has_script,
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    tab = Tab(context.new_page(), url, portal)
    tab.watch()
    yield tab
    context.close()


@pytest.fixture
def tab(browser: Browser, console_url: str, portal: PortalUnderTest) -> Iterator[Tab]:
    """A page of the browser that looks at an empty portal; nothing may have gone wrong on it."""
    with tab_of(browser, console_url, portal) as opened:
        yield opened
        assert opened.trouble == []
