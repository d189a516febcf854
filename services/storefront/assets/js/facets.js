// Lists: a tick filters at once, and what is there is replaced instead of the page.

import { put, parse, say, swap } from "./swap.js";

const form = document.querySelector("form[data-facets]");

const found = () => document.querySelector("[data-count]")?.textContent.trim();

const go = async (url, remember) => {
  try {
    if (!(await swap(url, { busy: "results" }))) return;
    if (remember) history.pushState({ swapped: true }, "", url);
    say(found());
  } catch {
    location.assign(url);
  }
};

const address = () => {
  const wish = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value.trim() && !(name === "sort" && value === "relevance")) wish.append(name, value.trim());
  }
  const query = wish.toString();
  return form.getAttribute("action") + (query ? `?${query}` : "");
};

if (form) {
  let timer;
  const soon = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => go(address(), true), wait);
  };
  document.addEventListener("change", ({ target }) => {
    if (target.form === form) soon(target.type === "checkbox" ? 150 : 0);
  });
  form.addEventListener("input", ({ target }) => {
    if (target.inputMode === "decimal") soon(400);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    if (form.matches(":popover-open")) form.hidePopover();
    if (location.pathname + location.search !== address()) go(address(), true);
  });
  document.addEventListener("click", async (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target.closest("a[data-swap], a[data-more]");
    if (!link) return;
    event.preventDefault();
    if ("swap" in link.dataset) return go(link.href, true);
    more(link);
  });
  addEventListener("popstate", () => go(location.href, false));
}

/** Puts the next products below those that are there. */
const more = async (link) => {
  link.setAttribute("aria-disabled", "true");
  try {
    const next = parse(await (await fetch(link.href)).text());
    const fresh = [...next.querySelectorAll("#grid > li")];
    if (!fresh.length) throw new Error("no products");
    document.getElementById("grid").append(...fresh);
    document.querySelector('[data-part="more"]').replaceWith(next.querySelector('[data-part="more"]'));
    fresh[0].querySelector("a").focus({ preventScroll: true });
    say(document.querySelector('[data-part="more"] p')?.textContent);
  } catch {
    location.assign(link.href);
  }
};
