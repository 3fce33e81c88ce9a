// The tools: what each makes of a pointer that goes down, moves and comes up, told in pixels of the picture.

const CLOSE_PIXELS = 4;

/** Brush and eraser: thick lines, thinner where a pen presses less. */
function brush(erases) {
  let last = null;
  let lastRadius = 0;
  return {
    down(stage, { place, pressure, takesAway }) {
      last = place;
      lastRadius = stage.radius() * pressure;
      stage.painted(stage.mask().line(place, place, lastRadius, erases || takesAway));
    },
    move(stage, { place, pressure, takesAway }) {
      // Half way to the new thickness, so that a pen that trembles leaves no knots.
      lastRadius = (lastRadius + stage.radius() * pressure) / 2;
      stage.painted(stage.mask().line(last, place, lastRadius, erases || takesAway));
      last = place;
    },
    up: (stage) => stage.done(),
    cancel: () => (last = null),
    hasRing: true,
  };
}

function corners([ax, ay], [bx, by]) {
  return [
    [ax, ay],
    [bx, ay],
    [bx, by],
    [ax, by],
  ];
}

/** Lasso and box: an outline, filled when the pointer comes up. */
function outline(shape) {
  let points = [];
  const finish = (stage, takesAway) => {
    if (points.length > 1) stage.painted(stage.mask().area(shape(points), takesAway));
    points = [];
    stage.outline([]);
    stage.done();
  };
  return {
    down: (_, { place }) => (points = [place]),
    move(stage, { place }) {
      points.push(place);
      stage.outline(shape(points));
    },
    up: (stage, { takesAway }) => finish(stage, takesAway !== stage.isTakingAway()),
    cancel(stage) {
      points = [];
      stage.outline([]);
    },
  };
}

/** Clicks on what is meant, or a rough box around it. */
function click() {
  let from = null;
  let to = null;
  return {
    down: (_, { place }) => (from = to = place),
    move(stage, { place }) {
      to = place;
      stage.outline(corners(from, to));
    },
    up(stage, { takesAway }) {
      stage.outline([]);
      const keeps = takesAway === stage.isTakingAway();
      if (stage.onScreen(from, to) < CLOSE_PIXELS) stage.clicked({ x: from[0], y: from[1], keeps });
      else stage.boxed(corners(from, to));
    },
    cancel: (stage) => stage.outline([]),
  };
}

export const TOOLS = {
  brush: brush(false),
  eraser: brush(true),
  lasso: outline((points) => points),
  box: outline((points) => corners(points[0], points.at(-1))),
  click: click(),
};
export const KEYS = { b: "brush", e: "eraser", l: "lasso", m: "box", c: "click" };
