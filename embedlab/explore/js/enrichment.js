// What the chosen hold, beside what as many picked blindly would: counts, ratio and an exact p for every level of the
// colouring column, ranks for numbers, or every column at once. The unit is the species where a species has one label.
"use strict";
EmbedLab.part("enrichment", (view) => {
  const { make, named, many, nice, taxon, state, bundle } = view, { exact } = EmbedLab, ROWS = 14, MISSING = "not recorded";
  const box = named("enrichment", "div");
  let asked = "", every = false, all = false; // the unit that the reader asked for; every column; every row
  const aside = view.aside("What the chosen hold", box);

  const told = (p) => (!(p >= 0) ? "–" : p < 0.001 ? "< 0.001" : p.toPrecision(2).replace(/^1\.0$/, "1"));
  const shown = (v) => Number(v.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4 });
  const species = () => { const c = view.column("species"); return c && c.kind === "kinds" ? c : null; };
  // Rows in sight of each species; a row without one stands for itself nowhere.
  const groups = (rows) => {
    const codes = species().codes, of = new Map();
    for (const row of rows) if (codes[row] >= 0) (of.get(codes[row]) || of.set(codes[row], []).get(codes[row])).push(row);
    return [...of.values()];
  };
  const most = (rows) => 2 * rows.reduce((n, row) => n + state.chosen.has(row), 0) >= rows.length;

  // ---- which unit ------------------------------------------------------------------------------------------------------
  const units = (column) => {
    if (!species() || column === species()) return ["images"];
    return column.kind === "numbers" || view.unitOf(column) === "species" ? ["species", "images"] : ["images", "within species"];
  };
  // Species are counted while those chosen by half or more hold half of the choice; a choice across species is of images.
  const ofSpecies = () => {
    const held = groups(view.here()).filter(most).flat().filter((row) => state.chosen.has(row)).length;
    return 2 * held >= state.chosen.size;
  };
  const unitFor = (column) => {
    const some = units(column);
    return some.includes(asked) ? asked : some[0] === "species" && !ofSpecies() ? "images" : some[0];
  };

  // ---- the tests -------------------------------------------------------------------------------------------------------
  const counted = (column, values, unit) => { // a row a level: {words, hit, marked, expected, p}
    const rows = view.here(), k = column.levels.length, at = (row) => (values[row] < 0 ? k : values[row]);
    const tally = (some, of) => some.reduce((out, one) => { out[of(one)] += 1; return out; }, new Array(k + 1).fill(0));
    if (unit === "within species") {
      const parts = groups(rows).map((some) => ({ m: some.filter((r) => state.chosen.has(r)).length, whole: tally(some, at), n: some.length }));
      const chosen = groups(rows).flat().filter((r) => state.chosen.has(r)), hits = tally(chosen, at);
      return levels(column, hits, tally(rows, at), (level, hit) => exact.within(hit, parts.filter((p) => p.whole[level]).map((p) => [p.m, p.whole[level], p.n])), chosen.length, rows.length);
    }
    let things = rows, isChosen = (row) => state.chosen.has(row), of = at;
    if (unit === "species") {
      things = groups(rows);
      isChosen = most;
      of = (some) => at(some.find((r) => values[r] >= 0) ?? some[0]);
    }
    const chosen = things.filter(isChosen), whole = tally(things, of), hits = tally(chosen, of);
    return levels(column, hits, whole, (level, hit) => ({
      p: exact.hypergeometric(hit, chosen.length, whole[level], things.length), expected: (whole[level] * chosen.length) / things.length,
    }), chosen.length, things.length);
  };
  const levels = (column, hits, whole, test, chosen, things) => {
    const lines = [];
    whole.forEach((marked, level) => {
      if (marked) lines.push({ words: level === column.levels.length ? MISSING : column.levels[level], hit: hits[level], marked, ...test(level, hits[level]) });
    });
    return { lines, chosen, things };
  };
  const ranked = (column, values, unit) => {
    const rows = view.here(), known = (row) => values[row] !== null;
    let a, b, things = rows.filter(known);
    if (unit === "species") {
      const those = groups(things), value = (some) => some.reduce((sum, r) => sum + values[r], 0) / some.length;
      [a, b, things] = [those.filter(most).map(value), those.filter((some) => !most(some)).map(value), those];
    } else [a, b] = [things.filter((r) => state.chosen.has(r)), things.filter((r) => !state.chosen.has(r))].map((some) => some.map((r) => values[r]));
    return { a, b, ...exact.ranks(a, b) };
  };

  // ---- the words -------------------------------------------------------------------------------------------------------
  const row = (cells, head = false) => {
    const line = make("tr");
    for (const [words, kind] of cells) {
      const cell = words instanceof Element ? make(head ? "th" : "td", "", kind) : make(head ? "th" : "td", words, kind);
      if (words instanceof Element) cell.append(words);
      if (head) cell.scope = "col";
      line.append(cell);
    }
    return line;
  };
  const press = (words, job, pressed) => {
    const one = make("button", words, "small-button");
    one.type = "button";
    if (pressed !== undefined) one.setAttribute("aria-pressed", String(pressed));
    one.addEventListener("click", () => { job(); update("asked"); });
    return one;
  };
  const ratio = (hit, expected) => (expected > 0 ? `${(hit / expected).toFixed(2)} ×` : "–");
  const picker = (column) => {
    const some = units(column), bar = make("div", "", "units");
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Count");
    if (some.length > 1 && !every) for (const unit of some) bar.append(press(unit === "within species" ? unit : `by ${unit}`, () => { asked = unit; all = false; }, unit === unitFor(column)));
    bar.append(press(every ? `Only ${nice(state.colour)}` : "Every column", () => { every = !every; all = false; }));
    return bar;
  };
  const single = (column) => {
    const unit = unitFor(column), values = view.labels(column), name = nice(column.name);
    if (column.kind === "numbers") return numbers(column, values, unit);
    const { lines, chosen, things } = counted(column, values, unit), table = make("table");
    const holm = exact.holm(lines.map((l) => l.p));
    lines.forEach((line, i) => { line.holm = holm[i]; });
    lines.sort((p, q) => q.hit - p.hit || q.marked - p.marked);
    const kinds = unit === "species" ? "species" : "images";
    table.append(make("caption", {
      images: `${name} of the ${many(chosen)} chosen, beside what as many images picked blindly from ${many(things)} would hold`,
      species: `${name} of the ${many(chosen)} species of which half or more of the images are chosen, beside as many picked blindly from ${many(things)}`,
      "within species": `${name} of the ${many(chosen)} chosen, beside as many images picked blindly from each of the same species`,
    }[unit]));
    table.append(row([[name, ""], ["chosen", "n"], ["by chance", "n"], ["ratio", "n"], ["p, Holm", "n"]], true));
    const few = all ? lines : lines.filter((l) => l.hit).slice(0, ROWS);
    for (const l of few) {
      const line = row([[l.words, l.words === MISSING ? "missing" : taxon(column.name) ? "taxon" : ""], [many(l.hit), "n"], [l.expected.toFixed(1), "n"], [ratio(l.hit, l.expected), "n"], [told(l.holm), l.holm <= 0.05 ? "n sure" : "n"]]);
      Object.assign(line.dataset, { level: l.words, p: l.p, holm: l.holm });
      table.append(line);
    }
    const out = chosen ? [table] : [make("p", unit === "species" ? "No species has half of its images among the chosen: count by images." : "None of the chosen has a species recorded.", "note")];
    if (chosen && few.length < lines.length) out.push(press(`Show all ${many(lines.length)} rows`, () => { all = true; }));
    if (chosen) out.push(make("p", `p: how often ${kinds} picked blindly differ as much or more (exact, two-sided), by Holm over ${many(lines.length)} rows.`, "note"));
    if (unit === "images" && species()) out.push(make("p", column === species()
      ? "The map was made of the same vectors: that a patch of it holds kin is no finding."
      : "Images of one species are not independent: over images p is too small wherever kin look alike.", "note"));
    return out;
  };
  const numbers = (column, values, unit) => {
    const { a, b, share, p } = ranked(column, values, unit), table = make("table"), name = nice(column.name);
    table.append(make("caption", unit === "species" ? `Mean ${name} of species of which half or more of the images are chosen, and of the other species` : `${name} of the chosen and of the others`), row([["", ""], [unit, "n"], ["median", "n"]], true));
    for (const [words, some] of [["chosen", a], ["others", b]]) table.append(row([[words, ""], [many(some.length), "n"], [some.length ? shown(exact.median(some)) : "–", "n"]]));
    Object.assign(table.dataset, { p, share });
    const said = Number.isNaN(share) ? `${unit === "species" ? "No species, or every one, has half of its images among the chosen" : "One side has no recorded value"}: nothing to compare.`
      : `Of a chosen and another ${unit === "species" ? "species" : "image"} the chosen has the larger value in ${(100 * share).toFixed(0)} % of pairs (50 % by chance; p ${told(p).startsWith("<") ? "" : "= "}${told(p)}, rank-sum test of Mann and Whitney).`;
    const out = [table, make("p", said, "note")];
    if (unit === "images" && species()) out.push(make("p", "Images of one species are not independent: p is too small wherever kin look alike.", "note"));
    return out;
  };

  // Every column in its own unit: the row that chance explains least, by Holm over all rows of all columns.
  const overview = () => {
    const found = [], ps = [];
    for (const column of bundle.columns) {
      const some = units(column), unit = some.includes("within species") ? "within species" : some[0] === "species" && !ofSpecies() ? "images" : some[0], values = view.labels(column);
      if (column.kind === "numbers") {
        const { share, p } = ranked(column, values, unit);
        if (p >= 0) found.push({ column, unit, words: share >= 0.5 ? "larger" : "smaller", at: ps.push(p) - 1, strength: `${(100 * share).toFixed(0)} %` });
        continue;
      }
      if (column.levels.length < 2 || column.levels.length > 0.5 * view.here().length) continue; // a name of each image is no group
      const { lines } = counted(column, values, unit), start = ps.length;
      for (const line of lines) ps.push(line.p);
      let best = -1;
      lines.forEach((line, i) => { if (best < 0 || line.p < lines[best].p || (line.p === lines[best].p && line.hit > lines[best].hit)) best = i; });
      if (best >= 0) found.push({ column, unit, words: lines[best].words, at: start + best, strength: ratio(lines[best].hit, lines[best].expected) });
    }
    const holm = exact.holm(ps), table = make("table");
    table.append(make("caption", `What sets the chosen apart most in each column, by Holm over all ${many(ps.length)} rows of all columns`), row([["column", ""], ["row", ""], ["ratio", "n"], ["p, Holm", "n"], ["unit", ""]], true));
    for (const one of found.sort((p, q) => holm[p.at] - holm[q.at])) {
      const go = make("button", nice(one.column.name), "quiet"), p = holm[one.at];
      go.type = "button";
      go.title = "Colour by this column";
      go.addEventListener("click", () => { every = false; view.paint(one.column.name, one.column.levels && one.words !== MISSING ? one.words : ""); });
      const line = row([[go, ""], [one.words, one.words === MISSING ? "missing" : taxon(one.column.name) ? "taxon" : ""], [one.strength, "n"], [told(p), p <= 0.05 ? "n sure" : "n"], [one.unit, "note"]]);
      Object.assign(line.dataset, { column: one.column.name, holm: p });
      table.append(line);
    }
    return [table, make("p", "Numbers: the share of pairs in which the chosen has the larger value. Press a column to see all of it.", "note")];
  };

  let last = state.colour;
  const update = (why) => {
    if (why === "zoomed") return;
    if (why === "chosen" || why === "painted") all = false;
    if (state.colour !== last) asked = ""; // another column, another unit
    last = state.colour;
    const column = view.column(state.colour), any = state.chosen.size > 0;
    aside.hidden = !any || (!column && !every);
    box.replaceChildren();
    if (aside.hidden) return;
    if (!every && state.shuffled) box.append(make("p", "Labels are shuffled: what stands here is chance.", "note"));
    box.append(...(every ? overview() : single(column)), picker(column || bundle.columns[0]));
  };
  return { update };
});
