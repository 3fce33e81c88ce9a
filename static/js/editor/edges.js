// A mask as numbers, one byte a pixel: its edge softened, its sense turned, another joined to it or taken out of it. Pure.

const ROUNDS = 3;

/** Softened over about `radius` pixels to either side: box blurs, one after the other, come near a Gaussian. */
export function softened(alpha, width, height, radius) {
  const reach = Math.max(1, Math.round(radius / ROUNDS));
  let from = alpha;
  for (let round = 0; round < ROUNDS; round++) {
    const across = blurredLines(from, width, height, reach, 1, width);
    from = blurredLines(across, height, width, reach, width, 1);
  }
  return from;
}

/** Each of `count` lines of `length` pixels blurred; `step` leads to the next pixel and `next` to the next line. */
function blurredLines(from, length, count, reach, step, next) {
  const to = new Uint8ClampedArray(from.length);
  const most = length - 1;
  const size = 2 * reach + 1;
  for (let line = 0; line < count; line++) {
    const start = line * next;
    const at = (place) => from[start + Math.min(most, Math.max(0, place)) * step];
    let sum = 0;
    for (let place = -reach; place <= reach; place++) sum += at(place);
    for (let place = 0; place < length; place++) {
      to[start + place * step] = sum / size;
      sum += at(place + reach + 1) - at(place - reach);
    }
  }
  return to;
}

export function inverted(alpha) {
  return alpha.map((value) => 255 - value);
}

/** What either has, or with `takingAway` what only the first has. */
export function combined(alpha, other, takingAway) {
  return alpha.map((value, n) => (takingAway ? Math.min(value, 255 - other[n]) : Math.max(value, other[n])));
}
