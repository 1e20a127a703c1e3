// Signing in, on its own page or without leaving another; forms that change something: sent once, without leaving the
// page before the service has answered, so that what was typed survives a lost connection; the first fault in view.
"use strict";
(() => {
  const SIGN_IN = "#sign-in, [data-sign-in-again]";
  const renew = (token) => {
    for (const field of document.querySelectorAll('input[name="csrf_token"]')) field.value = token;
    const leave = document.getElementById("sign-out");
    if (leave) leave.dataset.token = token;
  };

  let waiting = null; // the button that was pressed when the sign-in was over

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
      (document.querySelector("[data-after-sign-in]") || waiting)?.focus();
    } catch {
      fail("The service cannot be reached. Nothing was changed; try again in a moment.");
    }
  };

  // --- forms that change something ------------------------------------------------------------------------------
  const LOST = "The service cannot be reached, so it is not known whether this was done. Nothing you typed is lost: send it again in a moment. It is done once, however often you send it.";
  const tell = (...parts) => {
    const box = document.createElement("div");
    box.className = "card notice";
    box.setAttribute("role", "alert");
    box.append(...parts);
    document.getElementById("notice").replaceChildren(box);
    box.scrollIntoView({ block: "nearest" });
  };
  const page = (text) => new DOMParser().parseFromString(text, "text/html");

  const sendOnce = async (form, send) => {
    // The service does it once in any case; this spares people a second answer.
    if (form.getAttribute("aria-busy") === "true") return;
    form.setAttribute("aria-busy", "true");
    send?.setAttribute("aria-disabled", "true");
    try {
      const answer = await fetch(send?.hasAttribute("formaction") ? send.formAction : form.action, {
        method: "POST",
        headers: { "HX-Request": "true" },
        body: new URLSearchParams(new FormData(form, send)),
      });
      const next = answer.headers.get("HX-Redirect");
      if (next) {
        form.dispatchEvent(new CustomEvent("magcheck:taken", { bubbles: true }));
        window.location.assign(next);
        return; // busy until the page is left
      }
      const text = await answer.text();
      if (answer.headers.get("HX-Retarget") === "#notice") {
        document.getElementById("notice").replaceChildren(...page(text).body.childNodes);
        arrived();
        waiting = send;
        (document.querySelector("#notice input") || send)?.focus();
      } else show(page(text), form, answer.ok);
    } catch {
      tell(LOST);
    }
    form.removeAttribute("aria-busy");
    send?.removeAttribute("aria-disabled");
  };

  // The page that came instead of where the form leads: with its faults, or with what is shown once, such as a key.
  const show = (fresh, form, good) => {
    const main = fresh.getElementById("content");
    if (!main) return tell(LOST); // whoever stands in front of the service has answered
    if (!good && !main.querySelector("form[method=post]:not(.sign-in-again)")) {
      // A failure without the form: the form here stays as it is.
      return tell(...[...main.querySelectorAll("h1, h1 ~ p:not(:has(a)), h1 ~ ul")].map((one) => {
        const line = document.createElement(one.matches("h1") ? "strong" : "p");
        line.textContent = one.textContent;
        return line;
      }));
    }
    if (good) form.dispatchEvent(new CustomEvent("magcheck:taken", { bubbles: true }));
    document.title = fresh.title;
    const here = document.getElementById("content");
    here.replaceChildren(...main.childNodes);
    window.htmx?.process(here);
    const first = here.querySelector("[data-focus]");
    if (first) first.focus();
    else window.scrollTo(0, 0);
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches(SIGN_IN)) {
      event.preventDefault();
      signIn(form);
    } else if (form.matches("[data-once]") && !event.defaultPrevented) {
      event.preventDefault();
      sendOnce(form, event.submitter);
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
