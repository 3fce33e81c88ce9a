// The way back through what was painted, in bounded memory: the oldest changes are forgotten first. Pure.
// A change is { box, alpha }: what the mask had in a box before. Taking it back gives the change that does it again.

const MOST_BYTES = 48 * 2 ** 20;

export function historyOf(most = MOST_BYTES) {
  let done = [];
  let undone = [];
  let bytes = 0;

  /** Taken back or done again: `swap` puts a change into the mask and returns what stood there. */
  function step(from, to, swap) {
    const change = from.pop();
    if (!change) return null;
    const inverse = swap(change);
    bytes += inverse.alpha.length - change.alpha.length;
    to.push(inverse);
    return inverse.box;
  }

  function forget() {
    while (bytes > most && done.length > 1) bytes -= done.shift().alpha.length;
  }

  return {
    push(change) {
      for (const each of undone) bytes -= each.alpha.length;
      undone = [];
      done.push(change);
      bytes += change.alpha.length;
      forget();
    },
    undo: (swap) => step(done, undone, swap),
    redo: (swap) => step(undone, done, swap),
    clear() {
      done = [];
      undone = [];
      bytes = 0;
    },
    get bytes() {
      return bytes;
    },
    get canUndo() {
      return done.length > 0;
    },
    get canRedo() {
      return undone.length > 0;
    },
  };
}
