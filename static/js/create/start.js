// What the form starts from: keeps its fields and the editor at one, and the mask on the server, so that both are there
// again after a reload.

import { post, Refused } from "../ask.js";
import { editorIn } from "../editor/editor.js";
import { SIDES, whole } from "../editor/grow.js";
import { toast } from "../toast.js";

const QUIET_MS = 900;
const UNSEEN = "This picture cannot be shown. Choose it again.";

/** Does what is asked; a refusal is said. */
async function orSaid(act) {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message);
  }
}

export function startStarting(form) {
  const part = form.querySelector("[data-start-part]");
  const root = document.getElementById("editor");
  const { source, mask } = form.elements;
  const editor = editorIn(root, { changed: maskChanged, grown });
  const sides = SIDES.map((side) => form.elements[`grow_${side}`]);
  const grow = () => sides.map((field) => whole(Number(field.value) || 0));
  let timer = 0;
  let saving = null;
  let taking = null;

  const changed = () => {
    // A second pass follows a picture from text alone: what is disabled is not sent.
    form.querySelector("[data-unless-started]").disabled = Boolean(source.value);
    form.dispatchEvent(new Event("input", { bubbles: true }));
  };

  async function pictureAt(url) {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  }

  async function open(picture, maskUrl = "") {
    const wanted = source.value;
    try {
      const image = await pictureAt(picture.url);
      const painted = maskUrl ? await pictureAt(maskUrl) : null;
      // Taken away, or another one chosen, while this one came.
      if (source.value !== wanted) return;
      root.hidden = false;
      editor.open({ ...picture, image }, painted, grow());
      part.querySelector("[data-start-thumb]").src = picture.url;
      describe();
    } catch {
      toast(UNSEEN);
    }
  }

  /** What of the picture may change, in words, and what can be chosen therefore. */
  function describe() {
    part.querySelector("[data-start-words]").textContent = editor.isEmpty()
      ? grow().some(Boolean)
        ? "It grows; what there is stays."
        : "All of it may change."
      : "Only what is painted changes.";
    for (const option of form.elements.area.options) {
      option.disabled = option.value === "masked" && editor.isEmpty() && !grow().some(Boolean);
    }
    if (form.elements.area.selectedOptions[0]?.disabled) form.elements.area.value = "whole";
    part.querySelector("[data-start-summary]").textContent = form.elements.area.selectedOptions[0].textContent;
  }

  function use(picture) {
    clearTimeout(timer);
    timer = 0;
    source.value = picture.code;
    mask.value = "";
    for (const field of sides) field.value = "";
    form.elements.size.value = "source";
    part.querySelector("[data-start-gone]")?.remove();
    changed();
    open(picture);
    root.scrollIntoView({ block: "start" });
  }

  function remove() {
    clearTimeout(timer);
    timer = 0;
    source.value = mask.value = "";
    for (const field of sides) field.value = "";
    if (form.elements.size.value === "source") form.querySelector("[name=size]").checked = true;
    root.hidden = true;
    editor.close();
    changed();
  }

  async function bring(file) {
    const fields = new FormData();
    fields.append("picture", file);
    await orSaid(async () => {
      const picture = await (await post(form.dataset.sourcesUrl, fields)).json();
      use(picture);
      if (picture.has_alpha) offerAlpha(picture);
    });
  }

  function offerAlpha(picture) {
    toast("Some of this picture is transparent.", {
      label: "Draw only there",
      undo: () => {
        taking = orSaid(async () => {
          const painted = await (await post(form.dataset.alphaUrl.replace("CODE", picture.code), "")).json();
          if (source.value === picture.code) editor.combine(await pictureAt(painted.url));
        });
      },
    });
  }

  function maskChanged() {
    describe();
    clearTimeout(timer);
    timer = setTimeout(save, QUIET_MS);
  }

  /** The mask as it is now, on the server; an empty one is none. */
  function save() {
    clearTimeout(timer);
    timer = 0;
    saving = (saving ?? Promise.resolve()).then(() => orSaid(keep));
    return saving;
  }

  async function keep() {
    const code = source.value;
    if (!code) return;
    if (editor.isEmpty()) mask.value = "";
    else {
      const fields = new FormData();
      fields.append("picture", await editor.file(), "mask.png");
      fields.append("before", mask.value);
      const kept = await (await post(form.dataset.masksUrl, fields)).json();
      if (source.value !== code) return;
      mask.value = kept.code;
    }
    changed();
  }

  function grown(next) {
    for (const [n, field] of sides.entries()) field.value = String(next[n]);
    changed();
  }

  form.addEventListener("input", () => {
    if (!source.value) return;
    editor.setGrow(grow());
    describe();
  });
  part.querySelector("[data-start-remove]").addEventListener("click", (event) => {
    event.preventDefault();
    remove();
  });
  if (root.dataset.code) {
    const { code, url, width, height, maskUrl } = root.dataset;
    if (!maskUrl) mask.value = "";
    open({ code, url, width: Number(width), height: Number(height) }, maskUrl);
  } else if (source.value) {
    source.value = mask.value = "";
    form.querySelector("[data-unless-started]").disabled = false;
  }
  return {
    bring,
    /** Resolves when the mask is kept as it was painted. */
    async saved() {
      await taking;
      return timer ? save() : saving;
    },
  };
}
