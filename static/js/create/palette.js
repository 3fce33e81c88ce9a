// The palette: colours to pick beside the field that names them, and the main colours of a picture that is chosen.

import { post, Refused } from "../ask.js";
import { toast } from "../toast.js";

const MOST = 5;

function dotOf(colour) {
  const dot = document.createElement("span");
  dot.className = "palette-dot";
  dot.style.background = colour;
  dot.title = colour;
  return dot;
}

export function startPalette(form) {
  const part = form.querySelector("[data-palette]");
  const field = form.elements.palette;
  const picks = part.querySelector("[data-palette-picks]");
  const more = part.querySelector("[data-palette-more]");
  const summary = part.querySelector("[data-palette-summary]");
  const file = part.querySelector("[data-palette-file]");

  const colours = () =>
    field.value
      .split(/[\s,;]+/)
      .filter((each) => /^#[0-9a-f]{6}$/i.test(each))
      .slice(0, MOST);

  function write(values) {
    field.value = values.join(" ");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function draw() {
    const values = colours();
    const inputs = values.map((value, place) => {
      const input = document.createElement("input");
      input.type = "color";
      input.value = value;
      input.setAttribute("aria-label", `Colour ${place + 1} of the palette`);
      input.addEventListener("change", () => write(values.with(place, input.value)));
      return input;
    });
    picks.replaceChildren(...inputs);
    more.hidden = values.length >= MOST;
    summary.replaceChildren(...(values.length ? values.map(dotOf) : ["as they come"]));
  }

  more.addEventListener("click", () => write([...colours(), "#f2a93b"]));
  field.addEventListener("input", draw);
  file.addEventListener("change", async () => {
    const sent = new FormData();
    sent.append("picture", file.files[0]);
    file.value = "";
    try {
      const answer = await post(file.dataset.url, sent);
      write((await answer.json()).palette.split(" "));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      toast(error.message);
    }
  });
  draw();
}
