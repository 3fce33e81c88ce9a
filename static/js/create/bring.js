// A picture comes to the page, chosen, dropped or pasted: one asks what it is for, its recipe or to start from it.

export function startBringing(form, ways) {
  const dialog = document.getElementById("picture-choice");
  const shown = dialog.querySelector("[data-brought]");
  const chosen = document.getElementById("picture-to-read");
  let brought = null;

  function offer(file) {
    if (!file) return;
    brought = file;
    shown.src = URL.createObjectURL(file);
    if (!dialog.open) dialog.showModal();
  }

  const isPicture = (file) => file.type.startsWith("image/");
  const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  // What a browser cannot show may still be read: its recipe, or why not.
  shown.addEventListener("error", () => (shown.hidden = true));
  shown.addEventListener("load", () => (shown.hidden = false));
  chosen.addEventListener("change", () => offer(chosen.files[0]));
  dialog.addEventListener("close", () => {
    URL.revokeObjectURL(shown.src);
    chosen.value = "";
  });
  dialog.addEventListener("click", (event) => {
    const way = event.target.closest("[data-way]")?.dataset.way;
    if (!way) return;
    dialog.close();
    ways[way](brought);
  });
  addEventListener("dragover", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    form.classList.add("prompt-card--dropping");
  });
  addEventListener("dragleave", (event) => event.relatedTarget || form.classList.remove("prompt-card--dropping"));
  addEventListener("drop", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    form.classList.remove("prompt-card--dropping");
    offer(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(isPicture);
    if (!file) return;
    event.preventDefault();
    offer(file);
  });
}
