// The answer on the bench is about the list beside it: where no answer came, none is shown, least of all an earlier one.
"use strict";
(() => {
  const isBench = (event) => event.detail?.ctx?.sourceElement?.id === "bench-form";
  const answer = () => document.getElementById("answer");
  // A field that is left after somebody typed in it asks nothing new; an answer made anew would fold up what is open.
  let asked = null;
  const OWN = new Set(["csrf_token", "lookup"]);
  document.addEventListener("htmx:config:request", (event) => {
    if (!isBench(event)) return;
    const { request, sourceEvent } = event.detail.ctx;
    const question = JSON.stringify([...new FormData(request.form)].filter(([name]) => !OWN.has(name)));
    if (sourceEvent?.type === "change" && question === asked) event.preventDefault();
    else asked = question;
  });
  document.addEventListener("htmx:before:request", (event) => {
    if (isBench(event)) answer().setAttribute("aria-busy", "true");
  });
  // A page that tells of a failure is no answer to the list.
  document.addEventListener("htmx:before:swap", (event) => {
    if (isBench(event) && event.detail.ctx.response.status >= 400 && !event.detail.ctx.hx.retarget) event.preventDefault();
  });
  const again = () => document.querySelector("#bench-form .bench-send button");
  document.addEventListener("htmx:after:swap", (event) => {
    if (!isBench(event)) return;
    const refused = event.detail.ctx.hx.retarget === "#notice";
    // Signed in anew, somebody goes on with the list.
    again()?.toggleAttribute("data-after-sign-in", refused);
    if (refused) document.querySelector("#notice input")?.focus();
    else answer().removeAttribute("aria-busy");
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
    asked = null;
    answer().removeAttribute("aria-busy");
  });
})();
