// Where not every image is drawn, the shade behind the points is the density of all of them, and the plot says so.
// A live host refines the shade for what is in sight, and counts a lasso over all.
"use strict";
EmbedLab.part("density", (view) => {
  const { named, many, state, host, find } = view;
  const fine = new Map(), painted = new Map(); // by map: counts of the part in sight, and the shade as an image
  const counted = named("counted", "p", "note", { hidden: "" });
  find("status").after(counted);

  const unpack = ({ counts, size, box, of }) => {
    const bytes = Uint8Array.from(atob(counts), (c) => c.charCodeAt(0));
    return { counts: new Uint32Array(bytes.buffer), across: size[0], down: size[1], box, of };
  };
  const coarse = new Map();
  const gridOf = (map) => {
    if (!map.density) return null;
    if (!coarse.has(map)) coarse.set(map, unpack(map.density));
    return coarse.get(map);
  };
  const shade = (grid, colour) => {
    const { counts, across, down } = grid, canvas = document.createElement("canvas");
    Object.assign(canvas, { width: across, height: down });
    const pen = canvas.getContext("2d"), image = pen.createImageData(across, down), [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
    let most = 1;
    for (const n of counts) if (n > most) most = n;
    const top = Math.log1p(most);
    for (let i = 0; i < counts.length; i += 1) { // by the logarithm: one image in a cell can still be seen
      if (!counts[i]) continue;
      image.data.set([r, g, b, 30 + 130 * (Math.log1p(counts[i]) / top)], 4 * i);
    }
    pen.putImageData(image, 0, 0);
    return canvas;
  };
  view.density = (p, pen) => {
    const whole = gridOf(p.map);
    if (!whole) return;
    const grid = fine.get(p.map) || whole, colour = view.night() ? "#8c939c" : "#8c8c8c", key = painted.get(p.map);
    if (!key || key.grid !== grid || key.colour !== colour) painted.set(p.map, { grid, colour, image: shade(grid, colour) });
    const [x0, x1, y0, y1] = grid.box, [left, top] = p.to(x0, y1), [right, bottom] = p.to(x1, y0);
    pen.imageSmoothingEnabled = true;
    pen.drawImage(painted.get(p.map).image, left, top, right - left, bottom - top);
  };
  view.sampled = (p) => {
    const grid = gridOf(p.map);
    return grid ? `${many(p.map.row.length)} of ${many(grid.of)} images are drawn; the shade is the density of all` : "";
  };

  const refine = async (p) => {
    const [x0, y1] = p.from(0, 0), [x1, y0] = p.from(p.wide, p.high), box = [x0, x1, y0, y1], size = [Math.min(512, Math.round(p.wide / 2)), Math.min(512, Math.round(p.high / 2))];
    try {
      const found = await host.density(p.index, box, size);
      fine.set(p.map, { counts: Uint32Array.from(found.counts), across: size[0], down: size[1], box, of: found.of });
      view.redraw();
    } catch {
      fine.delete(p.map); // the coarse shade of the page stands in
    }
  };
  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      for (const p of view.panels()) {
        if (!p.map.density || p.figure.hidden || !p.wide) continue;
        if (p.zoom.by > 1.05) refine(p);
        else if (fine.delete(p.map)) view.redraw();
      }
    }, 200);
  };

  const count = async () => {
    const lasso = view.lassoed;
    counted.hidden = true;
    if (!host.lasso || state.how !== "lasso" || !lasso || !view.maps[lasso.panel]?.density) return;
    try {
      const found = await host.lasso(lasso.panel, lasso.polygon);
      if (view.lassoed !== lasso || state.how !== "lasso") return; // another one was drawn meanwhile
      counted.textContent = `Inside this lasso lie ${many(found.count)} of all ${many(found.of)} images, drawn or not.`;
      counted.hidden = false;
    } catch {
      counted.hidden = true;
    }
  };
  return {
    update: (why) => {
      if ((why === "zoomed" || why === "moved") && host.density) soon();
      if (why === "chosen") count();
    },
    destroy: () => clearTimeout(waiting),
  };
});
