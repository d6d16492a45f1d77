// Names on the map itself: a level that stands together is named at its median, so that the eye need not go to the key.
// A level that is scattered gets no name there: a word in the middle of everything would point at nothing.
"use strict";
EmbedLab.part("names", (view) => {
  const { named, find, taxon } = view, TOGETHER = 0.6, LINE = 16, GAP = 3, FEWEST = 3, SMALL = 24;
  let on = true;
  const button = named("names", "button", "", { type: "button", "aria-pressed": "true", title: "Write names where a colour stands together" }, "Names");
  button.addEventListener("click", () => {
    on = !on;
    button.setAttribute("aria-pressed", String(on));
    view.redraw();
  });
  find("whole").after(button);

  const middle = (values) => { values.sort(); return values[values.length >> 1]; }; // of a Float64Array
  const spot = (p, ks) => {
    const x = middle(Float64Array.from(ks, (k) => p.px[k])), y = middle(Float64Array.from(ks, (k) => p.py[k]));
    return { x, y, reach: middle(Float64Array.from(ks, (k) => Math.hypot(p.px[k] - x, p.py[k] - y))) };
  };
  const levels = (p, style) => {
    const groups = new Map();
    p.map.row.forEach((row, k) => {
      const at = style.at(row, k);
      if (!at || !view.lets(row) || (style.kind === "one" && at !== style.lit) || at === style.others) return;
      if (!groups.has(at)) groups.set(at, []);
      groups.get(at).push(k);
    });
    return groups;
  };
  // Labels that would cover one another move apart, up and down, by turns; none leaves the map.
  const apart = (p, labels) => {
    for (let turn = 0; turn < 40; turn += 1) {
      let moved = false;
      for (const a of labels) for (const b of labels) {
        if (a === b || Math.abs(a.x - b.x) > (a.wide + b.wide) / 2 + GAP || Math.abs(a.y - b.y) >= LINE) continue;
        const [up, down] = a.y < b.y || (a.y === b.y && a.words < b.words) ? [a, b] : [b, a], push = (LINE - (down.y - up.y)) / 2 + 0.5;
        up.y -= push;
        down.y += push;
        moved = true;
      }
      for (const one of labels) one.y = Math.min(p.high - LINE / 2 - 2, Math.max(LINE / 2 + 2, one.y));
      if (!moved) return;
    }
  };
  const placed = (p) => {
    const style = view.style(p.index);
    if (!on || !style.column || style.kind === "numbers") return [];
    const whole = spot(p, [...p.map.row.keys()].filter((k) => view.lets(p.map.row[k]))), pen = p.base.getContext("2d"), labels = [];
    pen.font = `${taxon(style.column.name) ? "italic " : ""}600 12.5px system-ui, sans-serif`;
    for (const [at, ks] of levels(p, style)) {
      const s = spot(p, ks), words = style.words(at);
      if (ks.length < FEWEST || s.reach > TOGETHER * whole.reach || s.x < 0 || s.x > p.wide || s.y < 0 || s.y > p.high) continue;
      const short = words.length > 28 ? `${words.slice(0, 26)}…` : words, wide = pen.measureText(short).width;
      const home = s.reach < SMALL ? s.y - 2 * s.reach - LINE * 0.7 : s.y; // above a small patch, which it would cover
      labels.push({ words: short, wide, at: [s.x, s.y], x: Math.min(p.wide - wide / 2 - 5, Math.max(wide / 2 + 5, s.x)), y: home, colour: style.looks[at].colour });
    }
    apart(p, labels);
    return labels;
  };
  view.labelled = (panel) => placed(view.panels()[panel]);
  view.writeNames = (p, pen, ink, paper) => {
    const labels = placed(p);
    if (!labels.length) return;
    pen.setTransform(p.ratio, 0, 0, p.ratio, 0, 0);
    Object.assign(pen, { textAlign: "center", textBaseline: "middle", lineJoin: "round" });
    for (const { words, x, y, at, colour } of labels) {
      if (Math.abs(y - at[1]) > LINE) { // a name that stands off is tied to its place
        Object.assign(pen, { strokeStyle: colour, lineWidth: 1.4 });
        pen.beginPath();
        pen.moveTo(...at);
        pen.lineTo(x, y);
        pen.stroke();
      }
      Object.assign(pen, { strokeStyle: paper, lineWidth: 4, fillStyle: ink });
      pen.strokeText(words, x, y);
      pen.fillText(words, x, y);
    }
    pen.textBaseline = "alphabetic";
  };
  return {};
});
