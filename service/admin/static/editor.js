// What pages do beyond links and forms: the choice of colours, and the keyboard in the search.
"use strict";
(() => {
  const next = { system: "light", light: "dark", dark: "system" };
  const called = { system: "as the system has them", light: "light", dark: "dark" };
  const button = document.getElementById("theme-button");
  const tell = () => {
    const text = `Colours: ${called[window.magcheckColours.chosen()]}`;
    button.setAttribute("aria-label", text);
    button.title = text;
  };
  button.addEventListener("click", () => {
    try {
      localStorage.setItem("magcheck-colours", next[window.magcheckColours.chosen()]);
    } catch {
      return; // no place to keep it: the colours stay as the system has them
    }
    window.magcheckColours.apply();
    tell();
  });
  tell();

  const writes = (element) => element.matches("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const search = document.querySelector("[data-slash]");
    if (event.key === "/" && search && !writes(event.target)) {
      event.preventDefault();
      search.focus();
      search.select();
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const results = [...document.querySelectorAll("[data-result]")];
    const place = results.indexOf(document.activeElement);
    const inSearch = document.activeElement === document.querySelector("[data-results]");
    if (!results.length || (place < 0 && !(inSearch && event.key === "ArrowDown"))) return;
    event.preventDefault();
    if (event.key === "ArrowDown") results[Math.min(place + 1, results.length - 1)].focus();
    else if (place === 0) search.focus();
    else results[place - 1].focus();
  });

  const leave = document.getElementById("sign-out");
  if (leave) {
    leave.addEventListener("click", async () => {
      leave.disabled = true;
      try {
        const headers = { "X-CSRF-Token": leave.dataset.token };
        const answer = await fetch("/v1/sign-ins/current", { method: "DELETE", headers });
        if (answer.ok || answer.status === 401) window.location.assign("/admin/sign-in");
        else leave.disabled = false;
      } catch {
        leave.disabled = false; // still signed in, and the button says so
      }
    });
  }
})();
