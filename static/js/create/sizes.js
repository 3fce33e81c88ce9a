// Sizes: tapping a rectangle fills width and height, so that typing one's own starts from there.

export function startSizes(form) {
  function show() {
    const chosen = form.querySelector("[name=size]:checked");
    if (chosen?.dataset.width) {
      form.elements.width.value = chosen.dataset.width;
      form.elements.height.value = chosen.dataset.height;
    }
    const value = form.querySelector("[data-size-value]");
    if (value) value.textContent = `${form.elements.width.value} × ${form.elements.height.value}`;
  }

  form.addEventListener("input", (event) => {
    if (["size", "width", "height"].includes(event.target.name) || event.target === form) show();
  });
  show();
}
