// A product: another colour changes picture, price and stock without a new page.

import { say, swap } from "./swap.js";

document.addEventListener("change", async ({ target }) => {
  const form = target.closest?.("form[data-choose]");
  if (!form || target.type !== "radio") return;
  const wish = new URLSearchParams(new FormData(form));
  wish.delete("product");
  if (wish.get("quantity") === "1") wish.delete("quantity");
  const url = `${form.dataset.choose}?${wish}`;
  try {
    if (!(await swap(url, { busy: "gallery" }))) return;
    history.replaceState(history.state, "", url);
    say(document.querySelector('[data-part="buy"] .price, [data-part="buy"] .stock')?.textContent);
  } catch {
    location.assign(url);
  }
});

// The steps of a quantity count here; without a script they lead to the same page with another number.
document.addEventListener("click", (event) => {
  const button = event.target.closest("form[data-choose] [data-step]");
  if (!button) return;
  event.preventDefault();
  const input = button.parentElement.querySelector("input");
  input.value = Math.min(999, Math.max(1, (parseInt(input.value, 10) || 1) + Number(button.dataset.step)));
});
