// Keys of the desk: J and K move through the queue, X ticks, Enter opens; on a case the letters on its buttons press them.

const lines = [...document.querySelectorAll("[data-case]")];

function move(by) {
  const at = lines.findIndex((line) => line.contains(document.activeElement));
  const next = lines[Math.min(lines.length - 1, Math.max(0, at + by))];
  next?.focus();
}

function press(key) {
  const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  target?.click();
  target?.closest("details")?.querySelector("input[name='reason']")?.focus();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type='checkbox']), textarea, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const key = event.key.toLowerCase();
  const line = document.activeElement?.closest?.("[data-case]");
  if (key === "j" || key === "k") {
    move(key === "j" ? 1 : -1);
  } else if (key === "x" && line) {
    line.querySelector("[data-tick]").click();
  } else if (key === "enter" && line === document.activeElement) {
    line?.querySelector("[data-open]")?.click();
  } else if (/^[a-z]$/.test(key) && lines.length === 0) {
    press(key);
  } else {
    return;
  }
  event.preventDefault();
});
