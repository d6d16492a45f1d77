// The maps, side by side: each keeps its own place on the screen, all share one choice, one pointer and one scale.
"use strict";
EmbedLab.part("panels", (view) => {
  const { find, make, named, state, bundle } = view;
  const row = view.panelRow, NEAR = 14, MARGIN = 14, LABEL = 20;
  let panels = [], over = -1; // the image under the pointer, shown on every panel

  // ---- furniture ---------------------------------------------------------------------------------------------------
  const build = (map, index) => {
    const figure = make("figure", "", "panel"), box = make("div", "", "map"), caption = make("figcaption", "", "note");
    const base = make("canvas"), top = named("surface", "canvas", "surface", {
      tabindex: "0", role: "application", "aria-roledescription": "map of images",
      "aria-label": `${map.name}: ${map.row.length} images. Arrow keys go to the nearest image in that direction, Enter chooses it, Shift and Enter add it, Escape clears.`,
    });
    figure.dataset.el = "panel";
    figure.dataset.map = map.name;
    box.dataset.el = "map";
    const title = make("p", map.name, "name");
    figure.setAttribute("aria-label", map.name);
    caption.textContent = map.caption || "";
    caption.dataset.el = "map-caption";
    const sample = named("sampled", "p", "sample", { hidden: "" });
    box.append(base, top, sample);
    figure.append(title, box, caption);
    const x = Float64Array.from(map.x), y = Float64Array.from(map.y);
    const spread = (v) => v.reduce(([a, b], one) => [Math.min(a, one), Math.max(b, one)], [Infinity, -Infinity]);
    const [[x0, x1], [y0, y1]] = map.frame || [spread(x), spread(y)]; // facets of one map share its frame
    const panel = {
      map, index, figure, box, title, base, top, sample, x, y, px: new Float32Array(x.length), py: new Float32Array(x.length), of: new Map(map.row.map((r, k) => [r, k])),
      extent: { x0, x1, y0, y1, w: x1 - x0 || 1, h: y1 - y0 || 1 }, zoom: { by: 1, x: (x0 + x1) / 2, y: (y0 + y1) / 2 }, wide: 0, high: 0, cursor: -1, keyed: false, path: null,
    };
    view.pointers(panel, api);
    return panel;
  };
  const rebuild = () => {
    const old = new Map(panels.map((p) => [p.map, p]));
    panels = view.maps.map((map, k) => Object.assign(old.get(map) || build(map, k), { index: k }));
    for (const [map, p] of old) if (!view.maps.includes(map)) p.figure.remove();
    const seen = view.visible();
    panels.forEach((p, k) => {
      if (!p.figure.isConnected) row.append(p.figure);
      p.figure.hidden = !seen.includes(k);
      p.title.hidden = seen.length < 2;
    });
    view.root.dataset.panels = seen.length > 1 ? "many" : "one";
  };

  // ---- from the map to the screen, one scale for all panels that share a unit ------------------------------------
  const inner = (p) => {
    const [bottom, left] = (p.map.axes || ["", ""]).map((words) => (words ? LABEL : 0)), ticks = p.map.ticks ? 16 : 0;
    return { left: left + (p.map.ticks ? 30 : 0), bottom: bottom + ticks, w: Math.max(20, p.wide - left - (p.map.ticks ? 30 : 0)), h: Math.max(20, p.high - bottom - ticks) };
  };
  const fit = (p) => {
    const room = inner(p);
    return { x: (room.w - 2 * MARGIN) / p.extent.w, y: (room.h - 2 * MARGIN) / p.extent.h };
  };
  const scales = () => {
    const shared = panels.filter((p) => !p.figure.hidden && !p.map.free && p.wide);
    const common = Math.min(...shared.map((p) => Math.min(...Object.values(fit(p)))));
    for (const p of panels) {
      const own = fit(p);
      p.scale = p.map.free ? own : { x: common, y: common }; // `free`: x and y are not in one unit
    }
  };
  const settle = (p) => {
    const room = inner(p), sx = p.scale.x * p.zoom.by, sy = p.scale.y * p.zoom.by, cx = room.left + room.w / 2, cy = room.h / 2;
    p.to = (x, y) => [cx + (x - p.zoom.x) * sx, cy - (y - p.zoom.y) * sy];
    p.from = (u, v) => [(u - cx) / sx + p.zoom.x, (cy - v) / sy + p.zoom.y];
    for (let k = 0; k < p.x.length; k += 1) {
      p.px[k] = cx + (p.x[k] - p.zoom.x) * sx;
      p.py[k] = cy - (p.y[k] - p.zoom.y) * sy;
    }
  };
  const measure = () => {
    const ratio = Math.min(3, devicePixelRatio || 1);
    for (const p of panels) {
      if (p.figure.hidden) continue;
      p.wide = p.box.clientWidth;
      p.high = p.box.clientHeight;
      for (const canvas of [p.base, p.top]) {
        const w = Math.round(p.wide * ratio), h = Math.round(p.high * ratio);
        if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
      }
      p.ratio = ratio;
    }
    scales();
    for (const p of panels) if (!p.figure.hidden && p.wide) settle(p);
  };

  // ---- drawing ---------------------------------------------------------------------------------------------------
  const PRINTED = { "--ink": "#1c1c1c", "--soft": "#595959", "--line": "#dedbd5", "--paper": "#ffffff", "--accent": "#0b5c92" };
  const ink = (name) => (view.printing() ? "" : getComputedStyle(view.root).getPropertyValue(name).trim()) || PRINTED[name];
  const frame = (p, pen) => {
    const room = inner(p), [bottom, left] = p.map.axes || ["", ""];
    pen.fillStyle = ink("--soft");
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "center";
    if (bottom) pen.fillText(bottom, room.left + room.w / 2, p.high - 6);
    if (left) {
      pen.save();
      pen.translate(13, room.h / 2);
      pen.rotate(-Math.PI / 2);
      pen.fillText(left, 0, 0);
      pen.restore();
    }
    if (!p.map.ticks) return;
    pen.font = "11px system-ui, sans-serif";
    pen.strokeStyle = ink("--line");
    for (const { at, words } of p.map.ticks.x || []) {
      const [u] = p.to(at, 0);
      if (u < room.left || u > p.wide) continue;
      pen.fillText(words, Math.min(u, p.wide - 12), room.h + 13);
      pen.beginPath(); pen.moveTo(u, 0); pen.lineTo(u, room.h); pen.stroke();
    }
    pen.textAlign = "right";
    for (const { at, words } of p.map.ticks.y || []) {
      const [, v] = p.to(0, at);
      if (v < 0 || v > room.h) continue;
      pen.fillText(words, room.left - 3, v + 4);
      pen.beginPath(); pen.moveTo(room.left, v); pen.lineTo(p.wide, v); pen.stroke();
    }
  };
  const sizes = (n) => {
    const total = n * Math.sqrt(Math.max(1, panels.filter((p) => !p.figure.hidden).length));
    return total <= 400 ? 9 : total <= 1500 ? 7 : total <= 5000 ? 5.5 : total <= 15000 ? 4 : 3;
  };
  const draw = (p) => {
    if (p.figure.hidden || !p.wide) return;
    const pen = p.base.getContext("2d"), style = view.style(p.index), n = p.x.length;
    pen.setTransform(p.ratio, 0, 0, p.ratio, 0, 0);
    pen.clearRect(0, 0, p.wide, p.high);
    if (view.density) view.density(p, pen);
    frame(p, pen);
    const words = view.sampled ? view.sampled(p) : "";
    p.sample.hidden = !words;
    p.sample.textContent = words;
    const at = new Uint8Array(n), chosen = new Uint8Array(n);
    for (let k = 0; k < n; k += 1) {
      const r = p.map.row[k];
      at[k] = style.at(r, k);
      chosen[k] = view.lets(r) ? (state.chosen.has(r) ? 2 : 1) : 0;
    }
    const size = sizes(n) * Math.min(2, p.zoom.by ** 0.25), alpha = n <= 1500 ? 0.88 : n <= 6000 ? 0.75 : 0.6;
    EmbedLab.draw(p.base, { x: p.px, y: p.py }, { looks: style.looks, at, lit: style.lit ?? -1 }, { state: chosen, any: state.chosen.size > 0 }, { size: Math.round(size * 2) / 2, alpha, ratio: p.ratio });
    if (view.writeNames) view.writeNames(p, pen, ink("--ink"), ink("--paper"));
    overlay(p);
  };
  const ring = (p, r, colour, radius, dash = []) => {
    const k = p.of.get(r);
    if (k === undefined) return;
    const pen = p.top.getContext("2d");
    pen.setLineDash(dash);
    for (const [line, width] of [[ink("--paper"), 4], [colour, 2]]) {
      Object.assign(pen, { strokeStyle: line, lineWidth: width });
      pen.beginPath();
      pen.arc(p.px[k], p.py[k], radius, 0, 7);
      pen.stroke();
    }
    pen.setLineDash([]);
  };
  const overlay = (p) => {
    if (p.figure.hidden || !p.wide) return;
    const pen = p.top.getContext("2d");
    pen.setTransform(p.ratio, 0, 0, p.ratio, 0, 0);
    pen.clearRect(0, 0, p.wide, p.high);
    if (p.path && p.path.length > 1) {
      pen.beginPath();
      p.path.forEach(([u, v], k) => (k ? pen.lineTo(u, v) : pen.moveTo(u, v)));
      pen.closePath();
      pen.fillStyle = "rgba(11,92,146,.10)";
      pen.fill();
      Object.assign(pen, { strokeStyle: ink("--ink"), lineWidth: 1.4 });
      pen.setLineDash([4, 3]);
      pen.stroke();
      pen.setLineDash([]);
    }
    if (over >= 0) ring(p, over, ink("--ink"), 8);
    if (p.cursor >= 0 && p.keyed && document.activeElement === p.top) ring(p, p.cursor, ink("--accent"), 11);
  };
  const point = (r) => { // show where an image stands, on every panel
    over = r;
    panels.forEach(overlay);
  };
  const nearest = (p, u, v) => {
    let best = -1, least = NEAR * NEAR;
    for (let k = 0; k < p.px.length; k += 1) {
      const d = (p.px[k] - u) ** 2 + (p.py[k] - v) ** 2;
      if (d < least && view.lets(p.map.row[k])) { least = d; best = k; }
    }
    return best;
  };
  const zoom = (p, by, u, v) => {
    const [x, y] = p.from(u, v), next = Math.min(60, Math.max(1, p.zoom.by * by)), ratio = p.zoom.by / next;
    p.zoom = next === 1 ? api.home(p) : { by: next, x: x + (p.zoom.x - x) * ratio, y: y + (p.zoom.y - y) * ratio };
    settle(p);
    draw(p);
    view.emit("zoomed");
  };
  const home = ({ extent: e }) => ({ by: 1, x: (e.x0 + e.x1) / 2, y: (e.y0 + e.y1) / 2 });
  const api = { draw, overlay, nearest, zoom, home, settle, point };

  const drawAll = () => { measure(); panels.forEach(draw); };
  // Chromium prints a canvas that was drawn anew just before as blank, and one that is read pixel by pixel as it stands.
  const forPaper = () => {
    for (const p of panels) {
      if (p.figure.hidden || !p.wide) continue;
      const sheet = named("on-paper", "canvas", "", { "aria-hidden": "true" });
      Object.assign(sheet, { width: p.base.width, height: p.base.height });
      sheet.getContext("2d", { willReadFrequently: true }).drawImage(p.base, 0, 0);
      p.box.append(sheet);
    }
  };
  const offPaper = () => row.querySelectorAll("[data-el=on-paper]").forEach((sheet) => sheet.remove());
  Object.assign(view, {
    forPaper, offPaper, point, panels: () => panels, redraw: drawAll,
    whole: () => { for (const p of panels) p.zoom = home(p); drawAll(); view.emit("zoomed"); },
    zoomBy: (by) => { for (const p of panels) if (!p.figure.hidden) zoom(p, by, p.wide / 2, p.high / 2); },
    place: (id, panel = state.only ?? state.panel) => { // client pixels of an image on a panel, or null
      const p = panels[panel], k = p && p.of.get(view.rowOf.get(id));
      if (k === undefined || p.figure.hidden) return null;
      const box = p.top.getBoundingClientRect();
      return { x: box.left + p.px[k], y: box.top + p.py[k] };
    },
  });

  let waiting = 0;
  const room = new ResizeObserver(() => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      if (panels.some((p) => !p.figure.hidden && (p.box.clientWidth !== p.wide || p.box.clientHeight !== p.high))) drawAll();
    });
  });
  room.observe(row);
  return {
    update: (why) => {
      if (why === "zoomed") return;
      if (why === "started" || why === "moved") rebuild();
      drawAll();
    },
    destroy: () => room.disconnect(),
  };
});
