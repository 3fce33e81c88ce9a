// Where the picture lies in the editor's window: zoom and place, and the ways between both kinds of coordinates. Pure.
// A view is { scale, x, y }: a point of the picture stands on the screen at scale times itself plus (x, y).

export const MOST = 16;
const FITTED_MOST = 6;
const LEAST = 0.02;

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** The view in which the whole frame { left, top, width, height } is seen in a window of [across, down] pixels. */
export function fitted({ left, top, width, height }, [across, down], margin) {
  const room = Math.min((across - 2 * margin) / width, (down - 2 * margin) / height);
  const scale = clamp(room, LEAST, FITTED_MOST);
  return { scale, x: (across - width * scale) / 2 - left * scale, y: (down - height * scale) / 2 - top * scale };
}

/** Zoomed `by` so many times about a point of the screen, which stays where it is. */
export function zoomed(view, by, [x, y]) {
  const scale = clamp(view.scale * by, LEAST, MOST);
  const ratio = scale / view.scale;
  return { scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio };
}

export function moved(view, across, down) {
  return { ...view, x: view.x + across, y: view.y + down };
}

/** Two fingers went from `before` to `after`, each [[x, y], [x, y]]: what lay under them still does. */
export function pinched(view, before, after) {
  const middle = ([[ax, ay], [bx, by]]) => [(ax + bx) / 2, (ay + by) / 2];
  const apart = ([[ax, ay], [bx, by]]) => Math.hypot(ax - bx, ay - by) || 1;
  const [from, to] = [middle(before), middle(after)];
  return moved(zoomed(view, apart(after) / apart(before), from), to[0] - from[0], to[1] - from[1]);
}

export function toPicture(view, [x, y]) {
  return [(x - view.x) / view.scale, (y - view.y) / view.scale];
}

export function toScreen(view, [x, y]) {
  return [x * view.scale + view.x, y * view.scale + view.y];
}

/** The smallest box { x, y, width, height } of whole pixels that holds both; either may be null. */
export function joined(one, other) {
  if (!one || !other) return one ?? other;
  const x = Math.min(one.x, other.x);
  const y = Math.min(one.y, other.y);
  const right = Math.max(one.x + one.width, other.x + other.width);
  const bottom = Math.max(one.y + one.height, other.y + other.height);
  return { x, y, width: right - x, height: bottom - y };
}

/** Whole pixels around points, with `reach` around each, inside of a picture; null where none are. */
export function boxAround(points, reach, [width, height]) {
  const x = clamp(Math.floor(Math.min(...points.map((point) => point[0])) - reach), 0, width);
  const y = clamp(Math.floor(Math.min(...points.map((point) => point[1])) - reach), 0, height);
  const right = clamp(Math.ceil(Math.max(...points.map((point) => point[0])) + reach), 0, width);
  const bottom = clamp(Math.ceil(Math.max(...points.map((point) => point[1])) + reach), 0, height);
  return right > x && bottom > y ? { x, y, width: right - x, height: bottom - y } : null;
}
