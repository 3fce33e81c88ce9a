// Sets the theme before the first paint, from what the visitor chose here; loaded as a plain blocking script in the head.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  let chosen = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch {
    // Storage may be forbidden; the page then follows the system.
  }
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
})();
