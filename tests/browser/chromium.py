"""A real Chromium, spoken to over a pipe in the words of its DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = "chromium"
SECONDS = 60
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--remote-debugging-pipe",
)  # fmt: skip
# Key, and the number that a browser knows it by.
_KEYS = {
    "Tab": 9, "Enter": 13, "Escape": 27, "End": 35, "Home": 36,
    "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40,
}  # fmt: skip


class Tab:
    """One tab: what is done in it as a person does it, and what it complained about."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from, self._rest, self._number = to_browser, from_browser, b"", 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        # As in a window in front of a person.
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda each: each.get("id") == self._number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, page: Path, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        """Opens a file in a window of that size, by a person who likes it light or dark."""
        self.look(width, height, scheme)
        self.events.clear()
        self.call("Page.navigate", url=page.resolve().as_uri())
        if not any(each.get("method") == "Page.loadEventFired" for each in self.events):
            self._until(lambda each: each.get("method") == "Page.loadEventFired")

    def look(self, width: int, height: int, scheme: str = "light", media: str = "") -> None:
        """Another window, scheme or medium (`print`)."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", media=media, features=[feature])

    def ask(self, script: str) -> Any:
        """The value of an expression of JavaScript."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        """Keys, one after the other."""
        for key in keys:
            number = _KEYS[key]
            known = {"key": key, "code": key, "windowsVirtualKeyCode": number}
            text = {"text": "\r"} if key == "Enter" else {}
            self.call("Input.dispatchKeyEvent", type="keyDown", **known, **text)
            self.call("Input.dispatchKeyEvent", type="keyUp", **known)

    def point(self, selector: str, click: bool = False) -> None:
        """Moves the pointer to the middle of what the selector finds."""
        box = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        x, y = self.ask(f"(() => {{ const b = {box}; return [b.x + b.width / 2, b.y + b.height / 2]; }})()")
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased") if click else ():
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, file: Path) -> None:
        """The window as a PNG."""
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def complaints(self) -> list[str]:
        """What stands in the console: errors of scripts, what the page's own policy refused, and other words."""
        found = []
        for each in self.events:
            if each.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
                found.append(json.dumps(each["params"])[:600])
        return found

    def loaded(self) -> list[str]:
        """What the page asked for, besides itself and what stands in it."""
        urls = [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith(("data:", "file:"))]

    def _until(self, wanted: Any) -> dict[str, Any]:
        """The first message that is wanted; the others are kept as events."""
        deadline = time.monotonic() + SECONDS
        while True:
            while b"\0" in self._rest:
                message, self._rest = self._rest.split(b"\0", 1)
                each: dict[str, Any] = json.loads(message)
                if "method" in each:
                    self.events.append(each)
                if wanted(each):
                    return each
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"Chromium said nothing for {SECONDS} s"
            data = os.read(self._from, 1 << 20)
            assert data, "Chromium ended"
            self._rest += data


@contextmanager
def chromium(folder: Path) -> Iterator[Tab]:
    """A browser of its own, with nothing in its profile.

    Args:
        folder: for its profile and what it says.
    """
    their_end, to_browser = os.pipe()
    from_browser, our_end = os.pipe()
    # It listens at 3 and speaks at 4; bash puts them there.
    words = " ".join((PROGRAM, *_FLAGS, '--user-data-dir="$1"', "about:blank"))
    script = f"exec {words} 3<&{their_end} 4>&{our_end}"
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", script, "bash", folder / "profile"], pass_fds=(their_end, our_end), stdout=log, stderr=log,
            env={**os.environ, "HOME": str(folder)},
        )  # fmt: skip
    os.close(their_end)
    os.close(our_end)
    try:
        yield Tab(to_browser, from_browser)
    finally:
        os.close(to_browser)  # it ends with its pipe
        os.close(from_browser)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
