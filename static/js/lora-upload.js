// The upload of a LoRA: the chosen file's name is shown, a file may be dropped, and the button says that it works.

const form = document.querySelector("[data-upload]");
const drop = form?.querySelector("[data-drop]");
const input = form?.querySelector("[type=file]");

function show() {
  const [file] = input.files;
  if (!file) return;
  const size = (file.size / 1024 ** 2).toFixed(1);
  drop.querySelector("[data-drop-name]").textContent = `${file.name} · ${size} MB`;
}

if (form) {
  input.addEventListener("change", show);
  for (const kind of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("upload--over", kind === "dragover");
    });
  }
  drop.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    show();
  });
  form.addEventListener("submit", () => {
    form.setAttribute("aria-busy", "true");
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    button.lastChild.textContent = "Uploading";
  });
}
