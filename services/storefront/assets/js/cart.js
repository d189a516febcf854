// Cart: adding a product shows a toast beside the cart, and updates happen in place.

import { announce, parse, replaceParts, send, swap } from "./swap.js";

const toast = document.getElementById("toast");
let timer;

const show = () => {
  clearTimeout(timer);
  toast.hidePopover();
  toast.showPopover();
  timer = setTimeout(() => toast.matches(":hover, :focus-within") || toast.hidePopover(), 8000);
};

const add = async (form, button) => {
  const label = button.textContent;
  button.setAttribute("aria-disabled", "true");
  button.textContent = form.dataset.adding;
  announce(form.dataset.adding);
  try {
    const response = await send(form);
    const next = parse(await response.text());
    const announcement = next.querySelector("[data-say]");
    if (!announcement) throw new Error("not added");
    replaceParts(next);
    show();
    announce(announcement.dataset.say);
  } catch {
    // The page that is loaded instead says why.
    form.submit();
    return;
  } finally {
    button.removeAttribute("aria-disabled");
    button.textContent = label;
  }
};

const update = async (form, button) => {
  form.setAttribute("aria-busy", "true");
  try {
    const body = new URLSearchParams(new FormData(form, button));
    await swap(form.action, { method: "POST", body, busy: "cart" });
    const news = document.querySelectorAll("#problems, .problem span, .sums .total + .total, .nothing-head");
    announce([...news].map((it) => it.textContent).join(" "));
  } catch {
    form.submit();
  }
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-add], form[data-swap]")) return;
  event.preventDefault();
  if (form.hasAttribute("aria-busy") || form.querySelector('[aria-disabled="true"]')) return;
  if ("swap" in form.dataset) update(form, event.submitter);
  else add(form, form.querySelector(".button.large"));
});

document.addEventListener("change", ({ target }) => {
  if (target.name === "quantity") target.closest("form[data-swap]")?.requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && toast?.matches(":popover-open")) toast.hidePopover();
});
