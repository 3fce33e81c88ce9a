// The form of a new training: the name in the tag beneath it. Settings and price are fetched by htmx as the form changes.

const name = document.getElementById("id_name");

name.addEventListener("input", () => {
  document.querySelector("[data-name]").textContent = name.value.trim();
});
