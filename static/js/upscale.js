// The page that makes a picture larger: what is refused of a choice stands in the place of its price.

document.addEventListener("htmx:beforeSwap", (event) => {
  if ([400, 422].includes(event.detail.xhr.status)) event.detail.shouldSwap = true;
});
