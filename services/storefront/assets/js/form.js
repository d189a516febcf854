// Forms: sent once, checked on leaving a field after the first try, and brought up to date when a choice changes sums.

import { say, swap } from "./swap.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-checkout], form[data-once]")) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-disabled", "true");
});

// Back brings the page as it was left: it can be sent again.
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
    say(document.querySelector('[data-part="pay"] .button')?.textContent);
  } catch {
    // The sums are made again when the form is sent.
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

// A page that waits for somebody else looks again by itself.
const poll = () => {
  const waiting = document.querySelector("[data-poll]");
  if (!waiting) return;
  setTimeout(async () => {
    try {
      const got = await swap(waiting.dataset.poll);
      if (got?.answer.redirected) return location.assign(got.answer.url);
      const head = document.querySelector("[data-poll]") ? "" : document.querySelector("h1")?.textContent;
      if (head) say(head);
    } catch {
      // Another time.
    }
    poll();
  }, 3000);
};
poll();
