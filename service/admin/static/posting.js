// Signing in, on its own page or without leaving another; forms that change something: sent once, the first fault in view.
"use strict";
(() => {
  const SIGN_IN = "#sign-in, [data-sign-in-again]";
  const renew = (token) => {
    for (const field of document.querySelectorAll('input[name="csrf_token"]')) field.value = token;
    const leave = document.getElementById("sign-out");
    if (leave) leave.dataset.token = token;
  };

  // Whoever leaves a page of a form that is under way and comes back finds it ready again.
  const ready = () => {
    for (const button of document.querySelectorAll("[data-once] [aria-disabled='true']")) {
      button.removeAttribute("aria-disabled");
    }
  };
  window.addEventListener("pageshow", ready);

  const signIn = async (form) => {
    const problem = form.querySelector("[role=alert]");
    const send = form.querySelector("button");
    const fail = (text) => {
      problem.textContent = text;
      problem.hidden = false;
      send.disabled = false;
      form.elements.password.value = "";
      form.elements.password.focus();
    };
    send.disabled = true;
    problem.hidden = true;
    const said = { login: form.elements.login.value, password: form.elements.password.value, cookie: true };
    try {
      const answer = await fetch("/v1/sign-ins", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(said),
      });
      const told = await answer.json();
      if (answer.status === 401) return fail("The name or the password is not right.");
      if (!answer.ok) return fail(told.detail);
      if (form.dataset.back) return window.location.assign(form.dataset.back);
      renew(told.csrf_token);
      const done = document.createElement("p");
      done.setAttribute("role", "status");
      done.className = "done-line";
      done.textContent = `Signed in as ${told.name}. Send again what you were about to send.`;
      form.replaceWith(done);
      const waiting = document.querySelector("[data-after-sign-in]");
      if (waiting) waiting.focus();
    } catch {
      fail("The service cannot be reached. Nothing was changed; try again in a moment.");
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches(SIGN_IN)) {
      event.preventDefault();
      signIn(form);
    } else if (form.matches("[data-once]") && !event.defaultPrevented) {
      const send = event.submitter;
      // The service does it once in any case; this spares people a second page.
      if (send?.getAttribute("aria-disabled") === "true") event.preventDefault();
      else send?.setAttribute("aria-disabled", "true");
    }
  });

  const arrived = () => {
    const fresh = document.querySelector("[data-new-token]");
    if (fresh) renew(fresh.dataset.newToken);
  };
  document.addEventListener("htmx:after:swap", arrived);
  // Without scripts there is no signing in, so that the button waits for this one.
  for (const button of document.querySelectorAll("#sign-in button")) button.disabled = false;
  document.querySelector("[data-focus]")?.focus();
})();
