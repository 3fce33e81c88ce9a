// In lists that scroll sideways on a phone, brings the current entry into view.

for (const current of document.querySelectorAll(".settings__nav, .tabs, .chips--line")) {
  const entry = current.querySelector("[aria-current]");
  if (entry) current.scrollLeft = entry.offsetLeft - (current.clientWidth - entry.offsetWidth) / 2;
}
