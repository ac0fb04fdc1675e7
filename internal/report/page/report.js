"use strict";
(() => {
  const $ = (s, root = document) => root.querySelector(s);
  const $$ = (s, root = document) => [...root.querySelectorAll(s)];
  const make = (tag, props = {}, ...children) => {
    const e = Object.assign(document.createElement(tag), props);
    e.append(...children);
    return e;
  };
  $(".tools").hidden = false;

  // Light or dark: the reader's system decides until the button is used.
  const root = document.documentElement;
  $("#theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  // Filter by text and by verdict. A case hides in the list, in the navigation and in full at once.
  const filter = $("#filter");
  const rows = $$("#cases tbody tr");
  const parts = new Map();
  for (const e of $$("[data-case]")) {
    if (!parts.has(e.dataset.case)) parts.set(e.dataset.case, []);
    parts.get(e.dataset.case).push(e);
  }
  const text = new Map(rows.map((r) => [r, r.dataset.text.toLowerCase()]));
  const labels = new Set();
  const apply = () => {
    const terms = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const r of rows) {
      const ok = (!labels.size || labels.has(r.dataset.label)) && terms.every((t) => text.get(r).includes(t));
      for (const e of parts.get(r.dataset.case)) e.hidden = !ok;
      shown += ok;
    }
    const none = $(".nomatch");
    if (none) none.hidden = shown > 0;
  };
  filter.addEventListener("input", apply);
  for (const tile of $$(".tile:not(.zero)")) {
    tile.setAttribute("role", "button");
    tile.tabIndex = 0;
    tile.setAttribute("aria-pressed", "false");
    const flip = () => {
      const label = tile.dataset.label;
      labels.has(label) ? labels.delete(label) : labels.add(label);
      tile.setAttribute("aria-pressed", String(labels.has(label)));
      apply();
    };
    tile.addEventListener("click", flip);
    tile.addEventListener("keydown", (e) => {
      if (e.key === "Enter" || e.key === " ") {
        e.preventDefault();
        flip();
      }
    });
  }

  // A citation opens its record beside the text; in the list below it would take the reader away.
  const drawer = $("#drawer");
  let open = null;
  const close = () => {
    drawer.hidden = true;
    if (open) {
      open.classList.remove("on");
      open.focus({ preventScroll: true });
    }
    open = null;
  };
  document.addEventListener("click", (e) => {
    const link = e.target.closest("a.cite");
    if (!link || e.metaKey || e.ctrlKey || e.shiftKey) return;
    const pre = document.getElementById(link.getAttribute("href").slice(1));
    if (!pre) return;
    e.preventDefault();
    if (open === link) return close();
    if (open) open.classList.remove("on");
    open = link;
    link.classList.add("on");
    const bye = make("button", { type: "button", textContent: "Close" });
    bye.addEventListener("click", close);
    drawer.replaceChildren(
      make("header", {}, make("b", { textContent: link.textContent }), make("span", { className: "m", textContent: link.title }), bye),
      make("pre", { textContent: pre.textContent, tabIndex: 0 }),
    );
    drawer.hidden = false;
  });
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && !drawer.hidden) close();
    if (e.key === "/" && document.activeElement === document.body) {
      e.preventDefault();
      filter.focus();
    }
  });

  // Indicators are shown defanged and copied as they are.
  for (const box of $$(".iocs")) {
    const button = make("button", { type: "button", className: "copy", textContent: "Copy" });
    button.addEventListener("click", async () => {
      const lines = $$("[data-ioc]", box).map((r) => r.dataset.ioc).join("\n");
      try {
        await navigator.clipboard.writeText(lines);
      } catch {
        const area = make("textarea", { value: lines });
        document.body.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
      }
      button.textContent = "Copied";
    });
    $("h3", box).append(button);
  }

  // Paper cannot be clicked.
  addEventListener("beforeprint", () => $$("details.more").forEach((d) => (d.open = true)));

  // The navigation follows the reader.
  const links = new Map($$(".nav a").map((a) => [a.getAttribute("href").slice(1), a]));
  const watch = new IntersectionObserver((seen) => {
    for (const s of seen) {
      const a = links.get(s.target.id);
      if (a && s.isIntersecting) {
        $$(".nav a.here").forEach((x) => x.classList.remove("here"));
        a.classList.add("here");
        if (a.offsetParent) a.scrollIntoView({ block: "nearest" });
      }
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const e of $$("main [id]")) if (links.has(e.id)) watch.observe(e);
})();
