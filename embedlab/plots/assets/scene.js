// Scenes in three dimensions on canvases: one orthographic camera for all of a page, turned by drag, keys or buttons.
"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent) || [];
  const look = JSON.parse(document.getElementById("theme").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const TILT = 89, STEP = 4, NEAR = 14, SIDE = 10, ABOVE = 20, BELOW = 24; // the last four in pixels
  let printing = false;
  const colour = (c) => (dark.matches && !printing && look.dark[c]) || c;

  const canvases = [...document.querySelectorAll("[data-el=scene]")];
  const scenes = new Map(canvases.map((c) => [c, figures[Number(c.dataset.figure)].scenes[Number(c.dataset.scene)]]));
  if (!canvases.length) return;
  const home = scenes.get(canvases[0]).camera;
  const camera = { azimuth: home[0], elevation: home[1], zoom: 1 };

  // The same as `seen_from` of plots/scene.py: right, up, towards the viewer.
  const seen = ([x, y, z]) => {
    const a = (camera.azimuth * Math.PI) / 180, e = (camera.elevation * Math.PI) / 180;
    const along = Math.cos(a) * x + Math.sin(a) * y;
    return [-Math.sin(a) * x + Math.cos(a) * y, -Math.sin(e) * along + Math.cos(e) * z, Math.cos(e) * along + Math.sin(e) * z];
  };
  // All that the scenes of a figure show: one box around it, as the camera stands, gives them all one scale and one place.
  const cornersOf = ({ low: [x0, y0], high: [x1, y1] }) => [[x0, y0, 0], [x1, y0, 0], [x1, y1, 0], [x0, y1, 0]];
  const feet = ({ low: [x, y] }) => [[x, y, 0], [x + 1, y, 0], [x, y + 1, 0], [x, y, 1]];
  const shown = (scene) => [...cornersOf(scene), ...feet(scene), ...scene.arrows.flatMap((a) => [a.start, a.end]), ...scene.points.flatMap((p) => p.at)];
  const places = figures.map((f) => (f.scenes || []).flatMap(shown)), boxes = new Map();
  const boxOf = (figure) => {
    const key = `${camera.azimuth} ${camera.elevation}`, known = boxes.get(figure);
    if (known && known.key === key) return known;
    const box = { key, left: Infinity, right: -Infinity, low: Infinity, high: -Infinity };
    for (const [x, y] of places[figure].map(seen)) {
      [box.left, box.right] = [Math.min(box.left, x), Math.max(box.right, x)];
      [box.low, box.high] = [Math.min(box.low, y), Math.max(box.high, y)];
    }
    boxes.set(figure, box);
    return box;
  };
  const viewOf = (canvas) => {
    const w = canvas.clientWidth, h = canvas.clientHeight, box = boxOf(Number(canvas.dataset.figure));
    // As large as this camera allows, with room for marks at the sides and for words above and below.
    const [wide, tall] = [w - 2 * SIDE, h - ABOVE - BELOW];
    const scale = Math.min(wide / (box.right - box.left), tall / (box.high - box.low)) * camera.zoom;
    return (at) => {
      const [x, y, near] = seen(at);
      return { x: w / 2 + scale * (x - (box.left + box.right) / 2), y: ABOVE + tall / 2 - scale * (y - (box.low + box.high) / 2), near };
    };
  };

  const SHAPES = {
    circle: (g, r) => g.arc(0, 0, r, 0, 7),
    square: (g, r) => g.rect(-r * 0.9, -r * 0.9, r * 1.8, r * 1.8),
    diamond: (g, r) => corners(g, 4, r * 1.25, -Math.PI / 2),
    "triangle-up": (g, r) => corners(g, 3, r * 1.3, -Math.PI / 2),
    "triangle-down": (g, r) => corners(g, 3, r * 1.3, Math.PI / 2),
    hexagon: (g, r) => corners(g, 6, r * 1.1, 0),
  };
  const corners = (g, n, r, turn) => {
    for (let i = 0; i < n; i++) g.lineTo(r * Math.cos(turn + (2 * Math.PI * i) / n), r * Math.sin(turn + (2 * Math.PI * i) / n));
    g.closePath();
  };
  const line = (g, from, to, dash = []) => {
    g.setLineDash(dash);
    g.beginPath();
    g.moveTo(from.x, from.y);
    g.lineTo(to.x, to.y);
    g.stroke();
    g.setLineDash([]);
  };

  const plane = (g, scene, place) => {
    g.beginPath();
    cornersOf(scene).map(place).forEach((p) => g.lineTo(p.x, p.y));
    g.closePath();
    g.globalAlpha = 0.8;
    g.fillStyle = colour("#eef4f9");
    g.fill();
    g.globalAlpha = 1;
    g.lineWidth = 1;
    g.strokeStyle = colour("#c3dbec");
    g.stroke();
  };
  const words = (g, text, p, dy) => {
    g.font = "12px system-ui, sans-serif";
    g.textAlign = "center";
    g.fillStyle = colour("#595959");
    const half = g.measureText(text).width / 2 + 2;
    g.fillText(text, Math.min(Math.max(p.x, half), g.room - half), p.y + dy);
  };
  const tripod = (g, scene, place) => {
    const [from, ...ends] = feet(scene).map(place);
    g.strokeStyle = colour("#1c1c1c");
    g.lineWidth = 1.4;
    ends.forEach((end) => line(g, from, end));
    words(g, scene.unit, ends[2], -6);
    // The plane is named along the edge that is nearest to the viewer.
    const [x, y] = [0, 1].map((k) => (scene.low[k] + scene.high[k]) / 2);
    const edges = [[x, scene.low[1], 0], [x, scene.high[1], 0], [scene.low[0], y, 0], [scene.high[0], y, 0]].map(place);
    const edge = edges.reduce((a, b) => (a.y > b.y ? a : b));
    // Below all that is drawn there: arrows and points hang through the plane.
    const lowest = Math.max(edge.y, ...shown(scene).map(place).filter((p) => Math.abs(p.x - edge.x) < 48).map((p) => p.y));
    words(g, "species span", { x: edge.x, y: Math.min(lowest, g.canvas.clientHeight - BELOW) }, 18);
  };
  const arrow = (g, item, place) => {
    const from = place(item.start), to = place(item.end), length = Math.hypot(to.x - from.x, to.y - from.y);
    g.strokeStyle = colour(item.colour);
    g.lineWidth = item.width * 1.5 * g.grown;
    g.lineJoin = g.lineCap = "round";
    if (item.named) {
      const middle = item.start.map((v, i) => (v + item.end[i]) / 2);
      const own = g.lineWidth;
      g.lineWidth = 1;
      line(g, place(middle), place([middle[0], middle[1], 0]), [2, 3]);
      g.lineWidth = own;
    }
    line(g, from, to);
    if (length < 0.5) return;
    const barb = Math.min((item.named ? 9 : 5) * g.grown, 0.45 * length), ux = (to.x - from.x) / length, uy = (to.y - from.y) / length;
    for (const s of [-1, 1]) line(g, to, { x: to.x - barb * (ux - s * 0.55 * uy), y: to.y - barb * (uy + s * 0.55 * ux) });
  };
  const dot = (g, item, at) => {
    g.save();
    g.translate(at.x, at.y);
    g.beginPath();
    (SHAPES[item.shape] || SHAPES.circle)(g, item.size * 1.7 * g.grown);
    g.lineWidth = 1.3;
    g.strokeStyle = item.hollow ? colour(item.colour) : colour("#ffffff");
    g.fillStyle = item.hollow ? colour("#ffffff") : colour(item.colour);
    g.fill();
    g.stroke();
    g.restore();
  };

  const draw = (canvas) => {
    if (!canvas.clientWidth) return; // not shown yet
    const scene = scenes.get(canvas), place = viewOf(canvas), dpr = window.devicePixelRatio || 1;
    canvas.width = Math.round(canvas.clientWidth * dpr);
    canvas.height = Math.round(canvas.clientHeight * dpr);
    const g = canvas.getContext("2d");
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    g.room = canvas.clientWidth;
    g.grown = Math.min(1.4, Math.max(1, Math.sqrt(g.room / 370))); // marks of a wide canvas are larger, not as much as it
    // Far to near; what lies on the far side of the plane is painted before it.
    const above = Math.sign(camera.elevation) || 1;
    const items = [
      ...scene.arrows.map((a) => ({ z: (a.start[2] + a.end[2]) / 2, near: (place(a.start).near + place(a.end).near) / 2, paint: () => arrow(g, a, place), named: a.named })),
      ...scene.points.flatMap((p) => p.at.map((at) => ({ z: at[2], near: place(at).near, paint: () => dot(g, p, place(at)) }))),
    ].sort((a, b) => a.near - b.near);
    items.filter((i) => i.z * above < 0).forEach((i) => i.paint());
    plane(g, scene, place);
    g.lineWidth = 1.2;
    for (const trail of scene.trails || []) {
      g.strokeStyle = colour(trail.colour);
      trail.at.slice(1).forEach((to, i) => line(g, place(trail.at[i]), place(to), [1, 3]));
    }
    items.filter((i) => i.z * above >= 0).forEach((i) => i.paint());
    items.filter((i) => i.named).forEach((i) => i.paint()); // the arrows that are named are never hidden
    tripod(g, scene, place);
    canvas.dataset.drawn = `${camera.azimuth.toFixed(1)} ${camera.elevation.toFixed(1)} ${camera.zoom.toFixed(2)}`;
  };
  let asked = 0;
  const drawAll = () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(() => canvases.forEach(draw));
  };

  const said = () => {
    const words = `Seen from ${Math.round(camera.elevation)}° above the plane, turned by ${Math.round(camera.azimuth)}°.`.replaceAll("-", "−");
    document.querySelectorAll("[data-el=camera]").forEach((el) => { el.textContent = words; });
  };
  const turn = (azimuth, elevation, zoom = camera.zoom) => {
    camera.azimuth = ((((azimuth + 180) % 360) + 360) % 360) - 180;
    camera.elevation = Math.min(TILT, Math.max(-TILT, elevation));
    camera.zoom = Math.min(8, Math.max(0.5, zoom));
    said();
    drawAll();
  };

  const KEYS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
  const nearest = (canvas, x, y) => {
    const scene = scenes.get(canvas), place = viewOf(canvas);
    let best = "", least = NEAR;
    const offer = (label, p) => {
      const far = Math.hypot(p.x - x, p.y - y);
      if (label && far < least) [best, least] = [label, far];
    };
    scene.points.forEach((p) => p.at.forEach((at, i) => offer(p.label[i], place(at))));
    scene.arrows.forEach((a) => [0, 0.25, 0.5, 0.75, 1].forEach((t) => offer(a.label, place(a.start.map((v, i) => v + t * (a.end[i] - v))))));
    return best;
  };
  const turnable = (canvas) => {
    let from = null;
    canvas.addEventListener("pointerdown", (e) => {
      from = { x: e.clientX, y: e.clientY, azimuth: camera.azimuth, elevation: camera.elevation };
      canvas.setPointerCapture(e.pointerId);
    });
    canvas.addEventListener("pointermove", (e) => {
      if (from) return turn(from.azimuth - (e.clientX - from.x) * 0.5, from.elevation + (e.clientY - from.y) * 0.5);
      const box = canvas.getBoundingClientRect(), label = nearest(canvas, e.clientX - box.left, e.clientY - box.top);
      const note = canvas.closest("[data-el=scenes]").querySelector("[data-el=under]");
      if (note) note.textContent = label.replaceAll("\n", " · ");
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { from = null; });
    canvas.addEventListener("keydown", (e) => {
      if (KEYS[e.key]) turn(camera.azimuth + KEYS[e.key][0], camera.elevation + KEYS[e.key][1]);
      else if (e.key === "+" || e.key === "=") turn(camera.azimuth, camera.elevation, camera.zoom * 1.15);
      else if (e.key === "-") turn(camera.azimuth, camera.elevation, camera.zoom / 1.15);
      else if (e.key === "Home") turn(home[0], home[1], 1);
      else return;
      e.preventDefault();
    });
  };
  canvases.forEach(turnable);
  const VIEWS = { home: [...home, 1], above: [-90, 89, 1], level: [home[0], 0, 1], nearer: null, farther: null };
  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-el=look]");
    if (!button) return;
    const way = button.dataset.look;
    if (VIEWS[way]) turn(...VIEWS[way]);
    else turn(camera.azimuth, camera.elevation, camera.zoom * (way === "nearer" ? 1.25 : 0.8));
  });
  addEventListener("resize", drawAll);
  dark.addEventListener("change", drawAll);
  addEventListener("beforeprint", () => { printing = true; canvases.forEach(draw); });
  addEventListener("afterprint", () => { printing = false; drawAll(); });
  said();
  canvases.forEach(draw);
  window.embedlabScenes = {
    camera: () => ({ ...camera }),
    scene: (index) => scenes.get(canvases[index]),
    show: (canvas, scene, first) => {
      scenes.set(canvas, scene);
      if (first) {
        canvases.push(canvas);
        turnable(canvas);
      }
      draw(canvas);
    },
    turn,
    place: (index, at) => {
      const box = canvases[index].getBoundingClientRect(), p = viewOf(canvases[index])(at);
      return { x: box.left + p.x, y: box.top + p.y, near: p.near };
    },
  };
})();
