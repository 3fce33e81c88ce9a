// Sizes: tapping a rectangle fills width and height, so that typing one's own starts from there; a button swaps the two.

export function startSizes(form) {
  function show() {
    const chosen = form.querySelector("[name=size]:checked");
    if (chosen?.dataset.width) {
      form.elements.width.value = chosen.dataset.width;
      form.elements.height.value = chosen.dataset.height;
    }
    const value = form.querySelector("[data-size-value]");
    if (!value) return;
    value.textContent =
      chosen?.value === "source" ? "as the picture" : `${form.elements.width.value} × ${form.elements.height.value}`;
  }

  function swap() {
    const [width, height] = [form.elements.height.value, form.elements.width.value];
    const drawn = form.querySelector(`[name=size][value="${CSS.escape(`${width}x${height}`)}"]`);
    (drawn ?? form.querySelector("[name=size][value=own]")).checked = true;
    form.elements.width.value = width;
    form.elements.height.value = height;
    form.elements.width.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // The button comes anew with the sizes of another checkpoint.
  form.addEventListener("click", (event) => event.target.closest("[data-swap-sides]") && swap());
  form.addEventListener("input", (event) => {
    if (["size", "width", "height"].includes(event.target.name) || event.target === form) show();
  });
  show();
}
