// Without this script the page only lacks the filter. It sends nothing and keeps nothing.
(() => {
  const box = document.getElementById("filter");
  const result = document.getElementById("filter-result");
  const cards = [...document.querySelectorAll("article.card")];
  const texts = cards.map((card) => card.textContent.toLowerCase());
  const directions = [...document.querySelectorAll("section.direction")];
  const apply = () => {
    const wanted = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    cards.forEach((card, index) => {
      const fits = wanted.every((word) => texts[index].includes(word));
      card.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    directions.forEach((section) => {
      section.hidden = !section.querySelector("article.card:not([hidden])");
    });
    result.textContent = wanted.length ? `${shown} of ${cards.length} interactions` : "";
  };
  box.addEventListener("input", apply);
  box.closest("p").hidden = false;
  // A narrow screen has no room for the contents; paper shows what stands behind the rules.
  document.querySelector("details.contents").open = matchMedia("(min-width: 70rem)").matches;
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details.print").forEach((one) => { one.open = true; });
  });
})();
