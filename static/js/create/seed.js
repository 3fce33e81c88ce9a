// The seed field: the dice button fills in a random seed, the lock keeps it for the next submission. Empty means a new one.

const SEEDS = 2 ** 32;

export function startSeed(form) {
  const field = form.elements.seed;
  const lock = form.elements.seed_locked;

  form.querySelector("[data-dice]").addEventListener("click", () => {
    field.value = Math.floor(Math.random() * SEEDS);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return {
    afterSending() {
      if (!lock.checked) field.value = "";
    },
  };
}
