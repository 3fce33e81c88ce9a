// The seed: a dice that rolls one, and a lock that keeps it for the next press. Empty means a new one each time.

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
