// The light, dark, system switch: remembers the choice and applies it. theme.js reads it on the next page.
// It is a cookie, since signing out empties the browser's storage, and the theme is the device's.

const SECONDS_OF_A_YEAR = 31536000;
const root = document.documentElement;

function chosen() {
  return root.dataset.theme ?? "system";
}

function apply(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  const seconds = theme === "system" ? 0 : SECONDS_OF_A_YEAR;
  const secure = location.protocol === "https:" ? "; secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: the other way is not in every browser yet
  document.cookie = `theme=${theme}; path=/; max-age=${seconds}; samesite=lax${secure}`;
  mark();
}

function mark() {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen()));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (button) apply(button.dataset.themeChoice);
});

mark();
