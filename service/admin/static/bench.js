// The answer on the bench is about the list beside it: where no answer came, none is shown, least of all an earlier one.
"use strict";
(() => {
  const isBench = (event) => event.detail?.ctx?.sourceElement?.id === "bench-form";
  const answer = () => document.getElementById("answer");
  document.addEventListener("htmx:before:request", (event) => {
    if (isBench(event)) answer().setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (isBench(event) && event.detail.ctx.target?.id !== "notice") answer().removeAttribute("aria-busy");
  });
  document.addEventListener("htmx:finally:request", (event) => {
    // Another question took its place, and its answer is on the way.
    if (!isBench(event) || String(event.detail.ctx.status).includes("AbortError") || !answer().hasAttribute("aria-busy")) return;
    const box = document.createElement("div");
    box.className = "card refusal";
    box.setAttribute("role", "alert");
    const strong = document.createElement("strong");
    strong.textContent = "Not checked.";
    box.append(strong, " No answer came to the list as it stands now. Nothing you typed is lost: check again in a moment.");
    answer().replaceChildren(box);
    answer().removeAttribute("aria-busy");
  });
})();
