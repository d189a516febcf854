// Product page: another option changes image, price and stock without loading a new page.

import { announce, swap } from "./swap.js";

document.addEventListener("change", async ({ target }) => {
  const form = target.closest?.("form[data-choose]");
  if (!form || target.type !== "radio") return;
  const query = new URLSearchParams(new FormData(form));
  query.delete("product");
  if (query.get("quantity") === "1") query.delete("quantity");
  const url = `${form.dataset.choose}?${query}`;
  try {
    if (!(await swap(url, { busy: "gallery" }))) return;
    history.replaceState(history.state, "", url);
    announce(document.querySelector('[data-part="buy"] .price, [data-part="buy"] .stock')?.textContent);
  } catch {
    location.assign(url);
  }
});

// The quantity stepper counts here; without a script it loads the same page with another quantity.
document.addEventListener("click", (event) => {
  const button = event.target.closest("form[data-choose] [data-step]");
  if (!button) return;
  event.preventDefault();
  const input = button.parentElement.querySelector("input");
  input.value = Math.min(999, Math.max(1, (parseInt(input.value, 10) || 1) + Number(button.dataset.step)));
});
