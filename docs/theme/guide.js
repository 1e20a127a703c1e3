// Search, copying and keyboard access to what scrolls. Everything is readable without it; it asks nobody but its server.
"use strict";

const MOST_RESULTS = 12;
const AROUND = 70;

function wordsOf(text) {
  return text.toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter((word) => word.length > 0);
}

function plain(html) {
  return new DOMParser().parseFromString(html, "text/html").body.textContent.replace(/\s+/g, " ").trim();
}

// Every word of the question has to be in the section; titles count more than text, beginnings more than middles.
function score(section, words) {
  let sum = 0;
  for (const word of words) {
    const inTitle = section.lowTitle.indexOf(word);
    const inText = section.lowText.indexOf(word);
    if (inTitle < 0 && inText < 0) return 0;
    sum += (inTitle === 0 ? 12 : inTitle > 0 ? 8 : 0) + (inText >= 0 ? 1 : 0);
  }
  return sum;
}

function excerpt(section, word) {
  const at = Math.max(0, section.lowText.indexOf(word) - AROUND);
  return (at > 0 ? "…" : "") + section.text.slice(at, at + 2 * AROUND) + (at + 2 * AROUND < section.text.length ? "…" : "");
}

function startSearch(form) {
  const field = form.querySelector("input");
  const found = form.querySelector("#found");
  const address = new URL(document.body.dataset.index, location.href);
  let sections = null;

  async function load() {
    const answer = await fetch(address);
    sections = (await answer.json()).items.map((item) => {
      const text = plain(item.text);
      const title = plain(item.title);
      const page = plain(item.path[item.path.length - 1] ?? "");
      return { location: item.location, title, page, text, lowTitle: title.toLowerCase(), lowText: text.toLowerCase() };
    });
  }

  async function show() {
    const words = wordsOf(field.value);
    found.hidden = words.length === 0;
    if (words.length === 0) return;
    if (sections === null) await load();
    const hits = sections
      .map((section) => ({ section, points: score(section, words) }))
      .filter((hit) => hit.points > 0)
      .sort((one, other) => other.points - one.points)
      .slice(0, MOST_RESULTS);
    found.replaceChildren();
    if (hits.length === 0) {
      const nothing = document.createElement("p");
      nothing.textContent = "Nothing in the guide has these words.";
      found.append(nothing);
      return;
    }
    const list = document.createElement("ol");
    for (const { section } of hits) {
      const link = document.createElement("a");
      link.href = new URL(section.location, address);
      const title = document.createElement("strong");
      title.textContent = section.page && section.page !== section.title ? `${section.page}: ${section.title}` : section.title;
      const line = document.createElement("span");
      line.textContent = excerpt(section, words[0]);
      link.append(title, line);
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
    found.append(list);
  }

  field.addEventListener("input", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    found.querySelector("a")?.click();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    found.hidden = true;
    field.focus();
  });
  found.addEventListener("click", (event) => {
    if (event.target.closest("a")) found.hidden = true;
  });
  document.addEventListener("click", (event) => {
    if (!form.contains(event.target)) found.hidden = true;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.matches("input")) return;
    event.preventDefault();
    field.focus();
  });
  form.hidden = false;
}

function addCopyButtons() {
  if (!navigator.clipboard) return; // browsers have it on secure addresses only
  for (const block of document.querySelectorAll(".highlight")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      button.textContent = "Copied";
    });
    block.append(button);
  }
}

// What scrolls sideways must be reachable without a mouse.
function makeScrollable() {
  for (const table of document.querySelectorAll("main table")) {
    const frame = document.createElement("div");
    frame.className = "wide";
    table.replaceWith(frame);
    frame.append(table);
  }
  for (const frame of document.querySelectorAll("main pre, .wide")) {
    if (frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0;
  }
}

const contents = document.querySelector(".contents");
if (matchMedia("(max-width: 55.99rem)").matches) contents.open = false;
startSearch(document.querySelector("form"));
addCopyButtons();
makeScrollable();
