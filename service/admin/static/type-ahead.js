// Fields that name a record: while somebody types, records of that name are offered (the combobox pattern of WAI-ARIA).
// Without it they are plain fields that take an id or a whole name.
"use strict";
(() => {
  const WAIT = 150;
  let open = null; // the field whose list is shown, with its list
  let timer = 0;
  let asked = null;

  const close = () => {
    if (!open) return;
    open.field.setAttribute("aria-expanded", "false");
    open.field.removeAttribute("aria-activedescendant");
    open.list.remove();
    open = null;
  };

  const options = () => (open ? [...open.list.querySelectorAll("[role=option]:not([aria-disabled])")] : []);
  const mark = (number) => {
    const all = options();
    for (const [at, one] of all.entries()) {
      one.setAttribute("aria-selected", at === number ? "true" : "false");
      if (at === number) {
        open.field.setAttribute("aria-activedescendant", one.id);
        one.scrollIntoView({ block: "nearest" });
      }
    }
  };
  const marked = () => options().findIndex((one) => one.getAttribute("aria-selected") === "true");

  const choose = (option) => {
    const { field } = open;
    field.value = option.dataset.id;
    close();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    close();
    const add = field.closest(".pick-more")?.querySelector("button");
    if (add) {
      add.form.requestSubmit(add);
      return;
    }
    const title = field.parentElement.querySelector(".f-title");
    if (title) {
      title.textContent = option.dataset.title;
      title.hidden = false;
    }
    field.focus();
  };

  const dress = (field) => {
    if (field.getAttribute("role") === "combobox") return;
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-expanded", "false");
    field.setAttribute("aria-controls", `${field.id}-list`);
  };

  const show = async (field) => {
    asked?.abort();
    asked = new AbortController();
    const about = new URLSearchParams({ text: field.value });
    try {
      const answer = await fetch(`${field.form.dataset.records}/${field.dataset.typeAhead}?${about}`, {
        headers: { "HX-Request": "true" },
        signal: asked.signal,
      });
      if (!answer.ok || document.activeElement !== field) return;
      const list = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[role=listbox]");
      if (!list) return;
      close();
      list.id = `${field.id}-list`;
      for (const [at, one] of [...list.querySelectorAll("[role=option]")].entries()) one.id = `${list.id}-${at}`;
      field.parentElement.append(list);
      field.setAttribute("aria-expanded", "true");
      open = { field, list };
      document.getElementById("type-ahead-says").textContent = list.dataset.says;
    } catch {
      close(); // the field takes an id or a whole name without help
    }
  };

  const says = document.createElement("div");
  says.id = "type-ahead-says";
  says.className = "visually-hidden";
  says.setAttribute("role", "status");
  document.querySelector("main").append(says);

  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.("[data-type-ahead]")) dress(event.target);
    if (open && event.target !== open.field) close();
  });
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.matches?.("[data-type-ahead]")) return;
    const title = field.parentElement.querySelector(".f-title");
    if (title) title.hidden = true;
    clearTimeout(timer);
    if (!field.value.trim()) close();
    else if (event.isTrusted) timer = setTimeout(() => show(field), WAIT);
  });
  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!field.matches?.("[data-type-ahead]")) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) {
        show(field);
        return;
      }
      const many = options().length;
      if (many) mark((marked() + (event.key === "ArrowDown" ? 1 : many - (marked() < 0 ? 0 : 1))) % many);
    } else if (event.key === "Enter") {
      const at = marked();
      if (open && at >= 0) {
        event.preventDefault();
        choose(options()[at]);
      } else if (field.closest(".pick-more") && field.value.trim()) {
        event.preventDefault();
        const add = field.closest(".pick-more").querySelector("button");
        add.form.requestSubmit(add);
      }
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      close();
    } else if (event.key === "Tab") close();
  });
  document.addEventListener("mousedown", (event) => {
    const option = open && event.target.closest?.(".type-ahead [role=option]");
    if (option) {
      event.preventDefault(); // the field keeps the focus
      if (option.dataset.id) choose(option);
    }
  });
})();
