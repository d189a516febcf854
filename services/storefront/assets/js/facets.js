// Listings: filters apply at once and replace the results instead of the page.

import { announce, parse, swap } from "./swap.js";

const form = document.querySelector("form[data-facets]");

const resultCount = () => document.querySelector("[data-count]")?.textContent.trim();

const navigate = async (url, remember) => {
  try {
    if (!(await swap(url, { busy: "results" }))) return;
    if (remember) history.pushState({ swapped: true }, "", url);
    announce(resultCount());
  } catch {
    location.assign(url);
  }
};

const address = () => {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value.trim() && !(name === "sort" && value === "relevance")) query.append(name, value.trim());
  }
  const text = query.toString();
  return form.getAttribute("action") + (text ? `?${text}` : "");
};

if (form) {
  let timer;
  const debounce = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => navigate(address(), true), wait);
  };
  document.addEventListener("change", ({ target }) => {
    if (target.form === form) debounce(target.type === "checkbox" ? 150 : 0);
  });
  form.addEventListener("input", ({ target }) => {
    if (target.inputMode === "decimal") debounce(400);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    if (form.matches(":popover-open")) form.hidePopover();
    if (location.pathname + location.search !== address()) navigate(address(), true);
  });
  document.addEventListener("click", async (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target.closest("a[data-swap], a[data-more]");
    if (!link) return;
    event.preventDefault();
    if ("swap" in link.dataset) return navigate(link.href, true);
    loadMore(link);
  });
  addEventListener("popstate", () => navigate(location.href, false));
}

/** Appends the next page of products. */
const loadMore = async (link) => {
  link.setAttribute("aria-disabled", "true");
  try {
    const next = parse(await (await fetch(link.href)).text());
    const items = [...next.querySelectorAll("#grid > li")];
    if (!items.length) throw new Error("no products");
    document.getElementById("grid").append(...items);
    document.querySelector('[data-part="more"]').replaceWith(next.querySelector('[data-part="more"]'));
    // The way back to this address shows what was loaded.
    const here = new URL(location);
    if (!here.searchParams.has("cursor")) {
      here.searchParams.set("shown", document.querySelectorAll("#grid > li").length);
      history.replaceState(history.state, "", here);
    }
    items[0].querySelector("a").focus({ preventScroll: true });
    announce(document.querySelector('[data-part="more"] p')?.textContent);
  } catch {
    location.assign(link.href);
  }
};
