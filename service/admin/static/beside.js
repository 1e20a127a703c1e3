// The bench beside the form of a record: it is opened and left without losing the place in the form, and an answer says
// when something was typed in the form after it. What is tried, and how, is the bench's own (bench.js).
"use strict";
(() => {
  const panel = document.getElementById("beside");
  const OPEN = "magcheck-beside"; // whether it was open on the page before; no list, that is kept elsewhere (keeping.js)
  const remember = () => {
    try {
      sessionStorage.setItem(OPEN, panel.open ? "open" : "shut");
    } catch {
      return; // each page begins with it shut
    }
  };
  const remembered = () => {
    try {
      return sessionStorage.getItem(OPEN);
    } catch {
      return null;
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    const was = remembered();
    if (was) panel.open = was === "open";
  });

  // --- to the list and back -------------------------------------------------------------------------------------
  let place = ""; // the field of the form that was left
  document.addEventListener("focusin", (event) => {
    if (event.target.form?.id === "record-form" && event.target.id) place = event.target.id;
  });
  const enter = () => {
    panel.open = true;
    remember();
    const list = document.getElementById("b-list");
    list.focus({ preventScroll: true });
    // On a tablet it stands below the form.
    const top = panel.getBoundingClientRect().top;
    if (top < 0 || top > window.innerHeight / 2) panel.scrollIntoView();
  };
  const leave = () => {
    const field = document.getElementById(place) || document.querySelector("#record-form input:not([type=hidden])");
    field?.focus();
  };
  document.addEventListener("click", (event) => {
    const to = event.target.closest?.("[data-to-beside], [data-to-form]");
    if (to) {
      event.preventDefault();
      if (to.hasAttribute("data-to-beside")) enter();
      else leave();
    }
    if (event.target.closest?.("#beside > summary")) {
      // It is opened or shut only after this.
      setTimeout(() => (panel.open ? enter() : remember()));
    }
  });

  // What leads to a search on every page (editor.js) opens the panel first.
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || panel.open) return;
      if (event.target.matches("input, textarea, select")) return;
      panel.open = true;
      remember();
    },
    true,
  );

  // --- an answer is about what was typed when it came -----------------------------------------------------------
  const answer = () => document.getElementById("answer");
  const says = document.createElement("p");
  says.className = "note beside-old";
  says.setAttribute("role", "status");
  panel.querySelector("summary").after(says);
  let tried = null;
  const typed = () => {
    const own = new FormData(document.getElementById("record-form"));
    return JSON.stringify([...own].filter(([name]) => name === "text" || name.startsWith("r.")));
  };
  const compare = () => {
    const old = tried !== null && tried !== typed();
    answer().toggleAttribute("data-old", old);
    says.textContent = old ? "The form has changed since this answer: press Try again." : "";
  };
  // Of the panel where it scrolls by itself: the place in the form must not move.
  const toTop = (part) => {
    if (panel.scrollHeight > panel.clientHeight + 1) panel.scrollTop += part.getBoundingClientRect().top - panel.getBoundingClientRect().top - 12;
    else part.scrollIntoView({ block: "start" });
  };
  let asked = null;
  const isBench = (event) => event.detail?.ctx?.sourceElement?.id === "bench-form";
  document.addEventListener("htmx:config:request", (event) => {
    if (isBench(event)) asked = typed();
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (!isBench(event)) return;
    tried = event.detail.ctx.response.status < 400 && answer().querySelector("[data-answered]") ? asked : null;
    compare();
    // The button that was pressed stays in view, above what it brought.
    if (event.detail.ctx.sourceEvent?.type === "submit" && tried) toTop(panel.querySelector(".bench-send"));
  });
  let waiting = 0;
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(compare, 200);
  };
  document.addEventListener("input", (event) => {
    if (event.target.form?.id === "record-form") later();
  });
  // Buttons of the form change it without a key being pressed in a field.
  new MutationObserver(later).observe(document.querySelector(".desk"), { childList: true });
})();
