"use strict";
// Without this the page is complete: details come by pointing, by Tab and at the foot of the page.
(() => {
  const root = document.documentElement;
  const bays = [...document.querySelectorAll(".bay > button")];
  const narrow = matchMedia("(max-width: 40rem)");

  // Beside the blade, and never outside of the window.
  function place(button) {
    const card = button.nextElementSibling;
    card.removeAttribute("style");
    if (narrow.matches) return;
    const at = button.getBoundingClientRect();
    const size = card.getBoundingClientRect();
    const right = at.right + 8 + size.width <= innerWidth - 8;
    const left = right ? at.right + 8 : Math.max(8, at.left - 8 - size.width);
    const top = Math.min(Math.max(8, at.top), Math.max(8, innerHeight - size.height - 8));
    Object.assign(card.style, { left: `${left}px`, top: `${top}px`, right: "auto", bottom: "auto" });
  }
  function close() {
    for (const button of bays) button.setAttribute("aria-expanded", "false");
    root.classList.remove("one-open");
  }
  function open(button) {
    close();
    root.classList.remove("closed");
    button.setAttribute("aria-expanded", "true");
    root.classList.add("one-open");
    place(button);
  }

  // Arrows go to the nearest blade in their direction, wherever it is drawn.
  function beside(from, key) {
    const middle = (button) => {
      const at = button.getBoundingClientRect();
      return [at.left + at.width / 2, at.top + at.height / 2];
    };
    const [x, y] = middle(from);
    const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
    const [right, down] = ways[key];
    let best = null, least = Infinity;
    for (const button of bays) {
      const [a, b] = middle(button);
      const along = (a - x) * right + (b - y) * down;
      const across = Math.abs((a - x) * down) + Math.abs((b - y) * right);
      if (along > 4 && along + 3 * across < least) [best, least] = [button, along + 3 * across];
    }
    return best;
  }
  function reach(button) {
    if (!button) return;
    for (const each of bays) each.tabIndex = each === button ? 0 : -1;
    button.focus();
  }

  // One stop of Tab for each enclosure would still be 16; the blades are one, and arrows go between them.
  bays.forEach((button, number) => { button.tabIndex = number ? -1 : 0; });
  for (const button of bays) {
    button.addEventListener("click", () => (button.getAttribute("aria-expanded") === "true" ? close() : open(button)));
    button.addEventListener("focus", () => {
      for (const each of bays) each.tabIndex = each === button ? 0 : -1;
      root.classList.remove("closed");
      if (root.classList.contains("one-open")) open(button);
      else place(button);
    });
    button.parentElement.addEventListener("pointerenter", () => { root.classList.remove("closed"); place(button); });
    button.addEventListener("keydown", (event) => {
      if (event.key.startsWith("Arrow")) { event.preventDefault(); reach(beside(button, event.key)); }
      if (event.key === "Home") { event.preventDefault(); reach(bays[0]); }
      if (event.key === "End") { event.preventDefault(); reach(bays[bays.length - 1]); }
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { close(); root.classList.add("closed"); }
  });
  document.addEventListener("click", (event) => { if (!event.target.closest(".bay")) close(); });
  addEventListener("scroll", () => { const shown = document.querySelector('[aria-expanded="true"]'); if (shown) place(shown); }, { passive: true });
  // A link to a blade opens it.
  function arrive() {
    const button = bays.find((each) => `#${each.id}` === location.hash);
    if (button) { button.focus(); open(button); }
  }
  document.querySelectorAll('.attention a').forEach((link) => link.addEventListener("click", (event) => {
    const button = document.getElementById(link.hash.slice(1));
    event.preventDefault();
    event.stopPropagation();
    button.scrollIntoView({ block: "center" });
    reach(button);
    open(button);
  }));
  arrive();
})();
