// What somebody types into a form and has not sent stays in this tab: a page that is loaded anew, after a connection or
// a sign-in that was lost, has it again. It ends with the tab, with being sent, and with signing out.
// The form of a record has a keeping of its own, which outlives the tab (form.js): what is typed there is no patient's.
"use strict";
(() => {
  const PREFIX = "magcheck-tab:";
  const SKIPPED = "[type=hidden], [type=password], [type=submit], [type=search], [readonly]";
  const person = document.querySelector(".who")?.textContent || "";
  const own = `${PREFIX}${person}:`;
  const forms = () => [...document.querySelectorAll("form[data-once]:not(#kept-form), #bench-form")];
  // A list that is tried beside the form of one record is there beside the next one of the draft, too.
  const isBeside = (form) => form.dataset.beside !== undefined;
  const keyOf = (form) => `${own}${isBeside(form) ? "beside" : window.location.pathname}:${new URL(form.action).pathname}`;
  const fields = (form) =>
    [...form.elements].filter((one) => one.name && one.matches("input, textarea, select") && !one.matches(SKIPPED));
  const box = (one) => one.matches("[type=checkbox], [type=radio]");
  const valueOf = (one) => (box(one) ? one.checked : one.value);
  const attempt = (act) => {
    try {
      return act();
    } catch {
      return null; // no place to keep it, and nobody is told that it was kept
    }
  };
  const remove = (form) => attempt(() => sessionStorage.removeItem(keyOf(form)));
  const removeAll = (wanted) => attempt(() => Object.keys(sessionStorage).filter(wanted).forEach((key) => sessionStorage.removeItem(key)));

  // How each form was when the page came. The bench is compared with an empty one: buttons write in it, too.
  const made = new Map();
  const before = (form, one, place) => {
    if (form.id === "bench-form") return box(one) ? false : one.matches("select") ? one.options[0].value : "";
    return made.get(keyOf(form))?.[place];
  };
  // A form may have several fields of one name, so each is known by its place as well.
  const said = (form) =>
    fields(form).flatMap((one, place) => (valueOf(one) === before(form, one, place) ? [] : [[place, one.name, valueOf(one)]]));
  const keep = (form) => {
    const typed = said(form);
    if (typed.length) attempt(() => sessionStorage.setItem(keyOf(form), JSON.stringify(typed)));
    else remove(form);
  };

  const bringBack = (form) => {
    const kept = attempt(() => JSON.parse(sessionStorage.getItem(keyOf(form))));
    // A bench that begins with something, such as an example, is not written over.
    if (!kept || said(form).length) return;
    const there = fields(form);
    const found = kept.filter(([place, name]) => there[place]?.name === name);
    if (!found.length) return;
    for (const [place, , value] of found) {
      if (box(there[place])) there[place].checked = value;
      else there[place].value = value;
      for (let part = there[place].closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    }
    // The bench answers to it.
    if (form.id === "bench-form") setTimeout(() => there[found[0][0]].dispatchEvent(new Event("change", { bubbles: true })));
    if (isBeside(form)) return; // it came along, and nothing was lost on the way
    const line = document.createElement("p");
    line.className = "note brought-back";
    line.setAttribute("role", "status");
    const away = document.createElement("button");
    away.type = "button";
    away.className = "btn btn-sm";
    away.textContent = "Throw it away";
    away.addEventListener("click", () => {
      form.reset();
      remove(form);
      line.remove();
      there[0].dispatchEvent(new Event("change", { bubbles: true }));
      there[0].focus();
    });
    line.append("What you typed here before stands here again: nothing said that it was taken. ", away);
    form.prepend(line);
  };

  const typing = (event) => {
    const form = event.target.form;
    if (form && forms().includes(form)) keep(form);
  };
  document.addEventListener("input", typing);
  document.addEventListener("change", typing);
  document.addEventListener("htmx:after:swap", () => {
    const bench = document.getElementById("bench-form");
    if (bench && said(bench).length) keep(bench);
  });
  document.addEventListener("magcheck:taken", (event) => remove(event.target));
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#sign-out")) removeAll((key) => key.startsWith(PREFIX));
    const empty = event.target.closest?.("[data-forget]");
    if (empty) remove(empty.closest("form"));
  });
  document.addEventListener("DOMContentLoaded", () => {
    // Of somebody else, who had this tab before.
    if (person) removeAll((key) => key.startsWith(PREFIX) && !key.startsWith(own));
    for (const form of forms()) made.set(keyOf(form), fields(form).map(valueOf));
    for (const form of forms()) bringBack(form);
  });
})();
