// One passing sentence at the bottom of the window, with an optional way back: toast("Deleted.", { undo: () => ... }).

const SECONDS_PLAIN = 5;
const SECONDS_UNDO = 10;

function region() {
  const found = document.querySelector(".toasts");
  if (found) return found;
  const made = document.createElement("div");
  made.className = "toasts";
  made.setAttribute("role", "status");
  document.body.append(made);
  return made;
}

function leave(element) {
  element.classList.add("toast--leaving");
  setTimeout(() => element.remove(), 200);
}

export function toast(sentence, { undo, label = "Undo", focus = false } = {}) {
  const element = document.createElement("div");
  element.className = "toast";
  const words = document.createElement("p");
  words.textContent = sentence;
  element.append(words);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => {
      undo();
      leave(element);
    });
    element.append(button);
  }
  region().append(element);
  if (focus) element.querySelector("button")?.focus();
  setTimeout(() => leave(element), (undo ? SECONDS_UNDO : SECONDS_PLAIN) * 1000);
  return element;
}
