// Sets the theme before the first paint, from what the visitor chose here; loaded as a plain blocking script in the head.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const chosen = document.cookie.match(/(?:^|; )theme=(light|dark)(?:;|$)/);
  if (chosen) root.dataset.theme = chosen[1];
})();
