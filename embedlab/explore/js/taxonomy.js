// The ranks as a way in: a path from the widest taxon down, and under it the taxa that it holds. A press goes into a
// taxon and greys out all others, which cannot be chosen then; the bars tell how many images a taxon has and how many
// of them are chosen. The treemap says the same in areas, for a pointer; keys and readers have the list under it.
"use strict";
EmbedLab.part("taxonomy", (view) => {
  const RANKS = ["kingdom", "phylum", "class", "order", "family", "genus", "species"], ITALIC = new Set(["genus", "species"]), FIRST = 12, PLOTS = 40;
  const columns = RANKS.map((name) => view.column(name)).filter((c) => c && c.kind === "kinds" && c.levels.length);
  if (columns.length < 2 || columns.at(-1).levels.length < 3) return null;
  const { make, named, many, state } = view;
  const box = named("taxonomy", "div"), trail = make("nav", "", "trail"), list = make("ul", "", "taxa"), more = make("button", "", "quiet"), map = make("div", "", "treemap");
  trail.setAttribute("aria-label", "Taxon shown");
  more.type = "button";
  map.setAttribute("aria-hidden", "true");
  box.append(trail, map, list, more);
  const aside = view.aside("Taxa: show only some", box);
  aside.open = false;
  let path = [], all = false; // the taxa gone into: [column, code]

  const inside = (row, way = path) => way.every(([column, code]) => column.codes[row] === code);
  const everywhere = () => [...new Set(view.visible().flatMap((k) => view.maps[k].row))];
  const go = (way, pressed = true) => {
    path = way;
    all = false;
    const rows = everywhere();
    view.filter(way.length ? rows.filter((row) => inside(row)) : null, way.length ? name(way.at(-1)) : "");
    const held = list.querySelector("button") || trail.querySelector("button");
    if (pressed && held) held.focus({ preventScroll: true });
  };
  const name = ([column, code]) => (code < 0 ? `${column.name} not recorded` : column.levels[code]);
  const shown = ([column, code]) => make("span", name([column, code]), code < 0 ? "missing" : ITALIC.has(column.name) ? "taxon" : "");

  // The taxa below: of the first rank that divides the images, so that a family of one genus is not a step of its own.
  const below = (rows) => {
    const start = path.length ? columns.indexOf(path.at(-1)[0]) + 1 : 0;
    for (const column of columns.slice(start)) {
      const of = new Map();
      for (const row of rows) (of.get(column.codes[row]) || of.set(column.codes[row], []).get(column.codes[row])).push(row);
      if (of.size > 1 || (column === columns.at(-1) && of.size)) return { column, of };
    }
    return null;
  };
  // The finest rank of at most so many taxa divides the plots of the treemap; none where the rank below has many itself.
  const finest = (rows, next) => {
    let found = null;
    for (const column of columns.slice(columns.indexOf(next.column) + 1)) {
      const n = new Set(rows.map((row) => column.codes[row])).size;
      if (n > next.of.size && n <= PLOTS) found = column;
    }
    return found;
  };
  const kinds = (some, column) => {
    const of = new Map();
    for (const row of some) (of.get(column.codes[row]) || of.set(column.codes[row], []).get(column.codes[row])).push(row);
    return [...of].map(([code, held]) => ({ step: [column, code], rows: held })).sort((a, b) => b.rows.length - a.rows.length);
  };
  const tile = ({ step, rows }, way, most) => {
    const one = make("div", "", `plot shade-${Math.min(2, Math.floor((3 * Math.log1p(rows.length)) / Math.log1p(most + 1)))}`), words = name(step);
    const held = rows.filter((row) => state.chosen.has(row)).length, foot = make("span", "", "foot");
    one.dataset.plot = words;
    one.title = `${words}: ${many(rows.length)} images${state.chosen.size ? `, ${many(held)} chosen` : ""}`;
    foot.style.width = `${(100 * held) / rows.length}%`;
    one.append(shown(step), foot);
    one.addEventListener("click", () => go([...path, ...way, step], false));
    return one;
  };
  // Area: images of a taxon; shade: the same on the scale of counts; the bar at the foot: how many of them are chosen.
  const drawn = (rows, next) => {
    const fine = finest(rows, next), groups = kinds(rows, next.column).map((group) => ({ ...group, parts: fine ? kinds(group.rows, fine) : [group] }));
    const most = Math.max(...groups.flatMap((group) => group.parts.map((part) => part.rows.length)));
    EmbedLab.treemap(map, groups.map((group) => ({
      size: group.rows.length,
      title: fine ? Object.assign(make("button", name(group.step), "quiet"), { type: "button", tabIndex: -1, onclick: () => go([...path, group.step], false) }) : null,
      parts: group.parts.map((part) => ({ size: part.rows.length, words: name(part.step).length, tile: tile(part, fine ? [group.step] : [], most) })),
    })));
  };
  const update = (why) => {
    if (why === "zoomed" || why === "painted" || why === "shuffled") return;
    if (!state.filter && path.length && why === "filtered") path = []; // lifted by somebody else
    const rows = everywhere().filter((row) => inside(row)), next = below(rows);
    trail.replaceChildren();
    [[], ...path.map((_, i) => path.slice(0, i + 1))].forEach((way, i, ways) => {
      if (i) trail.append(make("span", "▸", "sep"));
      const last = i === ways.length - 1, step = make(last ? "span" : "button", "", last ? "now" : "quiet");
      step.append(way.length ? shown(way.at(-1)) : make("span", "All"));
      if (last) step.setAttribute("aria-current", "true");
      else { step.type = "button"; step.addEventListener("click", () => go(way)); }
      trail.append(step);
    });
    const pick = make("button", `Choose these ${many(rows.length)}`, "small-button");
    pick.type = "button";
    pick.disabled = !rows.length;
    pick.addEventListener("click", () => view.choose(rows, path.length ? name(path.at(-1)) : "all"));
    trail.append(pick);
    list.replaceChildren();
    map.replaceChildren();
    more.hidden = map.hidden = true;
    if (!next || (path.length && path.at(-1)[0] === next.column)) return;
    const taxa = [...next.of].sort((a, b) => (a[0] < 0) - (b[0] < 0) || b[1].length - a[1].length), most = Math.max(...taxa.map(([, some]) => some.length));
    map.hidden = false;
    drawn(rows, next);
    const few = all ? taxa : taxa.slice(0, FIRST);
    for (const [code, some] of few) {
      const item = make("li"), button = make("button", "", "taxon-bar"), bar = make("span", "", "bar"), fill = make("span", "", "fill"), held = some.filter((r) => state.chosen.has(r)).length;
      button.type = "button";
      button.dataset.taxon = name([next.column, code]);
      button.title = `Show only ${name([next.column, code])}`;
      bar.style.width = `${(100 * some.length) / most}%`;
      fill.style.width = `${(100 * held) / some.length}%`;
      bar.append(fill);
      button.append(shown([next.column, code]), make("span", state.chosen.size ? `${many(held)} of ${many(some.length)}` : many(some.length), "count"), bar);
      button.addEventListener("click", () => go([...path, [next.column, code]]));
      item.append(button);
      list.append(item);
    }
    list.setAttribute("aria-label", `${next.column.name}, most images first`);
    more.hidden = few.length === taxa.length;
    more.textContent = `all ${many(taxa.length)} (${next.column.name})`;
  };
  more.addEventListener("click", () => { all = true; update("asked"); });
  view.kept = { ...view.kept, taxa: {
    get: () => (path.length ? JSON.stringify(path.map((step) => [step[0].name, step[1] < 0 ? null : name(step)])) : ""),
    set: (words) => {
      let steps = [];
      try { steps = JSON.parse(words || "[]"); } catch { steps = []; }
      const way = (Array.isArray(steps) ? steps : []).map(([rank, taxon]) => { const c = columns.find((one) => one.name === rank); return c && (taxon === null || c.levels.includes(taxon)) ? [c, taxon === null ? -1 : c.levels.indexOf(taxon)] : null; });
      if (!way.includes(null)) go(way, false);
    },
  } };
  return { update };
});
