// Fragment replacement: swaps parts of this page for those of another one, and keeps focus and caret.

const status = document.getElementById("status");
const PART = { "shop-part": "1" };

/** Announces a change to screen readers. */
export const announce = (text) => {
  status.textContent = "";
  requestAnimationFrame(() => (status.textContent = text ?? ""));
};

export const parse = (text) => new DOMParser().parseFromString(text, "text/html");

/** Replaces the parts of the page by those of `next`. Open disclosures and the focus stay as they are. */
export const replaceParts = (next) => {
  const focused = document.activeElement?.id;
  const caret = document.activeElement?.selectionStart;
  for (const part of document.querySelectorAll("[data-part]")) {
    // Nested in a part that was replaced already.
    if (!part.isConnected) continue;
    const other = next.querySelector(`[data-part="${part.dataset.part}"]`);
    // An empty part keeps the last content.
    if (!other?.hasChildNodes()) continue;
    for (const fold of part.querySelectorAll("details[id]")) {
      const same = other.querySelector(`#${CSS.escape(fold.id)}`);
      if (same) same.open = fold.open;
    }
    part.replaceWith(document.adoptNode(other));
  }
  const again = focused && document.getElementById(focused);
  if (again && again !== document.activeElement) {
    again.focus({ preventScroll: true });
    if (caret != null && again.type === "text") again.setSelectionRange(caret, caret);
  }
};

let inFlight;

/** Fetches a page and replaces the parts by its own; the newest call wins. Resolves to the page, or to nothing if aborted. */
export const swap = async (url, options = {}) => {
  inFlight?.abort();
  const controller = (inFlight = new AbortController());
  const busy = document.querySelector(`[data-part="${options.busy}"]`);
  busy?.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(url, { ...options, headers: { accept: "text/html" }, signal: controller.signal });
    const next = parse(await response.text());
    if (!next.querySelector("[data-part]")) throw new Error("no parts in the response");
    replaceParts(next);
    document.title = next.title;
    return { response, next };
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    throw error;
  } finally {
    busy?.removeAttribute("aria-busy");
  }
};

/** Submits a form and returns the response. */
export const send = (form, button, headers = PART) => {
  const body = new URLSearchParams(new FormData(form, button));
  return fetch(form.action, { method: "POST", body, headers });
};
