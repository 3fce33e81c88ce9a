// The seed field: the dice button fills in a random seed, the lock keeps it for the next submission. Empty means a new one.

export function startSeed(form) {
  const field = form.elements.seed;
  const lock = form.elements.seed_locked;

  const dice = form.querySelector("[data-dice]");

  dice.addEventListener("click", () => {
    field.value = Math.floor(Math.random() * (Number(dice.dataset.most) + 1));
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  // The page came with the seed of a picture made before.
  const kept = form.querySelector("[data-kept-seed]");
  kept?.querySelector("[data-new-seed]").addEventListener("click", (event) => {
    event.preventDefault();
    kept.remove();
    lock.checked = false;
    field.value = "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return {
    afterSending() {
      if (!lock.checked) field.value = "";
    },
  };
}
