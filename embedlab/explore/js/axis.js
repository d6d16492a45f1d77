// Axis mode: a map whose x is a trait's direction (or a contrast's), each image placed by species other than its own,
// and beside it how well that holds: r over species with its interval, beside what chance gives.
"use strict";
EmbedLab.part("axis", (view) => {
  const axes = view.bundle.axes || [];
  if (!axes.length) return null;
  const { make, named, many, state, bundle } = view, NS = "http://www.w3.org/2000/svg", OTHER = "across", RECORDED = "recorded";
  const label = make("label", "Axis"), select = named("axis", "select"), box = named("axis-aside", "div"), aside = view.aside("Axis", box);
  select.replaceChildren(Object.assign(make("option", "none"), { value: "" }), ...axes.map((a, i) => Object.assign(make("option", a.name), { value: String(i) })));
  label.append(select);
  view.control(label);
  aside.hidden = true;
  const species = view.column("species");
  let map = null, one = null, upright = OTHER, dots = [], active = 0, returning = null;

  const figures = (v) => (Math.abs(v) < 0.005 ? 0 : v).toFixed(2).replace("-", "−");
  const p = (v) => (v < 0.001 ? "p\u00a0<\u00a00.001" : `p\u00a0=\u00a0${Number(v.toPrecision(2))}`);
  const ticks = (low, high, some = 5) => {
    const rough = (high - low) / some || 1, power = 10 ** Math.floor(Math.log10(rough)), step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough);
    const out = [];
    for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-9; at += step) out.push({ at: Number(at.toPrecision(12)), words: Number(at.toPrecision(6)).toLocaleString("en").replace("-", "−") });
    return out;
  };
  const ends = (values) => values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);

  // ---- the map --------------------------------------------------------------------------------------------------------
  const placed = () => {
    const recorded = new Map((one.species || []).map((name, i) => [name, one.trait[i]]));
    const up = (row) => (upright === RECORDED ? recorded.get(view.fact(species, row)) ?? null : one.across[row]);
    const rows = bundle.ids.map((_, row) => row).filter((row) => one.values[row] !== null && up(row) !== null);
    const x = rows.map((row) => one.values[row]), y = rows.map(up);
    return {
      name: one.name, caption: `${one.caption} Up: ${upright === RECORDED ? one.trait_title : one.y_title}. Below: r, and what chance gives.`, row: rows, x, y, free: true, axes: [one.x_title, upright === RECORDED ? one.trait_title : one.y_title],
      ticks: { x: ticks(...ends(x)), y: upright === RECORDED ? ticks(...ends(y)) : [] }, axis: true,
    };
  };
  const turn = (index, how = OTHER) => {
    const alone = state.only !== null, old = map;
    if (!old) returning = state.only;
    one = index === "" ? null : axes[Number(index)] || null;
    upright = one && one.kind === "trait" && species ? how : OTHER;
    map = one ? placed() : null;
    select.value = one ? String(index) : "";
    state.axis = one ? one.name : null;
    if (old) view.removeMap(old);
    if (map) {
      const k = view.addMap(map);
      if (alone) view.show(k);
      if (one.column && state.colour !== one.column && !old) view.paint(one.column);
    } else if (returning !== null && view.maps[returning]) view.show(returning);
    read();
  };
  select.addEventListener("change", () => turn(select.value));

  // ---- beside it ------------------------------------------------------------------------------------------------------
  const draw = (tag, more, parent) => {
    const element = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(more)) element.setAttribute(name, value);
    if (parent) parent.append(element);
    return element;
  };
  const chance = () => { // one line: the band of chance, its mean, and the estimate with its interval
    const W = 340, H = 46, x = (v) => 12 + ((Math.max(-1, Math.min(1, v)) + 1) / 2) * (W - 24), svg = draw("svg", { viewBox: `0 0 ${W} ${H}`, class: "null-strip", role: "img", "aria-label": said() });
    draw("rect", { x: x(one.chance.low), width: Math.max(1, x(one.chance.high) - x(one.chance.low)), y: 8, height: 14, class: "band" }, svg);
    draw("path", { d: `M${x(one.chance.mean)} 6v18`, class: "mean" }, svg);
    draw("path", { d: `M${x(-1)} 28H${x(1)}${[-1, -0.5, 0, 0.5, 1].map((v) => `M${x(v)} 28v3`).join("")}`, class: "line" }, svg);
    for (const v of [-1, -0.5, 0, 0.5, 1]) draw("text", { x: x(v), y: 42, "text-anchor": "middle" }, svg).textContent = String(v).replace("-", "−");
    draw("path", { d: `M${x(one.low)} 15H${x(one.high)}`, class: "whisker" }, svg);
    draw("circle", { cx: x(one.r), cy: 15, r: 4.5, class: "estimate" }, svg);
    return svg;
  };
  const said = () => `r = ${figures(one.r)} [${figures(one.low)}, ${figures(one.high)}] over ${many(one.n)} species; chance ${figures(one.chance.low)} to ${figures(one.chance.high)}, ${p(one.p)}`;
  const scatter = () => { // a dot a species: what the others foretell, and what is recorded
    const W = 340, H = 250, L = 40, B = 38, [x0, x1] = ends(one.position), [y0, y1] = ends(one.trait);
    const x = (v) => L + 10 + ((v - x0) / (x1 - x0 || 1)) * (W - L - 22), y = (v) => H - B - 10 - ((v - y0) / (y1 - y0 || 1)) * (H - B - 20);
    const svg = draw("svg", { viewBox: `0 0 ${W} ${H}`, class: "species-plot", tabindex: "0", role: "application", "aria-roledescription": "plot of species",
      "aria-label": `${one.trait_title} against ${one.x_title}, ${one.n} species. Left and right go from species to species, Enter chooses its images.` });
    for (const { at, words } of ticks(x0, x1, 4)) { draw("path", { d: `M${x(at)} ${H - B}v4`, class: "line" }, svg); draw("text", { x: x(at), y: H - B + 15, "text-anchor": "middle" }, svg).textContent = words; }
    for (const { at, words } of ticks(y0, y1, 4)) { draw("path", { d: `M${L} ${y(at)}h-4`, class: "line" }, svg); draw("text", { x: L - 6, y: y(at) + 4, "text-anchor": "end" }, svg).textContent = words; }
    draw("path", { d: `M${L} 4V${H - B}H${W - 4}`, class: "line" }, svg);
    draw("text", { x: (L + W) / 2, y: H - 6, "text-anchor": "middle" }, svg).textContent = one.x_title;
    draw("text", { x: 10, y: (H - B) / 2, "text-anchor": "middle", transform: `rotate(-90 10 ${(H - B) / 2})` }, svg).textContent = one.trait_title;
    const name = draw("text", { class: "named" }, svg);
    const order = one.species.map((_, i) => i).sort((a, b) => one.position[a] - one.position[b]);
    dots = order.map((i) => {
      const dot = draw("circle", { cx: x(one.position[i]), cy: y(one.trait[i]), r: 4.5, class: "species", "data-species": one.species[i] }, svg);
      dot.species = one.species[i];
      return dot;
    });
    svg.append(name);
    const rowsOf = (who) => { const code = species.levels.indexOf(who); return view.here().filter((row) => species.codes[row] === code); };
    const show = (k) => {
      active = k;
      dots.forEach((dot, i) => dot.classList.toggle("over", i === k));
      name.textContent = k < 0 ? "" : dots[k].species;
      if (k < 0) return;
      const u = Number(dots[k].getAttribute("cx")), v = Number(dots[k].getAttribute("cy")), right = u > W * 0.6;
      for (const [key, value] of [["x", u + (right ? -9 : 9)], ["y", Math.max(12, v - 7)], ["text-anchor", right ? "end" : "start"]]) name.setAttribute(key, value);
    };
    const choose = (k, add) => view.choose(add ? [...state.chosen, ...rowsOf(dots[k].species)] : rowsOf(dots[k].species), dots[k].species);
    svg.addEventListener("pointermove", (event) => show(dots.indexOf(event.target)));
    svg.addEventListener("pointerleave", () => show(-1));
    svg.addEventListener("click", (event) => { const k = dots.indexOf(event.target); if (k >= 0) choose(k, event.shiftKey); });
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (step) {
        show(Math.min(dots.length - 1, Math.max(0, (active < 0 ? 0 : active + step))));
        view.say(`${dots[active].species}, ${rowsOf(dots[active].species).length} images`);
      } else if (event.key === "Enter" && active >= 0) choose(active, event.shiftKey);
      else return;
      event.preventDefault();
    });
    active = -1;
    return svg;
  };
  const read = () => {
    dots = [];
    box.replaceChildren();
    aside.hidden = !one;
    if (!one) return;
    aside.querySelector("summary").textContent = `Axis: ${one.name}`;
    aside.parentElement.prepend(aside); // what was asked for last stands first
    box.append(make("p", `${said()}.`, "small"), chance(), make("p", `Band: ${one.chance.kind}, ${many(one.chance.times)} times, with its mean; dot and line: r and its 95\u00a0% interval.`, "note"));
    if (one.how) {
      const how = make("details"), words = make("p", one.how, "note");
      how.append(make("summary", "How computed"), words);
      box.append(how);
    }
    if (one.cannot_tell) box.append(make("p", `Cannot tell: ${one.cannot_tell}.`, "note"));
    if (one.kind !== "trait" || !species) return;
    box.append(scatter());
    const bar = make("div", "Upright on the map:", "units small");
    for (const [how, words] of [[OTHER, "axis at right angles"], [RECORDED, "recorded trait"]]) {
      const button = make("button", words, "small-button");
      button.type = "button";
      button.dataset.upright = how;
      button.setAttribute("aria-pressed", String(how === upright));
      button.addEventListener("click", () => turn(select.value, how));
      bar.append(button);
    }
    box.append(bar);
    light();
  };
  const light = () => {
    if (!dots.length) return;
    const whole = new Map(), held = new Map();
    for (const row of view.here()) {
      const who = view.fact(species, row);
      whole.set(who, (whole.get(who) || 0) + 1);
      if (state.chosen.has(row)) held.set(who, (held.get(who) || 0) + 1);
    }
    const style = view.style(state.only ?? state.panel), coloured = style.column && (style.column === species || view.unitOf(style.column) === "species");
    const first = new Map();
    if (coloured) for (const row of view.here()) if (!first.has(view.fact(species, row)) && style.at(row) > 0) first.set(view.fact(species, row), style.looks[style.at(row)].colour);
    for (const dot of dots) {
      dot.style.fill = first.get(dot.species) || "";
      const share = (held.get(dot.species) || 0) / (whole.get(dot.species) || 1);
      dot.classList.toggle("lit", share >= 0.5);
      dot.classList.toggle("faint", state.chosen.size > 0 && share === 0);
      dot.dataset.share = share.toFixed(4);
    }
  };
  view.turnTo = (name) => { const k = axes.findIndex((a) => a.name === name); turn(k < 0 ? "" : String(k)); };
  view.kept = { ...view.kept, axis: { get: () => state.axis || "", set: view.turnTo } };
  return { update: (why) => { if (why !== "zoomed" && why !== "started") light(); } };
});
