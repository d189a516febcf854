// Replaces the parts of this page by those of another one, and keeps what the shopper was doing.

const status = document.getElementById("status");
const PART = { "shop-part": "1" };

/** Says something to those who cannot see it change. */
export const say = (text) => {
  status.textContent = "";
  requestAnimationFrame(() => (status.textContent = text ?? ""));
};

export const parse = (text) => new DOMParser().parseFromString(text, "text/html");

/** Puts the parts of `next` into the page. Folds stay as they are, and the focus stays where it is. */
export const put = (next) => {
  const focused = document.activeElement?.id;
  const caret = document.activeElement?.selectionStart;
  for (const part of document.querySelectorAll("[data-part]")) {
    // Inside one that was replaced already it came along.
    if (!part.isConnected) continue;
    const other = next.querySelector(`[data-part="${part.dataset.part}"]`);
    // An empty one has nothing to say: what was said last stays.
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
  document.dispatchEvent(new Event("put"));
};

let under_way;

/** Fetches a page and puts its parts here; the newest wish wins. Resolves to the page, or to nothing. */
export const swap = async (url, options = {}) => {
  under_way?.abort();
  const mine = (under_way = new AbortController());
  const busy = document.querySelector(`[data-part="${options.busy}"]`);
  busy?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { ...options, headers: { accept: "text/html" }, signal: mine.signal });
    const next = parse(await answer.text());
    if (!next.querySelector("[data-part]")) throw new Error("not a page of ours");
    put(next);
    document.title = next.title;
    return { answer, next };
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    throw error;
  } finally {
    busy?.removeAttribute("aria-busy");
  }
};

/** Sends a form and takes what comes back as it is. */
export const send = (form, button, headers = PART) => {
  const body = new URLSearchParams(new FormData(form, button));
  return fetch(form.action, { method: "POST", body, headers });
};
