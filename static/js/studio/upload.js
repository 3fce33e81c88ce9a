// Uploads files into a data set a few at a time: progress shows, and one bad file does not stop the others.

import { post, Refused } from "../ask.js";
import { toast } from "../toast.js";

const FILES_AT_ONCE = 4;
const CAPTIONS_AT_ONCE = 50;

const isCaption = (file) => /\.(txt|caption)$/i.test(file.name);
const isZip = (file) => file.name.toLowerCase().endsWith(".zip");
const stem = (file) => file.name.replace(/\.[^.]*$/, "").toLowerCase();
const keys = (picture) => [picture.name.toLowerCase(), stem(picture)];

/** Groups of files to send together: a picture's captions go with it, a zip goes alone, other captions come last. */
export function batches(files) {
  const captions = files.filter(isCaption);
  const pictures = files.filter((file) => !isCaption(file) && !isZip(file));
  const groups = files.filter(isZip).map((file) => [file]);
  for (let start = 0; start < pictures.length; start += FILES_AT_ONCE) {
    const some = pictures.slice(start, start + FILES_AT_ONCE);
    const named = new Set(some.flatMap(keys));
    groups.push([...some, ...captions.filter((file) => named.has(stem(file)))]);
  }
  const beside = new Set(pictures.flatMap(keys));
  const later = captions.filter((file) => !beside.has(stem(file)));
  for (let start = 0; start < later.length; start += CAPTIONS_AT_ONCE) {
    groups.push(later.slice(start, start + CAPTIONS_AT_ONCE));
  }
  return groups;
}

export function startUploading(form, { refresh }) {
  const chooser = form.querySelector("[type=file]");
  const progress = form.querySelector("[data-progress]");
  const box = document.getElementById("refused");
  let sending = false;

  function showRefused({ name, sentence }) {
    const row = document.createElement("li");
    const words = document.createElement("strong");
    const why = document.createElement("span");
    words.textContent = name;
    why.textContent = ` ${sentence}`;
    row.append(words, why);
    box.querySelector("[data-refused]").append(row);
    box.hidden = false;
  }

  function showProgress(done, all, added) {
    progress.hidden = done === all;
    progress.querySelector("[data-progress-line]").value = (100 * done) / all;
    progress.querySelector("[data-progress-status]").textContent = `${added} added`;
  }

  async function sendGroup(group) {
    const fields = new FormData(form);
    fields.delete("files");
    for (const file of group) fields.append("files", file);
    const { added, captioned, refused } = await (await post(form.action, fields)).json();
    refused.forEach(showRefused);
    return [added, captioned];
  }

  function fitting(files) {
    const most = Number(form.dataset.mostBytes);
    const large = files.filter((file) => !isZip(file) && file.size > most);
    for (const file of large)
      showRefused({ name: file.name, sentence: `The file is larger than ${most / 2 ** 20} MiB.` });
    return files.filter((file) => !large.includes(file));
  }

  async function send(files) {
    if (sending || !files.length) return;
    sending = true;
    box.querySelector("[data-refused]").replaceChildren();
    box.hidden = true;
    const groups = batches(fitting(files));
    let [added, captioned] = [0, 0];
    try {
      for (const [done, group] of groups.entries()) {
        showProgress(done, groups.length, added);
        const [came, changed] = await sendGroup(group);
        added += came;
        captioned += changed;
        if (added) form.classList.remove("drop--large");
        if (done === 0) await refresh();
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      showRefused({ name: "The rest", sentence: error.message });
    } finally {
      sending = false;
      chooser.value = "";
      showProgress(1, 1, added);
    }
    if (captioned) toast(captioned === 1 ? "1 caption changed." : `${captioned} captions changed.`);
    await refresh();
  }

  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  chooser.addEventListener("change", () => send([...chooser.files]));
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    form.classList.add("drop--over");
  });
  addEventListener("dragleave", (event) => event.relatedTarget || form.classList.remove("drop--over"));
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    form.classList.remove("drop--over");
    send([...event.dataTransfer.files]);
  });
}
