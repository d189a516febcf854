// Forms: submitted once, validated on leaving a field after the first attempt, and updated when a choice changes the totals.

import { announce, swap } from "./swap.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-checkout], form[data-once]")) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  const button = form.querySelector("[data-busy]") ?? event.submitter;
  button?.setAttribute("aria-disabled", "true");
  if (!button?.dataset.busy || event.submitter?.name) return;
  button.dataset.label = button.textContent;
  button.textContent = button.dataset.busy;
  announce(button.dataset.busy);
});

// The back button restores the page as it was left: its forms can be submitted again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) {
      button.removeAttribute("aria-disabled");
      if (button.dataset.label) button.textContent = button.dataset.label;
    }
  }
});

document.addEventListener("change", async ({ target }) => {
  const form = target.closest("[data-update]")?.closest("form");
  if (!form) return;
  const body = new URLSearchParams(new FormData(form));
  body.append("update", "1");
  try {
    const { next } = (await swap(form.action, { method: "POST", body, busy: "order" })) ?? {};
    if (!next) return;
    // The fields that the summary names may be gone.
    const errors = next.getElementById("errors");
    const old = document.getElementById("errors");
    if (errors) old?.replaceWith(errors);
    else old?.remove();
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

// Times of the order page are those of the visitor's time zone, which is named.
const localTimes = () => {
  const language = document.documentElement.lang.replace(/^en$/, "en-GB");
  const parts = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  const format = new Intl.DateTimeFormat(language, parts);
  for (const time of document.querySelectorAll("time[data-local]")) time.textContent = format.format(new Date(time.dateTime));
};
localTimes();

// A waiting page polls itself; if it has a form, that is submitted again.
const poll = () => {
  const waiting = document.querySelector("[data-poll]");
  if (!waiting) return;
  setTimeout(async () => {
    try {
      const form = waiting.querySelector("form:not([data-once])");
      const options = form ? { method: "POST", body: new URLSearchParams(new FormData(form)) } : {};
      const result = await swap(waiting.dataset.poll, options);
      localTimes();
      if (result?.response.redirected) return location.assign(result.response.url);
      // No longer waiting: the page that the answer belongs to is loaded as a whole.
      if (result && waiting.isConnected && !result.next.querySelector("[data-poll]")) {
        return form ? form.submit() : location.assign(waiting.dataset.poll);
      }
      const heading = document.querySelector("[data-poll]") ? "" : document.querySelector("h1")?.textContent;
      if (heading) announce(heading);
    } catch {
      // Retried by the next poll.
    }
    poll();
  }, 3000);
};
poll();
