// The large view: a press on a picture opens it over the page, with its neighbours, zoom, comparison and actions.
// Without scripts, or with a key held, the link leads to the picture's own page.

import { imageCodeOf } from "./actions.js";

const DONE = '.tile[data-state="done"] .tile__picture';
const ZOOMS = [1, 2, 4];
const KEYS = { ArrowLeft: "previous", ArrowRight: "next", "+": "zoom", z: "zoom", c: "compare" };

export function openLarge(root) {
  const dialog = document.getElementById("large");
  if (!dialog) return;
  const part = (name) => dialog.querySelector(`[data-large="${name}"]`);
  const links = () => [...root.querySelectorAll(DONE)];
  let current = null;
  let zoom = 1;

  /** The other of two that are compared: what the picture was made from, or its neighbour. */
  function paintOther() {
    const other = part("other");
    if (!current.dataset.source) return paint(other, neighbour());
    Object.assign(other, { src: current.dataset.source, alt: "What it was made from" });
  }

  function paint(image, link) {
    const small = link.querySelector("img");
    image.src = `${link.pathname}file`;
    image.alt = small.alt;
    image.width = small.getAttribute("width");
    image.height = small.getAttribute("height");
  }

  function show(link) {
    const all = links();
    const place = all.indexOf(link);
    current = link;
    dialog.dataset.code = imageCodeOf(link);
    setZoom(1);
    paint(part("picture"), link);
    part("count").textContent = `${place + 1} of ${all.length}`;
    part("words").textContent = link.querySelector("img").alt;
    part("previous").disabled = place === 0;
    part("next").disabled = place === all.length - 1;
    part("compare").disabled = all.length < 2 && !link.dataset.source;
    part("compare-words").textContent = link.dataset.source ? "Compare with its source" : "Compare";
    for (const action of dialog.querySelectorAll("[data-address]")) {
      action.setAttribute("href", action.dataset.address.replace("CODE", imageCodeOf(link)));
    }
    if (dialog.classList.contains("large--comparing")) paintOther();
  }

  /** The picture to compare with: the next one, or the one before the last. */
  function neighbour() {
    const all = links();
    const place = all.indexOf(current);
    return all[place + 1] ?? all[place - 1];
  }

  function setZoom(to) {
    zoom = to;
    dialog.style.setProperty("--zoom", String(zoom));
    part("zoom-words").textContent = zoom === 1 ? "Zoom in" : zoom === ZOOMS.at(-1) ? "Whole picture" : `${zoom} times`;
    const stage = part("stage");
    stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
  }

  function compare(on) {
    dialog.classList.toggle("large--comparing", on);
    part("compare").setAttribute("aria-pressed", String(on));
    if (on) paintOther();
  }

  const acts = {
    previous: () => turn(-1),
    next: () => turn(1),
    zoom: () => setZoom(ZOOMS[(ZOOMS.indexOf(zoom) + 1) % ZOOMS.length]),
    compare: () => part("compare").disabled || compare(!dialog.classList.contains("large--comparing")),
    divide: () => dialog.style.setProperty("--divide", `${part("divide").value}%`),
  };

  function turn(by) {
    const all = links();
    const next = all[all.indexOf(current) + by];
    if (next) show(next);
  }

  root.addEventListener("click", (event) => {
    const link = event.target.closest(DONE);
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    compare(false);
    show(link);
    dialog.showModal();
  });
  dialog.addEventListener("click", (event) => acts[event.target.closest("button")?.dataset.large]?.());
  part("picture").addEventListener("click", acts.zoom);
  part("divide").addEventListener("input", acts.divide);
  dialog.addEventListener("keydown", (event) => {
    if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
    event.preventDefault();
    acts[KEYS[event.key]]();
  });
  // The focus goes to the picture that was looked at last, not to the one that was opened.
  dialog.addEventListener("close", () => current?.isConnected && current.focus());
}
