// Forms: submitted once, validated on leaving a field after the first attempt, and updated when a choice changes the totals.

import { announce, swap } from "./swap.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-checkout], form[data-once]")) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-disabled", "true");
});

// The back button restores the page as it was left: its forms can be submitted again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
  }
});

document.addEventListener("change", async ({ target }) => {
  const form = target.closest("[data-update]")?.closest("form");
  if (!form) return;
  const body = new URLSearchParams(new FormData(form));
  body.append("update", "1");
  try {
    await swap(form.action, { method: "POST", body, busy: "order" });
    announce(document.querySelector('[data-part="pay"] .button')?.textContent);
  } catch {
    // The totals are computed again when the form is submitted.
  }
});

if (document.getElementById("errors")) {
  document.addEventListener("focusout", ({ target }) => {
    if (!target.matches?.("[data-checkout] .input")) return;
    const field = target.closest(".field");
    if (!target.checkValidity() || !field.classList.contains("wrong")) return;
    field.classList.remove("wrong");
    field.querySelector(".error")?.remove();
    target.removeAttribute("aria-invalid");
  });
}

// A waiting page polls itself.
const poll = () => {
  const waiting = document.querySelector("[data-poll]");
  if (!waiting) return;
  setTimeout(async () => {
    try {
      const result = await swap(waiting.dataset.poll);
      if (result?.response.redirected) return location.assign(result.response.url);
      const heading = document.querySelector("[data-poll]") ? "" : document.querySelector("h1")?.textContent;
      if (heading) announce(heading);
    } catch {
      // Retried by the next poll.
    }
    poll();
  }, 3000);
};
poll();
