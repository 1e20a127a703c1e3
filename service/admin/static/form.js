// The form of a record: parts come and go without the page being left, faults are told while somebody types, and what
// is typed is kept in this browser until it is saved. Asked by fetch, not by attributes: what was typed has to survive
// a connection that is lost in between, and the place where somebody writes must not move.
"use strict";
(() => {
  const form = () => document.getElementById("record-form");
  if (!form()) return;
  const OWN = new Set(["csrf_token", "idempotency_key", "seen", "shown", "do"]);
  const DAYS_KEPT = 14;
  const fieldsOf = (data) => [...data.entries()].filter(([name, value]) => !OWN.has(name) && typeof value === "string");
  const typed = () => JSON.stringify(fieldsOf(new FormData(form())));

  // --- kept in this browser -------------------------------------------------------------------------------------
  const keyOf = (one) => `magcheck-kept:${one.dataset.person}:${one.dataset.keep}`;
  const store = {
    read(key) {
      try {
        return JSON.parse(localStorage.getItem(key));
      } catch {
        return null;
      }
    },
    write(key, kept) {
      try {
        localStorage.setItem(key, JSON.stringify(kept));
        return true;
      } catch {
        return false; // no place to keep it, and then nobody is told that it was kept
      }
    },
    remove(key) {
      try {
        localStorage.removeItem(key);
      } catch {
        return;
      }
    },
  };
  const forget = () => {
    const oldest = Date.now() - DAYS_KEPT * 24 * 3600 * 1000;
    try {
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith("magcheck-kept:") && !((store.read(key) || {}).at > oldest)) store.remove(key);
      }
    } catch {
      return;
    }
  };
  let asShown = typed();
  let keeping = 0;
  const keep = () => {
    clearTimeout(keeping);
    const one = form();
    const now = typed();
    if (now === asShown) return;
    const at = Date.now();
    if (store.write(keyOf(one), { at, revision: one.dataset.revision, fields: JSON.parse(now) })) {
      const told = one.querySelector("[data-kept-at]");
      const clock = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      told.textContent = `What you type is kept in this browser (${clock}). It is not in the draft yet.`;
    }
  };
  window.addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", () => document.hidden && keep());

  const offer = () => {
    const box = document.getElementById("kept-offer");
    const one = form();
    const kept = store.read(keyOf(one));
    if (!box || !kept || JSON.stringify(kept.fields) === typed()) return;
    const at = new Date(kept.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const moved = kept.revision === one.dataset.revision ? "" : " The draft has changed since then, so look twice.";
    box.querySelector("p").textContent = `What you typed here until ${at} was not saved.${moved}`;
    box.hidden = false;
    box.querySelector("[data-bring-back]").addEventListener("click", () => {
      box.hidden = true;
      const data = new FormData(one);
      for (const name of new Set(data.keys())) if (!OWN.has(name)) data.delete(name);
      for (const [name, value] of kept.fields) data.append(name, value);
      data.set("do", "check");
      ask(data, null);
    });
    box.querySelector("[data-throw-away]").addEventListener("click", () => {
      store.remove(keyOf(one));
      box.hidden = true;
      one.querySelector("textarea, input:not([type=hidden])")?.focus();
    });
  };

  // --- asking the service ---------------------------------------------------------------------------------------
  let asking = null;
  const tell = (text) => {
    const notice = document.getElementById("notice");
    const box = document.createElement("div");
    box.className = "card notice";
    box.setAttribute("role", "alert");
    box.textContent = text;
    notice.replaceChildren(box);
    box.scrollIntoView({ block: "nearest" });
  };
  const lost = "The service cannot be reached. Nothing was saved; what you typed is kept in this browser. Try again in a moment.";

  const opened = () => new Map([...form().querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
  const put = (text, returnTo) => {
    const before = opened();
    const top = window.scrollY;
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("record-form");
    if (!fresh) return false;
    form().replaceWith(document.adoptNode(fresh));
    for (const [id, open] of before) {
      const one = document.getElementById(id);
      if (one && open) one.open = true;
    }
    window.scrollTo(0, top);
    const goTo = document.getElementById(form().dataset.goTo || "");
    const target = goTo ? within(goTo) : document.getElementById(returnTo || "");
    const refused = form().querySelector("[data-focus]");
    (refused || target)?.focus();
    return true;
  };
  // Where somebody goes on in a part: its first field, or the part itself.
  const within = (part) => {
    for (let around = part; around; around = around.parentElement?.closest("details")) if (around.open === false) around.open = true;
    if (part.matches("input, textarea, select, button")) return part;
    return part.querySelector("input:not([type=hidden]), textarea, select") || part;
  };

  async function ask(data, returnTo) {
    const one = form();
    const action = data.get("do");
    asking?.abort();
    asking = new AbortController();
    one.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(one.action, {
        method: "POST",
        headers: { "HX-Request": "true" },
        body: new URLSearchParams(data),
        signal: asking.signal,
      });
      const next = answer.headers.get("HX-Redirect");
      if (next) {
        store.remove(keyOf(one));
        asShown = typed();
        window.location.assign(next);
        return;
      }
      const text = await answer.text();
      if (answer.headers.get("HX-Retarget") === "#notice") {
        const notice = document.getElementById("notice");
        notice.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
        document.dispatchEvent(new CustomEvent("htmx:after:swap"));
        notice.querySelector("input")?.focus();
        keep();
      } else if (put(text, returnTo)) {
        if (action === "check" || action === "save") all = true;
        if (action === "save") document.getElementById("notice").replaceChildren();
        keep();
        later();
      } else {
        tell("The service answered something else than was asked for. Nothing was saved; what you typed is kept in this browser.");
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        keep();
        tell(lost);
      }
    } finally {
      form().removeAttribute("aria-busy");
    }
  }

  document.addEventListener("submit", (event) => {
    if (event.target !== form()) return;
    event.preventDefault();
    keep();
    const data = new FormData(form(), event.submitter);
    // Leaving the form for the YAML or back, a part that is not there any more has no place to return to.
    ask(data, event.submitter?.id || document.activeElement?.id || null);
  });

  // --- what is wrong, while somebody types ----------------------------------------------------------------------
  const touched = new Set();
  const EMPTY = new Set(["Fill this in.", "Choose one.", "Choose a day."]); // nobody is told of a field not reached yet
  let all = false;
  const showFaults = (box) => {
    const told = new Map();
    for (const link of box.querySelectorAll("[data-fault], [data-remark]")) {
      const level = link.dataset.fault === undefined ? "remark" : "fault";
      const path = link.dataset.fault ?? link.dataset.remark;
      told.set(path, [...(told.get(path) || []), [level, link.dataset.text]]);
    }
    for (const place of form().querySelectorAll("[data-said]")) {
      const path = place.dataset.said;
      const found = (told.get(path) || []).filter(([, text]) => all || touched.has(path) || !EMPTY.has(text));
      place.replaceChildren(...found.map(([level, text]) => {
        const line = document.createElement("span");
        line.className = level;
        line.textContent = text;
        return line;
      }));
      place.hidden = found.length === 0;
      const field = document.getElementById(`f-${path}`);
      if (field?.matches("input, textarea, select")) {
        if (found.some(([level]) => level === "fault")) field.setAttribute("aria-invalid", "true");
        else field.removeAttribute("aria-invalid");
      }
    }
    const lines = form().querySelector("[data-said-lines]");
    if (lines) {
      const found = box.querySelector("[data-lines]");
      const rest = [...box.querySelectorAll(".fault-list")].filter((one) => !found?.contains(one));
      lines.replaceChildren(...(found ? [...found.childNodes] : rest.map((one) => one.cloneNode(true))));
      document.getElementById("yaml-text").toggleAttribute("aria-invalid", Boolean(found));
    }
  };
  let looking = null;
  async function look() {
    looking?.abort();
    looking = new AbortController();
    const one = form();
    const data = new FormData(one);
    data.set("do", "look");
    try {
      const answer = await fetch(one.action, {
        method: "POST",
        headers: { "HX-Request": "true" },
        body: new URLSearchParams(data),
        signal: looking.signal,
      });
      if (!answer.ok || answer.headers.get("HX-Retarget") || one !== form()) return;
      const box = document.getElementById("record-faults");
      box.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
      showFaults(box);
    } catch {
      return; // only a hint; saving tells it as well, and whether the service is there
    }
  }
  let waiting = 0;
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, 450);
  };

  // --- identifiers from titles ----------------------------------------------------------------------------------
  let ownId = false;
  const suggest = (field) => {
    const id = document.getElementById("f-id");
    if (form().dataset.new !== "yes" || ownId || !id || id.type === "hidden") return;
    if (!["f-title", "f-name", "f-body", "f-developer"].includes(field.id)) return;
    id.value = field.value.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 80).replace(/-+$/, "");
  };

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.form !== form()) return;
    if (field.id === "f-id") ownId = true;
    suggest(field);
    touched.add(field.name.replace(/^r\./, ""));
    clearTimeout(keeping);
    keeping = setTimeout(keep, 300);
    later();
  });

  // A choice that brings other fields: at once by mouse, and by keyboard when the choice is left, not at each arrow.
  let byKey = null;
  const again = (field) => {
    const data = new FormData(form());
    data.set("do", "show");
    const stay = field === document.activeElement ? field.id : document.activeElement?.id;
    ask(data, stay);
  };
  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.("[data-again]")) return;
    if (event.key === "Enter" && byKey === event.target) {
      event.preventDefault();
      byKey = null;
      again(event.target);
    } else if (event.key !== "Tab") byKey = event.target;
  });
  document.addEventListener("pointerdown", () => (byKey = null));
  let pending = null;
  document.addEventListener("change", (event) => {
    if (!event.target.matches?.("[data-again]") || event.target.form !== form()) return;
    if (byKey === event.target) pending = event.target;
    else again(event.target);
  });
  document.addEventListener("focusin", (event) => {
    if (pending && event.target !== pending) {
      const field = pending;
      pending = byKey = null;
      if (field.isConnected) again(field);
    }
  });

  // A fault in the list leads to its field, also where that is folded up.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-fault], [data-remark]");
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    within(field).focus();
  });

  forget();
  offer();
  if (document.querySelector("[data-saved]")) history.replaceState(null, "", window.location.pathname);
  document.querySelector(".refusal[data-focus]")?.focus();
})();
