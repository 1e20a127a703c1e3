// Sets the colours before anything is painted: as the system has them, unless somebody has chosen.
"use strict";
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("magcheck-colours") || "system";
    } catch {
      return "system";
    }
  };
  const apply = () => {
    const wish = chosen();
    document.documentElement.dataset.bsTheme = wish === "system" ? (dark.matches ? "dark" : "light") : wish;
  };
  dark.addEventListener("change", apply);
  window.magcheckColours = { apply, chosen };
  apply();
})();
