// The map of a report: hover shows the image, a lasso or a search chooses images, the gallery and the table follow.
// It knows the bundle that report/atlas.py makes, and nothing else. User text enters through textContent only.
"use strict";
(() => {
  const page = window.embedlab;
  const { read, tinted, save, darkMode } = page.parts;
  const look = { ...page.parts.look, ...JSON.parse(read("look")) };
  const atlas = JSON.parse(read("atlas"));
  if (!atlas || !atlas.maps.length) return;

  const find = (name) => document.querySelector(`[data-el=${name}]`);
  const make = (tag, words = "", kind = "") => {
    const element = document.createElement(tag);
    if (words !== "") element.textContent = words;
    if (kind) element.className = kind;
    return element;
  };
  const plot = find("map"), card = find("card"), status = find("status"), gallery = find("gallery");
  const rowOf = new Map(atlas.ids.map((id, row) => [id, row]));
  const columnOf = new Map(atlas.columns.map((column) => [column.name, column]));
  const GALLERY = 240, IN_ADDRESS = 200, LEVELS = 12, TABLE_ROWS = 14;
  const GREY = "#d9d9d9", OTHER = "#a9a9a9", LIT = "#D55E00", PLAIN = "#0072B2";
  const many = (n) => n.toLocaleString("en");
  const nice = (name) => name.replaceAll("_", " ");
  const taxon = (name) => name === "species" || name === "genus" || name === "subspecies";

  const now = { map: 0, colour: atlas.colour, level: "", chosen: new Set(), how: "", all: false };
  let sheets = [], traceRows = [[], []], fitted = null;

  // ---- facts -------------------------------------------------------------------------------------------------
  const fact = (column, row) => {
    if (column.kind === "numbers") return column.values[row] === null ? null : String(column.values[row]);
    const code = column.codes[row];
    return code < 0 ? null : column.levels[code];
  };
  const here = () => atlas.maps[now.map].row;

  // ---- colours: a level keeps its colour and shape, whatever else is on the map ---------------------------------
  const style = () => {
    const column = columnOf.get(now.colour);
    if (!column) return { kind: "none", of: () => [PLAIN, "circle"] };
    if (column.kind === "numbers") return { kind: "numbers", column, of: (row) => (column.values[row] === null ? null : [column.values[row], "circle"]) };
    const k = column.levels.length;
    if (k > LEVELS) {
      const lit = column.levels.indexOf(now.level);
      return { kind: "one", column, lit, of: (row) => (column.codes[row] < 0 ? null : column.codes[row] === lit ? [LIT, "diamond"] : [OTHER, "circle"]) };
    }
    const palette = k <= look.few.length ? look.few : look.many;
    const marks = column.levels.map((_, i) => [palette[i % palette.length], look.shapes[i % look.shapes.length]]);
    return { kind: "levels", column, marks, of: (row) => (column.codes[row] < 0 ? null : marks[column.codes[row]]) };
  };

  // ---- the map -------------------------------------------------------------------------------------------------
  const draw = async () => {
    const map = atlas.maps[now.map], how = style(), n = map.row.length;
    const size = n <= 400 ? 9 : n <= 1500 ? 7 : n <= 5000 ? 5.5 : 4;
    const parts = [[], []]; // first what is not recorded, so that it never covers what is
    map.row.forEach((row, k) => parts[how.of(row) === null ? 0 : 1].push(k));
    if (how.kind === "one" && how.lit >= 0) parts[1].sort((a, b) => (how.of(map.row[a])[0] === LIT) - (how.of(map.row[b])[0] === LIT));
    traceRows = parts.map((part) => part.map((k) => map.row[k]));
    const data = parts.map((part, t) => {
      const looks = part.map((k) => (t ? how.of(map.row[k]) : [GREY, "circle"]));
      const marker = { size: t ? size : size * 0.85, symbol: looks.map((l) => l[1]), color: looks.map((l) => l[0]), opacity: 0.85, line: { width: 0.6, color: looks.map((l) => (look.pale.includes(l[0]) ? "#595959" : "#ffffff")) } };
      if (t && how.kind === "numbers") Object.assign(marker, { colorscale: "Cividis", showscale: false });
      return {
        type: atlas.gl ? "scattergl" : "scatter", mode: "markers", x: part.map((k) => map.x[k]), y: part.map((k) => map.y[k]), marker, hoverinfo: "none",
        selected: { marker: { opacity: 1 } }, unselected: { marker: { opacity: 0.12 } }, selectedpoints: chosenIn(t), showlegend: false,
      };
    });
    const axis = (name) => ({ title: { text: name, font: { size: 12 } }, showgrid: false, zeroline: false, showticklabels: false, ticks: "", showline: false });
    const layout = JSON.parse(tinted(JSON.stringify({
      font: { family: "system-ui, sans-serif", size: 12, color: "#1c1c1c" }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: map.axes[1] ? 30 : 8, r: 8, t: 8, b: map.axes[0] ? 30 : 8 }, hovermode: "closest", dragmode: tool, showlegend: false, uirevision: `map ${now.map}`,
      xaxis: axis(map.axes[0]), yaxis: { ...axis(map.axes[1]), scaleanchor: "x" }, selections: [],
      newselection: { line: { color: "#1c1c1c", width: 1.2, dash: "dot" } },
    })));
    layout.width = plot.clientWidth;
    layout.height = plot.clientHeight;
    await Plotly.react(plot, JSON.parse(tinted(JSON.stringify(data))), layout, { ...look.config, responsive: false, doubleClick: false });
    plot.dataset.drawn = String(plot.clientWidth);
    legend(how);
  };
  const chosenIn = (t) => (now.chosen.size ? traceRows[t].flatMap((row, k) => (now.chosen.has(row) ? [k] : [])) : null);

  const swatch = (colour, shape) => {
    const NS = "http://www.w3.org/2000/svg", svg = document.createElementNS(NS, "svg"), path = document.createElementNS(NS, "path");
    svg.setAttribute("viewBox", "4 0 14 14");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", look.paths[shape] || look.paths.circle);
    path.setAttribute("fill", shape === "open" || shape === "x" ? "none" : colour);
    path.setAttribute("stroke", colour);
    path.setAttribute("stroke-width", shape === "x" ? 2.4 : 1);
    svg.append(path);
    return svg;
  };
  const tint = (colour) => JSON.parse(tinted(JSON.stringify(colour)));

  const legend = (how) => {
    const box = find("legend"), column = how.column;
    box.replaceChildren();
    if (!column) return;
    const add = (words, colour, shape, rows, code) => {
      const button = make("button");
      button.type = "button";
      button.dataset.level = words;
      const name = make("span", words, code >= 0 && taxon(column.name) ? "taxon" : "");
      button.append(swatch(tint(colour), shape), name, make("span", many(rows.length), "count"));
      button.title = "Choose these images";
      button.addEventListener("click", () => choose(rows, `${nice(column.name)}: ${words}`));
      box.append(button);
    };
    const with_ = (test) => here().filter(test);
    if (how.kind === "levels") column.levels.forEach((level, code) => {
      const rows = with_((r) => column.codes[r] === code);
      if (rows.length) add(level, how.marks[code][0], how.marks[code][1], rows, code);
    });
    if (how.kind === "one") {
      if (how.lit >= 0) add(now.level, LIT, "diamond", with_((r) => column.codes[r] === how.lit), how.lit);
      add(how.lit >= 0 ? "others" : "all", OTHER, "circle", with_((r) => column.codes[r] >= 0 && column.codes[r] !== how.lit), -1);
    }
    if (how.kind === "numbers") {
      const known = here().map((r) => column.values[r]).filter((v) => v !== null);
      const bar = make("div");
      bar.style.cssText = "height:.7rem;border-radius:4px;background:linear-gradient(90deg,#00224e,#35456c,#7c7b78,#bcae6c,#fee838);min-width:9rem";
      box.append(bar, make("span", `${Math.min(...known).toPrecision(3)} to ${Math.max(...known).toPrecision(3)}`, "small"));
    }
    const missing = with_((r) => how.of(r) === null);
    if (missing.length) add("not recorded", GREY, "circle", missing, -1);
  };

  // ---- tiles: by the number that belongs to the image_id --------------------------------------------------------
  const dress = (element, row) => {
    const number = atlas.tiles[row], { px, across, each } = atlas.sheet;
    element.classList.add("tile");
    element.dataset.id = atlas.ids[row];
    if (number < 0) {
      element.classList.add("none");
      element.textContent = "no image";
      return element;
    }
    const k = number % each;
    element.style.backgroundImage = `url("${sheets[Math.floor(number / each)]}")`;
    element.style.backgroundPosition = `${-(k % across) * px}px ${-Math.floor(k / across) * px}px`;
    return element;
  };
  const facts = (row) => {
    const list = make("dl");
    const first = [now.colour, "species", "sex", "life_stage"].filter((name, i, all) => columnOf.has(name) && all.indexOf(name) === i);
    const rest = atlas.columns.map((c) => c.name).filter((name) => !first.includes(name));
    for (const name of [...first, ...rest].slice(0, 8)) {
      const value = fact(columnOf.get(name), row);
      if (value === null && !first.includes(name)) continue;
      list.append(make("dt", nice(name)), make("dd", value ?? "not recorded", value === null ? "missing" : taxon(name) ? "taxon" : ""));
    }
    return list;
  };
  const showCard = (row, x, y) => {
    const words = make("div");
    words.append(make("b", atlas.ids[row]), facts(row));
    const tile = dress(make("div"), row);
    tile.dataset.el = "card-tile";
    card.replaceChildren(tile, words);
    card.dataset.id = atlas.ids[row];
    card.hidden = false;
    const box = card.getBoundingClientRect();
    card.style.left = `${Math.max(6, x + 16 + box.width > innerWidth ? x - box.width - 16 : x + 16)}px`;
    card.style.top = `${Math.max(6, Math.min(innerHeight - box.height - 6, y + 12))}px`;
  };
  const hideCard = () => { card.hidden = true; };

  // ---- choosing --------------------------------------------------------------------------------------------------
  const choose = (rows, how) => {
    const shown = new Set(here());
    now.chosen = new Set([...rows].filter((row) => shown.has(row)));
    Object.assign(now, { how, all: false });
    if (plot.data) Plotly.update(plot, { selectedpoints: [chosenIn(0), chosenIn(1)] }, { selections: [] });
    tell();
    remember();
    return now.chosen.size;
  };
  const tell = () => {
    const n = now.chosen.size, all = here().length;
    const kept = n > IN_ADDRESS ? " The page's address does not keep a choice this large." : "";
    status.textContent = n ? `${many(n)} of ${many(all)} images chosen (${now.how}).${kept}` : `${many(all)} images. Draw a lasso, press a name in the key, or search.`;
    find("download").disabled = find("clear").disabled = !n;
    tiles();
    compare();
  };
  const tiles = () => {
    const rows = [...now.chosen], shown = now.all ? rows : rows.slice(0, GALLERY);
    gallery.replaceChildren(...shown.map((row) => {
      const tile = dress(make("button"), row);
      tile.type = "button";
      const name = columnOf.has("species") ? fact(columnOf.get("species"), row) : null;
      tile.setAttribute("aria-label", name ? `${atlas.ids[row]}, ${name}` : atlas.ids[row]);
      const look_ = () => { const box = tile.getBoundingClientRect(); showCard(row, box.right - 16, box.top - 12); };
      for (const event of ["mouseenter", "focus", "click"]) tile.addEventListener(event, look_);
      for (const event of ["mouseleave", "blur"]) tile.addEventListener(event, hideCard);
      return tile;
    }));
    const more = find("more");
    more.hidden = rows.length <= shown.length;
    more.textContent = `Showing ${many(shown.length)} of ${many(rows.length)}: show all`;
  };
  const compare = () => {
    const box = find("enrichment"), column = columnOf.get(now.colour);
    box.replaceChildren();
    if (!now.chosen.size || !column || column.kind !== "kinds") return;
    const all = here(), count = (rows) => {
      const out = new Array(column.levels.length + 1).fill(0);
      for (const row of rows) out[column.codes[row] < 0 ? column.levels.length : column.codes[row]] += 1;
      return out;
    };
    const inside = count(now.chosen), whole = count(all), share = now.chosen.size / all.length;
    const order = [...inside.keys()].filter((k) => inside[k]).sort((a, b) => inside[b] - inside[a]);
    const table = make("table"), head = make("tr");
    table.append(make("caption", `${nice(column.name)} of the chosen, beside what as many images picked at random would hold`));
    for (const [words, kind] of [[nice(column.name), ""], ["chosen", "n"], ["by chance", "n"], ["ratio", "n"]]) head.append(Object.assign(make("th", words, kind), { scope: "col" }));
    table.append(head);
    for (const k of order.slice(0, TABLE_ROWS)) {
      const line = make("tr"), expected = whole[k] * share, blank = k === column.levels.length;
      line.append(make("td", blank ? "not recorded" : column.levels[k], blank ? "missing" : taxon(column.name) ? "taxon" : ""), make("td", many(inside[k]), "n"),
        make("td", expected.toFixed(1), "n"), make("td", `${(inside[k] / expected).toFixed(2)} ×`, "n"));
      table.append(line);
    }
    box.append(table);
    if (order.length > TABLE_ROWS) box.append(make("p", `The ${TABLE_ROWS} most frequent of ${order.length}; the download holds every image.`, "note"));
  };
  const csv = () => {
    const quoted = (value) => (value === null ? "" : /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
    const lines = [["image_id", ...atlas.columns.map((c) => c.name)].map(quoted).join(",")];
    for (const row of now.chosen) lines.push([atlas.ids[row], ...atlas.columns.map((c) => fact(c, row))].map(quoted).join(","));
    return `${lines.join("\r\n")}\r\n`;
  };

  // ---- controls ----------------------------------------------------------------------------------------------------
  let tool = matchMedia("(pointer: coarse)").matches ? false : "lasso";
  const press = (name) => {
    tool = name;
    for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === String(name)));
    if (plot.data) Plotly.relayout(plot, { dragmode: tool });
  };
  const fill = (select, options) => select.replaceChildren(...options.map(([value, words]) => Object.assign(make("option", words), { value })));
  const levels = () => {
    const column = columnOf.get(now.colour), box = find("level"), large = column && column.kind === "kinds" && column.levels.length > LEVELS;
    box.closest("label").hidden = !large;
    if (large) fill(box, [["", `none of ${column.levels.length}`], ...column.levels.map((l) => [l, l])]);
    box.value = large && column.levels.includes(now.level) ? now.level : "";
    now.level = box.value;
  };
  const paint = (name, level = "") => {
    Object.assign(now, { colour: name, level });
    find("colour").value = name;
    levels();
    return draw().then(() => { compare(); remember(); });
  };
  const turn = (k) => {
    now.map = k;
    find("which").value = String(k);
    find("map-caption").textContent = atlas.maps[k].caption;
    const shown = new Set(here());
    now.chosen = new Set([...now.chosen].filter((row) => shown.has(row)));
    return draw().then(() => { tell(); remember(); });
  };
  const search = (words) => {
    const wanted = words.trim().toLowerCase();
    if (!wanted) return choose([], "");
    const hits = atlas.columns.filter((c) => c.kind === "kinds").map((c) => [c, new Set(c.levels.flatMap((l, k) => (l.toLowerCase().includes(wanted) ? [k] : [])))]);
    return choose(here().filter((row) => atlas.ids[row].toLowerCase().includes(wanted) || hits.some(([c, codes]) => codes.has(c.codes[row]))), `found by “${words.trim()}”`);
  };

  // ---- state in the address ------------------------------------------------------------------------------------------
  let own = "";
  const remember = () => {
    const state = new URLSearchParams({ map: now.map, colour: now.colour });
    if (now.level) state.set("level", now.level);
    if (now.chosen.size && now.chosen.size <= IN_ADDRESS) state.set("ids", JSON.stringify([...now.chosen].map((row) => atlas.ids[row])));
    own = `#${state}`;
    if (quiet) return;
    history.replaceState(null, "", own);
  };
  let quiet = true; // an address that holds no choice is left alone until the reader makes one
  const recall = async () => {
    if (location.hash === own || !location.hash.includes("map=")) return;
    const state = new URLSearchParams(location.hash.slice(1));
    const map = Number(state.get("map")), colour = state.get("colour") || "";
    if (atlas.maps[map]) await turn(map);
    if (colour === "" || columnOf.has(colour)) await paint(colour, state.get("level") || "");
    let ids = [];
    try { ids = JSON.parse(state.get("ids") || "[]"); } catch { ids = []; }
    select(Array.isArray(ids) ? ids : [], "from the address");
  };
  const select = (ids, how = "by name") => choose(ids.flatMap((id) => (rowOf.has(id) ? [rowOf.get(id)] : [])), how);

  // ---- start ------------------------------------------------------------------------------------------------------------
  const start = async () => {
    await page.ready;
    const bytes = (words) => Uint8Array.from(atob(words), (c) => c.charCodeAt(0));
    sheets = atlas.sheets.map((sheet) => URL.createObjectURL(new Blob([bytes(sheet)], { type: "image/webp" })));
    await Promise.all(sheets.map((url) => { const image = new Image(); image.src = url; return image.decode(); }));
    fill(find("which"), atlas.maps.map((m, k) => [String(k), m.name]));
    fill(find("colour"), [["", "nothing"], ...atlas.columns.map((c) => [c.name, nice(c.name)])]);
    find("which").closest("label").hidden = atlas.maps.length < 2;
    find("map-caption").textContent = atlas.maps[0].caption;
    find("colour").value = now.colour;
    levels();
    await draw();
    plot.on("plotly_hover", (event) => {
      const point = event.points[0];
      showCard(traceRows[point.curveNumber][point.pointNumber], event.event.clientX, event.event.clientY);
    });
    plot.on("plotly_unhover", hideCard);
    plot.on("plotly_selected", (event) => {
      if (!event || !event.points || !event.points.length) return; // clearing the outline below reports an empty lasso
      choose(event.points.map((p) => traceRows[p.curveNumber][p.pointNumber]), "lasso");
    });
    plot.on("plotly_click", (event) => {
      const row = traceRows[event.points[0].curveNumber][event.points[0].pointNumber];
      choose(event.event.shiftKey ? [...now.chosen, row] : [row], "by hand");
    });
    find("which").addEventListener("change", (event) => turn(Number(event.target.value)));
    find("colour").addEventListener("change", (event) => paint(event.target.value));
    find("level").addEventListener("change", (event) => paint(now.colour, event.target.value));
    find("search").addEventListener("input", (event) => { clearTimeout(fitted); fitted = setTimeout(() => search(event.target.value), 250); });
    find("clear").addEventListener("click", () => { find("search").value = ""; choose([], ""); });
    find("download").addEventListener("click", () => save("selection.csv", csv()));
    find("more").addEventListener("click", () => { now.all = true; tiles(); });
    find("whole").addEventListener("click", () => Plotly.relayout(plot, { "xaxis.autorange": true, "yaxis.autorange": true }));
    for (const button of document.querySelectorAll("[data-tool]")) button.addEventListener("click", () => press(tool === button.dataset.tool ? false : button.dataset.tool));
    press(tool);
    tell();
    await recall();
    quiet = false;
    addEventListener("hashchange", recall);
    darkMode.addEventListener("change", draw);
    let waiting = 0;
    addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(() => { if (Math.abs(plot.clientWidth - Number(plot.dataset.drawn)) > 2) draw(); }, 150); });
    addEventListener("scroll", hideCard, { passive: true });
  };
  const state = () => ({
    ...figuresState(), map: atlas.maps[now.map].name, colour: now.colour, level: now.level, points: here().length,
    selected: [...now.chosen].map((row) => atlas.ids[row]), shown: gallery.childElementCount,
  });
  const figuresState = page.state;
  window.embedlab = { ...page, ready: start(), state, select: (ids) => select(ids), csv };
})();
