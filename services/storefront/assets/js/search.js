// Search suggestions: a combobox with manual selection, whose focus never leaves the field.

import { parse } from "./swap.js";

const field = document.getElementById("q");
const box = document.getElementById("offers");

if (field && box) {
  let timer, pending, chosen = -1;
  const offers = () => [...box.querySelectorAll("[role=option]")];

  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": "offers", "aria-expanded": "false" })) {
    field.setAttribute(name, value);
  }

  const close = () => {
    clearTimeout(timer);
    pending?.abort();
    box.hidden = true;
    chosen = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };

  const choose = (place) => {
    const all = offers();
    chosen = ((place + 1 + all.length + 1) % (all.length + 1)) - 1;
    all.forEach((offer, at) => offer.setAttribute("aria-selected", String(at === chosen)));
    if (chosen < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  };

  const fetchSuggestions = async () => {
    const text = field.value.trim();
    if (text.length < 2) return close();
    pending?.abort();
    pending = new AbortController();
    try {
      const response = await fetch(`/suggest?q=${encodeURIComponent(text)}`, { signal: pending.signal });
      if (!response.ok) return close();
      box.replaceChildren(...parse(await response.text()).body.childNodes);
      if (document.activeElement !== field || !offers().length) return close();
      chosen = -1;
      box.hidden = false;
      field.setAttribute("aria-expanded", "true");
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  };

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(fetchSuggestions, 150);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (box.hidden) return fetchSuggestions();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      offers()[chosen].click();
    } else if (event.key === "Escape" && !box.hidden) {
      event.preventDefault();
      close();
    }
  });
  field.addEventListener("blur", () => setTimeout(close, 150));
  // Pressing a suggestion must not move the focus before the click arrives.
  box.addEventListener("mousedown", (event) => event.preventDefault());
}
