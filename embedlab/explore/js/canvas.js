// Draws points on a plain 2-D canvas: no WebGL contexts to run out of, no unsafe-eval, nothing to load.
"use strict";
(() => {
  const stamps = new Map(), STAMPS = 4000;
  const CENTRE = [11, 7], REACH = 4; // the shapes are drawn in a box of 22 × 14, about four units to each side

  const paths = new Map();
  const pathOf = (shape) => {
    if (!paths.has(shape)) paths.set(shape, new Path2D(EmbedLab.look.paths[shape] || EmbedLab.look.paths.circle));
    return paths.get(shape);
  };
  // One mark, painted once for each look and size and then stamped: ten thousand points take milliseconds.
  const stamp = ({ colour, shape, edge }, size, ratio) => {
    const key = `${colour} ${shape} ${edge} ${size} ${ratio}`;
    if (stamps.has(key)) return stamps.get(key);
    if (stamps.size > STAMPS) stamps.clear();
    const canvas = document.createElement("canvas"), wide = Math.ceil((size + 3) * ratio) + 1, k = (size * ratio) / (2 * REACH);
    canvas.width = canvas.height = wide;
    const pen = canvas.getContext("2d");
    pen.translate(wide / 2, wide / 2);
    pen.scale(k, k);
    pen.translate(-CENTRE[0], -CENTRE[1]);
    const line = shape === "x";
    pen.fillStyle = colour;
    pen.strokeStyle = line ? colour : edge;
    pen.lineWidth = line ? 2 : (0.7 * ratio) / k;
    if (!line) pen.fill(pathOf(shape));
    pen.stroke(pathOf(shape));
    stamps.set(key, canvas);
    return canvas;
  };

  // points: {x, y} in css pixels. colours: {looks: [{colour, shape, edge}], at: look of each point; 0 is not recorded}.
  // selected: for each point 0 greyed out by the filter, 1 not chosen, 2 chosen; `any` tells whether something is chosen.
  // Drawn from below: filtered out, not recorded, the rest as they come (by hash of the id), lit ones, then the chosen.
  EmbedLab.draw = (canvas, points, colours, selected, { size, alpha, ratio }) => {
    const pen = canvas.getContext("2d"), { x, y } = points, { looks, at, lit } = colours, { state, any } = selected;
    const marks = looks.map((look, k) => stamp(look, k === 0 ? size * 0.85 : lit === k ? size * 1.25 : size, ratio));
    const grey = stamp({ ...looks[0], shape: "circle" }, Math.max(2, size * 0.6), ratio);
    const layer = new Uint8Array(x.length);
    for (let i = 0; i < x.length; i += 1) layer[i] = state[i] === 0 ? 0 : state[i] === 2 ? 4 : at[i] === 0 ? 1 : at[i] === lit ? 3 : 2;
    const faint = any ? 0.13 : alpha;
    const alphas = [0.3, faint, faint, any ? 0.4 : 1, 1];
    pen.setTransform(1, 0, 0, 1, 0, 0);
    for (let pass = 0; pass < 5; pass += 1) {
      pen.globalAlpha = alphas[pass];
      for (let i = 0; i < x.length; i += 1) {
        if (layer[i] !== pass) continue;
        const mark = pass === 0 ? grey : marks[at[i]];
        pen.drawImage(mark, Math.round(x[i] * ratio - mark.width / 2), Math.round(y[i] * ratio - mark.height / 2));
      }
    }
    pen.globalAlpha = 1;
  };

  // Which points lie inside a polygon, by the even-odd rule; all in one system of coordinates.
  EmbedLab.inside = (polygon, x, y) => {
    const out = [];
    for (let i = 0; i < x.length; i += 1) {
      let odd = false;
      for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a, a += 1) {
        const [ax, ay] = polygon[a], [bx, by] = polygon[b];
        if (ay > y[i] !== by > y[i] && x[i] < ((bx - ax) * (y[i] - ay)) / (by - ay) + ax) odd = !odd;
      }
      if (odd) out.push(i);
    }
    return out;
  };
})();
