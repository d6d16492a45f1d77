// The phylogeny beside the maps: a tip chooses its species' images, a fork its clade, and what is chosen lights the
// branches. Ladderised, tips in italics and right-aligned, a dot in the colour of the map where a species has one label.
"use strict";
EmbedLab.part("tree", (view) => {
  const part = view.bundle.tree, column = view.column("species");
  if (!part || !column) return null;
  const { make, named, many, state } = view, NS = "http://www.w3.org/2000/svg";
  const LEAST = 1, READABLE = 11, ROOMY = 15, PAD = 9, NARROW = 640, BAR = 34, DOT = 12, FOOT = 26, TOP = 6;
  const n = part.parent.length, inner = new Set(part.parent), children = part.parent.map(() => []);
  part.parent.forEach((up, node) => { if (up >= 0) children[up].push(node); });
  const tipNodes = part.parent.map((_, node) => node).filter((node) => !inner.has(node));
  const tipAt = new Map(tipNodes.map((node, i) => [node, i])), depth = new Float64Array(n);
  for (let node = 1; node < n; node += 1) depth[node] = depth[part.parent[node]] + part.length[node];
  const reach = Math.max(...depth) || 1;
  const first = new Int32Array(n), last = new Int32Array(n); // the tips below a node stand side by side
  for (let node = n - 1; node >= 0; node -= 1) {
    if (tipAt.has(node)) first[node] = last[node] = tipAt.get(node);
    else { first[node] = first[children[node][0]]; last[node] = last[children[node].at(-1)]; }
  }
  const codes = part.tips.map((name) => column.levels.indexOf(name));
  const place = new Map(codes.flatMap((code, i) => (code < 0 ? [] : [[code, i]]))); // a tip may have no image here

  const figure = named("tree", "figure", "panel tree"), head = make("div", "", "tree-head"), box = make("div", "", "tree-box");
  const svg = document.createElementNS(NS, "svg"), caption = make("figcaption", "", "note");
  const wide = make("button", "Names", "small-button"), fold = make("button", "Hide", "small-button");
  head.append(make("h4", part.ranks ? "Taxonomy" : "Phylogeny"), wide, fold);
  caption.textContent = `${part.matched}. ${part.ranks ? "Ranks stand in for a tree: steps are equal, not time." : part.unit === "branch lengths" ? `${part.source ? `${part.source}, branches` : "Branches"} to scale.` : `${part.unit}.`}`;
  figure.append(head, box, caption);
  box.append(svg);
  for (const [name, value] of [["tabindex", "0"], ["role", "application"], ["aria-roledescription", "tree of species"],
    ["aria-label", `Tree of ${part.tips.length} species. Up and down go from tip to tip, left to the clade above, right into it, Enter chooses its images, Shift and Enter add them.`]]) svg.setAttribute(name, value);
  view.panelRow.before(figure);
  view.root.dataset.tree = "on";
  let roomy = false, active = 0, hovered = -1, drawn = [], width = 0, high = 0;

  // ---- what stands under a node ---------------------------------------------------------------------------------------
  let images = part.tips.map(() => []), share = new Float64Array(n);
  const collect = () => {
    images = part.tips.map(() => []);
    for (const row of view.here()) {
      const i = place.get(column.codes[row]);
      if (i !== undefined) images[i].push(row);
    }
  };
  const rowsOf = (node) => images.slice(first[node], last[node] + 1).flat();
  const words = (node) => {
    const rows = rowsOf(node), held = rows.filter((r) => state.chosen.has(r)).length;
    const who = tipAt.has(node) ? part.tips[first[node]] : `${part.label[node] ? `${part.label[node]}, ` : ""}clade of ${many(last[node] - first[node] + 1)} species`;
    return `${who}: ${many(rows.length)} images${state.chosen.size ? `, ${many(held)} chosen` : ""}`;
  };
  const choose = (node, add) => {
    const rows = rowsOf(node), who = tipAt.has(node) ? part.tips[first[node]] : part.label[node] || `clade of ${many(last[node] - first[node] + 1)} species`;
    return view.choose(add ? [...state.chosen, ...rows] : rows, who);
  };

  // ---- drawing ----------------------------------------------------------------------------------------------------------
  const draw = (tag, more, parent = svg) => {
    const element = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(more)) element.setAttribute(name, value);
    parent.append(element);
    return element;
  };
  const pen = make("canvas").getContext("2d");
  const lay = () => {
    const narrow = view.root.clientWidth < NARROW; // there it stands below the maps, and the keys come to it after them
    if (narrow === Boolean(figure.compareDocumentPosition(view.panelRow) & Node.DOCUMENT_POSITION_FOLLOWING)) view.panelRow[narrow ? "after" : "before"](figure);
    width = Math.max(180, box.clientWidth);
    const beside = view.panels().find((p) => !p.figure.hidden)?.box, map = beside?.clientHeight || 480;
    const above = beside ? box.getBoundingClientRect().top - beside.getBoundingClientRect().top : 0; // our head is higher than theirs
    const room = narrow ? 320 : Math.max(260, Math.abs(above) < 80 ? map - above : map);
    box.style.maxHeight = `${room}px`;
    const rest = room - FOOT - TOP - 4, each = roomy ? ROOMY : Math.max(LEAST, Math.min(20, rest / part.tips.length));
    const readable = each >= READABLE, size = Math.min(12.5, each * 0.86);
    pen.font = `italic 650 ${size}px system-ui, sans-serif`; // as wide as when it is lit
    const label = readable ? Math.min(0.52 * width, 6 + Math.max(...part.tips.map((name) => pen.measureText(name).width))) : 0.36 * width;
    high = each * part.tips.length + FOOT + TOP;
    svg.replaceChildren();
    for (const [name, value] of [["width", width], ["height", high], ["viewBox", `0 0 ${width} ${high}`]]) svg.setAttribute(name, value);
    const end = width - label - BAR - DOT - 8, x = (node) => PAD + (depth[node] / reach) * (end - PAD), y = new Float64Array(n);
    for (let node = n - 1; node >= 0; node -= 1) {
      y[node] = tipAt.has(node) ? TOP + (tipAt.get(node) + 0.5) * each : (y[children[node][0]] + y[children[node].at(-1)]) / 2;
    }
    const lines = draw("g", { class: "branches" }), over = draw("g", { class: "hits" });
    drawn = part.parent.map((up, node) => {
      const one = { tip: tipAt.has(node), y: y[node], x: x(node) };
      const from = up < 0 ? x(node) - PAD + 2 : x(up);
      one.line = draw("path", { d: `M${from.toFixed(1)} ${y[node].toFixed(1)}H${x(node).toFixed(1)}${one.tip ? "" : `M${x(node).toFixed(1)} ${y[children[node][0]].toFixed(1)}V${y[children[node].at(-1)].toFixed(1)}`}` }, lines);
      if (one.tip) {
        const i = tipAt.get(node);
        if (x(node) < end - 3 && each > 4) draw("path", { d: `M${(x(node) + 2).toFixed(1)} ${y[node].toFixed(1)}H${end.toFixed(1)}`, class: "leader" }, lines);
        one.dot = each < 6 // tips too close for dots make a strip
          ? draw("rect", { x: end + 2, y: y[node] - each / 2, width: DOT - 4, height: each, class: "dot strip-part" }, lines)
          : draw("circle", { cx: end + DOT / 2 + 2, cy: y[node], r: Math.min(4, each * 0.42), class: "dot" }, lines);
        one.ground = draw("rect", { x: width - BAR - 2, y: y[node] - each * 0.3, width: 0, height: Math.max(1.5, each * 0.6), class: "images" }, lines);
        one.fill = draw("rect", { x: width - BAR - 2, y: y[node] - each * 0.3, width: 0, height: Math.max(1.5, each * 0.6), class: "held" }, lines);
        one.label = draw("text", { x: width - BAR - 7, y: y[node] + size * 0.35, "text-anchor": "end", "font-size": Math.max(size, 10.5), class: "tip" }, lines);
        one.label.textContent = clipped(part.tips[i], label, readable ? size : 10.5);
        one.readable = readable;
        one.hit = draw("rect", { x: Math.max(0, x(node) - 6), y: y[node] - each / 2, width: width - x(node) + 6, height: each, class: "hit", "data-tip": part.tips[i] }, over);
      } else {
        const [top, bottom] = [y[children[node][0]], y[children[node].at(-1)]], left = up < 0 ? 0 : x(up) + 2;
        one.hit = draw("rect", { x: left, y: Math.min(top, y[node] - 5), width: Math.max(7, x(node) - left + 4), height: Math.max(10, bottom - top), class: "hit", "data-clade": node }, over);
      }
      one.hit.node = node;
      return one;
    });
    for (const one of drawn.filter((d) => !d.tip).reverse()) over.prepend(one.hit); // smaller clades above larger, tips above all
    axis(end, x);
    light();
  };
  const clipped = (name, room, size) => {
    pen.font = `italic 650 ${size}px system-ui, sans-serif`;
    if (pen.measureText(name).width <= room) return name;
    let short = name.replace(/^(\p{L})\p{L}* /u, "$1. ");
    while (short.length > 4 && pen.measureText(`${short}…`).width > room) short = short.slice(0, -1);
    return short === name.replace(/^(\p{L})\p{L}* /u, "$1. ") && pen.measureText(short).width <= room ? short : `${short}…`;
  };
  const axis = (end) => { // a scale bar; ranks have none
    if (part.ranks) return;
    const rough = reach / 3, power = 10 ** Math.floor(Math.log10(rough)), step = [5, 2, 1].map((m) => m * power).find((s) => s <= rough) || power;
    const long = (step / reach) * (end - PAD), at = high - FOOT + 9;
    draw("path", { d: `M${PAD} ${at}h${long.toFixed(1)}M${PAD} ${at - 3}v6M${PAD + long} ${at - 3}v6`, class: "scale" });
    draw("text", { x: PAD + long / 2, y: at + 14, "text-anchor": "middle", "font-size": 11, class: "scale-words" }).textContent = Number(step.toPrecision(3)).toLocaleString("en");
    draw("text", { x: width - 2, y: at + 14, "text-anchor": "end", "font-size": 11, class: "scale-words" }).textContent = "images";
  };

  // What is chosen lights up: the fill of a bar is the share of a species' images, a branch that of its clade.
  const light = () => {
    const most = Math.max(1, ...images.map((rows) => rows.length)), any = state.chosen.size > 0;
    const held = images.map((rows) => rows.reduce((sum, r) => sum + state.chosen.has(r), 0));
    const sums = new Float64Array(n), whole = new Float64Array(n);
    for (let node = n - 1; node >= 0; node -= 1) {
      if (tipAt.has(node)) { sums[node] = held[tipAt.get(node)]; whole[node] = images[tipAt.get(node)].length; }
      if (node) { sums[part.parent[node]] += sums[node]; whole[part.parent[node]] += whole[node]; }
      share[node] = whole[node] ? sums[node] / whole[node] : 0;
    }
    const style = view.style(state.only ?? state.panel), coloured = style.column && (style.column.name === "species" || view.unitOf(style.column) === "species");
    let below = -Infinity; // names that do not fit are written where something is chosen, if they do not collide
    drawn.forEach((one, node) => {
      one.line.setAttribute("class", any && share[node] > 0 ? "lit" : whole[node] ? "" : "bare");
      one.line.style.opacity = any && share[node] > 0 ? 0.45 + 0.55 * share[node] : "";
      if (!one.tip) return;
      const i = tipAt.get(node), rows = images[i];
      one.ground.setAttribute("width", (BAR * rows.length) / most);
      one.fill.setAttribute("width", (BAR * held[i]) / most);
      const at = coloured && rows.length ? style.at(rows.find((r) => style.at(r) > 0) ?? rows[0]) : -1;
      one.dot.setAttribute("fill", at >= 0 ? style.looks[at].colour : "none");
      one.dot.style.display = coloured && rows.length ? "" : "none";
      const wanted = node === hovered || (any && held[i] > 0), room = one.y - below >= 11.5;
      const written = one.readable || (wanted && room) || node === hovered;
      one.label.style.display = written ? "" : "none";
      one.label.setAttribute("class", `tip${held[i] ? " lit" : ""}${any && !held[i] ? " faint" : ""}${rows.length ? "" : " bare"}`);
      one.hit.dataset.share = share[node].toFixed(4);
      if (written) below = one.y;
    });
    focus();
  };
  const focus = () => {
    const mark = document.activeElement === svg ? active : -1;
    drawn.forEach((one, node) => {
      const inside = hovered >= 0 && first[node] >= first[hovered] && last[node] <= last[hovered];
      one.line.classList.toggle("over", inside);
      one.hit.classList.toggle("active", node === mark);
    });
  };
  const over = (node) => {
    if (node === hovered) return;
    hovered = node;
    if (node >= 0) view.say(words(node));
    svg.querySelector("title")?.remove();
    if (node >= 0) draw("title", {}).textContent = words(node);
    light();
  };

  // ---- hands and keys --------------------------------------------------------------------------------------------------
  svg.addEventListener("pointermove", (event) => over(event.target.node ?? -1));
  svg.addEventListener("pointerleave", () => over(-1));
  svg.addEventListener("click", (event) => {
    if (event.target.node === undefined) return;
    active = event.target.node;
    choose(active, event.shiftKey);
  });
  const go = (node) => {
    active = node;
    hovered = node;
    light();
    view.say(words(node));
    const y = drawn[node].y;
    if (y < box.scrollTop + 12 || y > box.scrollTop + box.clientHeight - 12) box.scrollTop = y - box.clientHeight / 2;
  };
  svg.addEventListener("focus", () => { if (svg.matches(":focus-visible")) go(active); });
  svg.addEventListener("blur", () => over(-1));
  svg.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const tip = (i) => tipNodes[Math.min(tipNodes.length - 1, Math.max(0, i))];
    if (event.key === "ArrowDown") go(tipAt.has(active) ? tip(first[active] + 1) : tip(last[active] + 1));
    else if (event.key === "ArrowUp") go(tipAt.has(active) ? tip(first[active] - 1) : tip(first[active] - 1));
    else if (event.key === "ArrowLeft") go(Math.max(0, part.parent[active]));
    else if (event.key === "ArrowRight") go(children[active][0] ?? active);
    else if (event.key === "Home") go(tip(0));
    else if (event.key === "End") go(tip(tipNodes.length - 1));
    else if (event.key === "Enter" || event.key === " ") choose(active, event.shiftKey || event.key === " ");
    else if (event.key === "Escape") view.choose([], "");
    else return;
    event.preventDefault();
  });
  for (const button of [wide, fold]) button.type = "button";
  wide.title = "Room for every name";
  wide.addEventListener("click", () => { roomy = !roomy; wide.setAttribute("aria-pressed", String(roomy)); lay(); });
  fold.addEventListener("click", () => {
    const hidden = view.root.dataset.tree === "on";
    view.root.dataset.tree = hidden ? "off" : "on";
    fold.textContent = hidden ? "Show the tree" : "Hide";
    wide.hidden = box.hidden = caption.hidden = hidden;
    view.redraw();
    if (!hidden) lay();
  });

  let waiting = 0;
  const watch = new ResizeObserver(() => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => { if (!box.hidden && Math.abs(box.clientWidth - width) > 2) lay(); });
  });
  watch.observe(box);
  return {
    update: (why) => {
      if (why === "zoomed") return;
      if (why !== "chosen" && why !== "painted") collect();
      if (why === "started" || why === "moved") lay();
      else light();
    },
    destroy: () => watch.disconnect(),
  };
});
