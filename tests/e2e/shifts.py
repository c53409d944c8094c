"""What moves on a page although nobody moved it: layout shifts, those right after a click or a key included.

    context.add_init_script(SHIFTS)
    shifts = Shifts(open_as(user, path), "open")
    shifts.stand("card", lambda: page.click(…))     # no surviving element may move
    shifts.stand("expand", …, inside="#tree")       # but those of the tree

The browser's own measure leaves out what follows an input within half a second, which is when answers arrive. Here
everything counts but elements in `inside`: what was asked to grow pushes what stands behind it there.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

LIMIT = 0.02
SHIFTS = """
window.shifts = [];
const told = rect => ["x", "y", "width", "height"].map(key => Math.round(rect[key])).join(" ");
new PerformanceObserver(list => {
  for (const entry of list.getEntries())
    shifts.push([entry.value, entry.sources.map(({ node, previousRect, currentRect }) => {
      const element = node?.nodeType === 1 ? node : node?.parentElement;
      return [element, `${element?.outerHTML.slice(0, 120)}: ${told(previousRect)} → ${told(currentRect)}`];
    })]);
}).observe({ type: "layout-shift", buffered: true });
"""
# Sources are five at most, the largest; an entry counts as soon as one of them lies elsewhere.
TAKE = """inside => window.shifts.splice(0).map(([value, sources]) =>
  [value, sources.filter(([element]) => !(inside && element?.closest(inside))).map(([, text]) => text)])
  .filter(([, sources]) => sources.length)"""
BUSY = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"


class Shifts:
    """Asks a page, after each step, what moved."""

    def __init__(self, page: Page, first: str) -> None:
        self.page = page
        self.stand(first)

    def stand(
        self, what: str, act: Callable[[], object] = lambda: None, *, inside: str = ""
    ) -> None:
        """Acts, waits until all has come, and asserts that what is not `inside` stands where it stood."""
        act()
        expect(self.page.locator(BUSY)).to_have_count(0)
        # Two frames later the browser has told of everything it drew.
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))"
        )
        found = self.page.evaluate(TAKE, inside)
        assert sum(value for value, _sources in found) <= LIMIT, (what, found)
