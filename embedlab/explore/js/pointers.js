// Pointer and keyboard on a map: hover shows the image, a drag draws a lasso or moves the map, arrow keys go from image
// to image. Without a mouse everything that a lasso does can be done by the key, the search and these keys.
"use strict";
EmbedLab.part("pointers", (view) => {
  const { state, bundle } = view, STILL = 4; // pixels that a hand moves while it clicks
  let tool = matchMedia("(pointer: coarse)").matches ? "" : "lasso"; // a finger first of all scrolls the page

  const at = (p, event) => {
    const box = p.top.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const client = (p, k) => {
    const box = p.top.getBoundingClientRect();
    return [box.left + p.px[k], box.top + p.py[k]];
  };
  const lassoed = (p, polygon, event) => {
    const rows = EmbedLab.inside(polygon, p.px, p.py).map((k) => p.map.row[k]).filter(view.lets);
    const kept = event.altKey ? [...state.chosen].filter((r) => !rows.includes(r)) : event.shiftKey ? [...state.chosen, ...rows] : rows;
    view.lassoed = { panel: p.index, polygon: polygon.map(([u, v]) => p.from(u, v)), alone: kept === rows };
    view.choose(kept, "lasso");
  };
  const chosenByHand = (p, k, more) => {
    const r = p.map.row[k];
    if (!more) return view.choose([r], "by hand");
    return view.choose(state.chosen.has(r) ? [...state.chosen].filter((one) => one !== r) : [...state.chosen, r], "by hand");
  };

  const pointer = (p, api) => {
    const top = p.top;
    let from = null, moved = false;
    top.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      state.panel = p.index;
      p.keyed = false; // the ring of the keys is for those who use keys
      from = { xy: at(p, event), zoom: { ...p.zoom } };
      moved = false;
      if (tool) top.setPointerCapture(event.pointerId);
      if (tool === "lasso") p.path = [from.xy];
    });
    top.addEventListener("pointermove", (event) => {
      const [u, v] = at(p, event);
      if (from) {
        moved ||= Math.hypot(u - from.xy[0], v - from.xy[1]) > STILL;
        if (!moved || !tool) return;
        view.hideCard();
        if (tool === "lasso") {
          const [a, b] = p.path[p.path.length - 1];
          if (Math.hypot(u - a, v - b) >= 2) p.path.push([u, v]);
          api.overlay(p);
        } else {
          const [x0, y0] = p.from(...from.xy), [x1, y1] = p.from(u, v);
          p.zoom = { ...p.zoom, x: p.zoom.x + x0 - x1, y: p.zoom.y + y0 - y1 };
          from.xy = [u, v];
          api.settle(p);
          api.draw(p);
        }
        return;
      }
      if (event.pointerType === "touch") return;
      const k = api.nearest(p, u, v);
      api.point(k < 0 ? -1 : p.map.row[k]);
      top.style.cursor = k >= 0 ? "pointer" : tool === "move" ? "grab" : tool ? "crosshair" : "default";
      if (k < 0) return view.hideCard();
      return view.showCard(p.map.row[k], ...client(p, k));
    });
    top.addEventListener("pointerup", (event) => {
      if (!from) return;
      const path = p.path, [u, v] = at(p, event);
      from = null;
      p.path = null;
      if (!moved) {
        const k = api.nearest(p, u, v);
        api.overlay(p);
        if (k < 0) return;
        p.cursor = k;
        chosenByHand(p, k, event.shiftKey);
        api.point(p.map.row[k]);
        view.showCard(p.map.row[k], ...client(p, k));
      } else if (tool === "lasso" && path.length > 2) lassoed(p, path, event);
      else if (tool === "move") view.emit("zoomed");
    });
    top.addEventListener("pointercancel", () => { from = null; p.path = null; api.overlay(p); });
    top.addEventListener("pointerleave", (event) => { // a finger leaves with every tap: the card it asked for stays
      if (from || event.pointerType === "touch") return;
      api.point(-1);
      view.hideCard();
    });
    top.addEventListener("wheel", (event) => {
      if (tool !== "move" && !event.ctrlKey) return; // the wheel belongs to the page until the map is taken in hand
      event.preventDefault();
      api.zoom(p, Math.exp(-event.deltaY / 400), ...at(p, event));
    }, { passive: false });
    top.addEventListener("dblclick", (event) => { if (tool === "move") api.zoom(p, 2, ...at(p, event)); });
  };

  // ---- keyboard ----------------------------------------------------------------------------------------------------
  const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  const inSight = (p, k) => view.lets(p.map.row[k]) && p.px[k] >= 0 && p.px[k] <= p.wide && p.py[k] >= 0 && p.py[k] <= p.high;
  const first = (p) => {
    let best = -1, least = Infinity;
    for (let k = 0; k < p.px.length; k += 1) {
      const d = Math.hypot(p.px[k] - p.wide / 2, p.py[k] - p.high / 2);
      if (d < least && inSight(p, k)) { least = d; best = k; }
    }
    return best;
  };
  // The nearest image within 45 degrees of the direction; steps aside cost double, so that a walk keeps its line.
  const next = (p, [dx, dy]) => {
    let best = p.cursor, least = Infinity;
    for (let k = 0; k < p.px.length; k += 1) {
      const u = p.px[k] - p.px[p.cursor], v = p.py[k] - p.py[p.cursor], along = u * dx + v * dy, aside = Math.abs(u * dy) + Math.abs(v * dx);
      if (along <= 0 || aside > along || !inSight(p, k)) continue;
      const cost = along + 2 * aside;
      if (cost < least) { least = cost; best = k; }
    }
    return best;
  };
  const told = (row) => {
    const facts = [state.colour, "species", "sex", "life_stage"].filter((name, i, all) => view.column(name) && all.indexOf(name) === i);
    return [bundle.ids[row], ...facts.map((name) => `${view.nice(name)} ${view.fact(name, row) ?? "not recorded"}`), state.chosen.has(row) ? "chosen" : ""].filter(Boolean).join(", ");
  };
  const go = (p, k, api) => {
    if (k < 0) return;
    p.cursor = k;
    p.keyed = true;
    api.point(p.map.row[k]);
    view.showCard(p.map.row[k], ...client(p, k));
    view.say(told(p.map.row[k]));
  };
  const keyboard = (p, api) => {
    p.top.addEventListener("focus", () => {
      state.panel = p.index;
      if (p.cursor < 0 || !inSight(p, p.cursor)) p.cursor = first(p);
      if (p.top.matches(":focus-visible")) go(p, p.cursor, api);
    });
    p.top.addEventListener("blur", () => { view.hideCard(); api.point(-1); });
    p.top.addEventListener("keydown", (event) => {
      if (event.metaKey || event.ctrlKey || event.altKey) return;
      if (p.cursor < 0) p.cursor = first(p);
      if (WAYS[event.key]) go(p, p.cursor < 0 ? -1 : next(p, WAYS[event.key]), api);
      else if ((event.key === "Enter" || event.key === " ") && p.cursor >= 0) {
        chosenByHand(p, p.cursor, event.shiftKey || event.key === " ");
        view.say(told(p.map.row[p.cursor]));
      } else if (event.key === "Escape") view.choose([], "");
      else if (event.key === "+" || event.key === "=") api.zoom(p, 1.5, ...(p.cursor < 0 ? [p.wide / 2, p.high / 2] : [p.px[p.cursor], p.py[p.cursor]]));
      else if (event.key === "-") api.zoom(p, 1 / 1.5, p.wide / 2, p.high / 2);
      else if (event.key === "0") view.whole();
      else return;
      event.preventDefault();
    });
  };

  view.pointers = (p, api) => { pointer(p, api); keyboard(p, api); };
  view.tool = (name) => {
    if (name === undefined) return tool;
    tool = name;
    for (const p of view.panels()) p.top.style.touchAction = tool ? "none" : "pan-y";
    return tool;
  };
  return { update: (why) => { if (why === "started" || why === "moved") view.tool(tool); } };
});
