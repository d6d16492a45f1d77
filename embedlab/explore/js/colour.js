// Colour-by: a level keeps its colour and shape whatever else is shown; what is not recorded is grey and lies below.
// "Shuffle labels" deals the labels out anew, so that the reader's eye learns what chance looks like.
"use strict";
EmbedLab.part("colour", (view) => {
  const { find, make, many, nice, taxon, state } = view;
  const MISSING = "#d9d9d9", OTHER = "#a9a9a9", LIT = "#D55E00", PLAIN = "#0072B2", LEVELS = 10, STEPS = 64, SHUFFLES = 3;
  const RAMP = ["#00224e", "#1a386f", "#434e6c", "#61656f", "#7d7c78", "#9b9476", "#bcae6c", "#dec958", "#fee838"];
  const KEPT = "neighbours kept by the map"; // a colouring of its own: each panel has its own values
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let printing = false;
  const night = () => dark.matches && !printing;
  const tint = (colour) => (night() ? EmbedLab.look.dark[colour] || colour : colour);
  const edge = (colour) => (!night() && EmbedLab.look.pale.includes(colour) ? "#595959" : night() ? "#16181b" : "#ffffff");
  const look = (colour, shape = "circle") => ({ colour: tint(colour), shape, edge: edge(colour) });

  // ---- shuffled labels: whole species where a species has one label, else images ---------------------------------
  const random = (seed) => () => { // mulberry32
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const dealt = (n, seed) => {
    const order = [...Array(n).keys()], next = random(seed);
    for (let i = n - 1; i > 0; i -= 1) { const j = Math.floor(next() * (i + 1)); [order[i], order[j]] = [order[j], order[i]]; }
    return order;
  };
  const valuesOf = (column) => (column.kind === "numbers" ? column.values : column.codes);
  const known = (value) => value !== null && value !== -1;
  // The species that stand as one: every recorded label of a species is the same. Null where images are the units.
  const bySpecies = (column) => {
    const species = view.column("species"), values = valuesOf(column);
    if (!species || species.kind !== "kinds" || column === species) return null;
    const of = new Map();
    for (let row = 0; row < values.length; row += 1) {
      if (!known(values[row])) continue;
      const s = species.codes[row];
      if (s < 0 || (of.has(s) && of.get(s) !== values[row])) return null;
      of.set(s, values[row]);
    }
    return of;
  };
  const memory = new Map();
  const labels = (column) => {
    const values = valuesOf(column);
    if (!state.shuffled || column.name !== state.colour) return values;
    const key = `${column.name} ${state.shuffled}`;
    if (memory.has(key)) return memory.get(key);
    const of = bySpecies(column), out = [...values];
    if (of) {
      const names = [...of.keys()].sort((a, b) => a - b), order = dealt(names.length, state.shuffled);
      const given = new Map(names.map((s, i) => [s, of.get(names[order[i]])])), codes = view.column("species").codes;
      for (let row = 0; row < out.length; row += 1) if (known(out[row])) out[row] = given.get(codes[row]);
    } else {
      const rows = [...values.keys()].filter((row) => known(values[row])), order = dealt(rows.length, state.shuffled);
      rows.forEach((row, i) => { out[row] = values[rows[order[i]]]; });
    }
    memory.set(key, out);
    return out;
  };

  // ---- how every point looks: looks[0] is what is not recorded --------------------------------------------------
  const hex = (a, b, t) => `#${[1, 3, 5].map((i) => Math.round(parseInt(a.slice(i, i + 2), 16) * (1 - t) + parseInt(b.slice(i, i + 2), 16) * t).toString(16).padStart(2, "0")).join("")}`;
  const ramp = (t) => {
    const u = (night() ? 0.22 + 0.78 * t : t) * (RAMP.length - 1), k = Math.min(Math.floor(u), RAMP.length - 2); // the darkest blue is lost on black
    return hex(RAMP[k], RAMP[k + 1], u - k);
  };
  const steps = () => [look(MISSING), ...Array.from({ length: STEPS }, (_, i) => {
    const t = i / (STEPS - 1), colour = ramp(t);
    return { colour, shape: "circle", edge: night() ? "#16181b" : t > 0.7 ? "#595959" : "#ffffff" };
  })];
  const span = (values) => {
    const some = values.filter(known), low = some.reduce((a, b) => Math.min(a, b), Infinity), high = some.reduce((a, b) => Math.max(a, b), -Infinity);
    return { low, high, some: some.length };
  };
  const graded = (values, { low, high }) => (i) => (known(values[i]) ? 1 + Math.round(((values[i] - low) / (high - low || 1)) * (STEPS - 1)) : 0);

  const style = (panel) => { // {kind, looks, at(row, k) -> index of its look, lit}
    if (state.colour === KEPT) {
      const kept = view.maps[panel]?.kept;
      const at = kept ? graded(kept, { low: 0, high: 1 }) : () => 0;
      return { kind: "kept", looks: steps(), at: (row, k) => at(k), low: 0, high: 1 };
    }
    const column = view.column(state.colour);
    if (!column) return { kind: "none", looks: [look(MISSING), look(PLAIN)], at: () => 1 };
    const values = labels(column);
    if (column.kind === "numbers") {
      const ends = span(column.values);
      return { kind: "numbers", column, looks: steps(), at: graded(values, ends), ...ends };
    }
    const some = column.levels.length <= LEVELS ? [...column.levels.keys()] : inSight(column);
    if (!some) {
      const lit = column.levels.indexOf(state.level), looks = [look(MISSING), look(OTHER), look(LIT, "diamond")];
      return { kind: "one", column, lit: 2, code: lit, looks, words: () => state.level, at: (row) => (values[row] < 0 ? 0 : values[row] === lit ? 2 : 1) };
    }
    const palette = some.length <= EmbedLab.look.few.length ? EmbedLab.look.few : EmbedLab.look.many;
    const place = new Map(some.map((code, i) => [code, i + 1])), others = some.length + 1;
    const looks = some.map((_, i) => look(palette[i % palette.length], EmbedLab.look.shapes[i % EmbedLab.look.shapes.length]));
    return {
      kind: "levels", column, some, others, looks: [look(MISSING), ...looks, look(OTHER)], words: (at) => column.levels[some[at - 1]],
      at: (row) => (values[row] < 0 ? 0 : place.get(values[row]) ?? others),
    };
  };
  // Of many levels the filter may leave few: then these have colours of their own, as in a descent from class to family.
  const inSight = (column) => {
    if (!state.filter || state.level) return null;
    const codes = [...new Set(view.here().map((row) => column.codes[row]))].filter((code) => code >= 0).sort((one, two) => one - two);
    return codes.length && codes.length <= LEVELS ? codes : null;
  };

  // ---- the key ---------------------------------------------------------------------------------------------------
  const swatch = ({ colour, shape, edge: line }) => {
    const NS = "http://www.w3.org/2000/svg", svg = document.createElementNS(NS, "svg"), path = document.createElementNS(NS, "path");
    for (const [name, value] of [["viewBox", "5 1 12 12"], ["aria-hidden", "true"]]) svg.setAttribute(name, value);
    const thin = shape === "x";
    for (const [name, value] of [["d", EmbedLab.look.paths[shape]], ["fill", thin ? "none" : colour], ["stroke", thin ? colour : line], ["stroke-width", thin ? 2 : 0.8]]) path.setAttribute(name, value);
    svg.append(path);
    return svg;
  };
  const entry = (words, mark, rows, kind = "") => {
    const button = make("button");
    button.type = "button";
    button.dataset.level = words;
    button.rows = rows;
    button.append(swatch(mark), make("span", words, kind), make("span", many(rows.length), "count"));
    button.title = "Choose these images; with Shift, add them";
    button.setAttribute("aria-label", `${words}, ${many(rows.length)} images`); // the spans alone are read as one word
    button.addEventListener("click", (event) => view.choose(event.shiftKey ? [...state.chosen, ...rows] : rows, `${nice(state.colour)}: ${words}`));
    return button;
  };
  const bar = ({ low, high }, words) => {
    const box = make("div", "", "ramp"), strip = make("div", "", "strip-of-colour"), ticks = make("div", "", "ticks");
    strip.style.background = `linear-gradient(90deg,${Array.from({ length: 13 }, (_, i) => ramp(i / 12)).join(",")})`;
    const rough = (high - low) / 4, power = 10 ** Math.floor(Math.log10(rough || 1)), step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough) || 1;
    for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-9; at += step) {
      const tick = make("span", Number(at.toPrecision(6)).toLocaleString("en", { maximumSignificantDigits: 4 }));
      tick.style.left = `${(100 * (at - low)) / (high - low || 1)}%`;
      ticks.append(tick);
    }
    box.append(make("p", words, "small"), strip, ticks);
    return box;
  };
  const legend = () => {
    const box = find("legend"), how = style(state.only ?? state.panel), rows = view.here();
    box.replaceChildren();
    box.dataset.kind = how.kind;
    if (how.kind === "kept") { // a facet is judged as part of its whole map
      const n = Math.max(...view.maps.map((m) => (m.frame ? bundle.ids.length : m.row.length))), k = Math.min(15, Math.floor((n - 1) / 2));
      box.append(bar(how, `share of each image's ${k} nearest neighbours kept by this map; by chance ${(k / (n - 1)).toPrecision(2)}`));
    }
    if (!how.column) return;
    const at = rows.map((row) => how.at(row)), those = (k) => rows.filter((_, i) => at[i] === k), kind = taxon(how.column.name) ? "taxon" : "";
    if (how.kind === "levels") how.looks.slice(1).forEach((mark, i) => {
      const rows_ = those(i + 1), rest = i + 1 === how.others;
      if (rows_.length) box.append(entry(rest ? "others" : how.words(i + 1), mark, rows_, rest ? "" : kind));
    });
    if (how.kind === "one") {
      if (how.code >= 0) box.append(entry(state.level, how.looks[2], those(2), kind));
      box.append(entry(how.code >= 0 ? "others" : `all ${many(how.column.levels.length)}`, how.looks[1], those(1)));
    }
    if (how.kind === "numbers") box.append(bar(how, nice(how.column.name)));
    const missing = those(0);
    if (missing.length) box.append(entry("not recorded", how.looks[0], missing));
    press();
  };
  const press = () => { // an entry is pressed when the choice is just its images
    for (const button of find("legend").querySelectorAll("button")) {
      const same = button.rows.length === state.chosen.size && button.rows.every((row) => state.chosen.has(row));
      button.setAttribute("aria-pressed", String(same && same !== 0 && button.rows.length > 0));
    }
  };

  const shuffle = (k) => {
    state.shuffled = k % (SHUFFLES + 1);
    notice();
    view.emit("shuffled");
  };
  const notice = () => {
    const box = find("notice"), column = view.column(state.colour), on = state.shuffled > 0 && column;
    box.hidden = !on;
    box.textContent = on ? `Labels shuffled (${state.shuffled} of ${SHUFFLES}): this is what chance looks like, with “${nice(column.name)}” dealt out anew over ${bySpecies(column) ? "species" : "images"}.` : "";
  };

  Object.assign(view, { style, labels, swatch, tint, shuffle, night, printing: () => printing, KEPT, LEVELS, SHUFFLES, unitOf: (column) => (bySpecies(column) ? "species" : "images") });
  const redraw = () => view.emit("painted");
  dark.addEventListener("change", redraw, { signal: view.signal });
  addEventListener("beforeprint", () => { printing = true; redraw(); view.forPaper(); }, { signal: view.signal });
  addEventListener("afterprint", () => { printing = false; view.offPaper(); redraw(); }, { signal: view.signal });
  return {
    update: (why) => {
      if (why === "chosen") return press();
      notice();
      return legend();
    },
  };
});
