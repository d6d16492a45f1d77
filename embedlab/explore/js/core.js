// The explorer: one view of one bundle (docs/bundle.md) inside one element. Parts register themselves and are told of
// every change; hosts (a file, a notebook cell, a server) lend what a file cannot do. Nothing here knows the document:
// all is found inside `root`, so that two views can stand on one page. User text enters through textContent only.
"use strict";
globalThis.EmbedLab = (() => {
  const EVENTS = ["chosen", "painted", "filtered", "moved", "zoomed", "shuffled"];
  const parts = new Map(), hosts = new Map();

  const make = (tag, words = "", kind = "") => {
    const element = document.createElement(tag);
    if (words !== "") element.textContent = words;
    if (kind) element.className = kind;
    return element;
  };
  const named = (name, tag, kind = "", attributes = {}, words = "") => {
    const element = make(tag, words, kind);
    element.dataset.el = name;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const many = (n) => n.toLocaleString("en");
  const nice = (name) => name.replaceAll("_", " ");
  const taxon = (name) => ["species", "genus", "subspecies"].includes(name);

  // The places that parts fill, in the order in which they are read.
  const furnish = (root) => {
    root.classList.add("embedlab");
    const stage = named("stage", "div", "stage"), chosen = named("chosen", "div", "chosen"), left = make("div");
    stage.append(named("legend", "div", "legend", { role: "group", "aria-label": "Key" }), named("panels", "div", "panels"));
    left.append(named("gallery", "div", "gallery"), named("more", "button", "quiet", { type: "button", hidden: "" }));
    chosen.append(left, named("asides", "div", "asides"));
    root.replaceChildren(
      named("controls", "div", "controls"), named("notice", "p", "notice", { hidden: "", role: "status" }), stage,
      named("status", "p", "status", { role: "status" }), named("actions", "div", "controls"), chosen,
      named("said", "p", "unseen", { "aria-live": "polite" }), named("card", "div", "card", { hidden: "" }),
    );
  };

  const mount = (root, bundle, host = { kind: "file" }) => {
    furnish(root);
    const end = new AbortController(), listeners = new Map(EVENTS.map((event) => [event, []])), running = [];
    const rowOf = new Map(bundle.ids.map((id, row) => [id, row]));
    const columnOf = new Map(bundle.columns.map((column) => [column.name, column]));
    const state = { colour: bundle.colour || "", level: "", chosen: new Set(), how: "", panel: 0, only: null, axis: null, shuffled: 0, filter: null };
    const find = (name) => root.querySelector(`[data-el="${name}"]`);
    let shown = null; // rows on any panel in sight that the filter lets through

    const visible = () => view.maps.map((_, k) => k).filter((k) => state.only === null || state.only === k);
    const lets = (row) => !state.filter || state.filter.rows.has(row);
    const here = (panel) => {
      if (panel !== undefined) return view.maps[panel].row.filter(lets);
      shown ??= [...new Set(visible().flatMap((k) => view.maps[k].row))].filter(lets).sort((a, b) => a - b);
      return shown;
    };
    const guarded = (name, job) => {
      try { return job(); } catch (error) { console.error(`embedlab: ${name}`, error); return null; }
    };
    const emit = (why) => {
      if (why === "moved" || why === "filtered") shown = null;
      for (const fn of listeners.get(why) || []) guarded(why, fn);
      for (const [name, one] of running) if (one.update) guarded(name, () => one.update(why));
    };
    const on = (event, fn) => {
      if (!listeners.has(event)) throw new Error(`no event called ${event}: ${EVENTS.join(", ")}`);
      listeners.get(event).push(fn);
    };

    // Rows that are not in sight, or that the filter greys out, cannot be chosen.
    const choose = (rows, how = "by hand") => {
      const can = new Set(here());
      state.chosen = new Set([...rows].filter((row) => can.has(row)));
      state.how = how;
      emit("chosen");
      if (host.selected) host.selected([...state.chosen].map((row) => bundle.ids[row]));
      return state.chosen.size;
    };
    const again = () => { // after the rows in sight have changed
      const can = new Set(here()), kept = [...state.chosen].filter((row) => can.has(row));
      if (kept.length < state.chosen.size) choose(kept, state.how);
    };
    const paint = (column, level = "") => {
      Object.assign(state, { colour: column, level });
      emit("painted");
    };
    const filter = (rows, words = "") => {
      state.filter = rows === null ? null : { rows: new Set(rows), words };
      emit("filtered");
      again();
    };
    const show = (only) => { // one panel, or null for all of them
      state.only = only;
      if (only !== null) state.panel = only;
      emit("moved");
      again();
    };
    const addMap = (map) => {
      view.maps.push(map);
      emit("moved");
      return view.maps.length - 1;
    };
    const removeMap = (map) => {
      const k = view.maps.indexOf(map);
      if (k < 0) return;
      view.maps.splice(k, 1);
      if (state.only !== null) state.only = null;
      state.panel = Math.min(state.panel, view.maps.length - 1);
      emit("moved");
      again();
    };
    const fact = (column, row) => {
      const c = typeof column === "string" ? columnOf.get(column) : column;
      if (!c) return null;
      if (c.kind === "numbers") return c.values[row] === null ? null : String(c.values[row]);
      return c.codes[row] < 0 ? null : c.levels[c.codes[row]];
    };
    const control = (element) => { find("controls").append(element); return element; };
    const aside = (title, element) => {
      const box = make("details"), body = make("div", "", "scroll");
      box.open = true;
      body.append(element);
      box.append(make("summary", title), body);
      find("asides").append(box);
      return box;
    };
    const csv = () => {
      const quoted = (value) => (value === null ? "" : /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
      const lines = [["image_id", ...bundle.columns.map((c) => c.name)].map(quoted).join(",")];
      for (const row of state.chosen) lines.push([bundle.ids[row], ...bundle.columns.map((c) => fact(c, row))].map(quoted).join(","));
      return `${lines.join("\r\n")}\r\n`;
    };
    const save = (name, words, type = "text/csv;charset=utf-8") => {
      const link = make("a");
      link.href = URL.createObjectURL(new Blob([words], { type }));
      link.download = name;
      root.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    };
    const select = (ids, how = "by name") => choose(ids.flatMap((id) => (rowOf.has(id) ? [rowOf.get(id)] : [])), how);
    const told = () => ({
      panels: visible().map((k) => view.maps[k].name), map: view.maps[state.only ?? state.panel]?.name ?? "", colour: state.colour, level: state.level,
      points: here().length, selected: [...state.chosen].map((row) => bundle.ids[row]), how: state.how, shuffled: state.shuffled,
      filter: state.filter ? state.filter.words : "", shown: find("gallery").childElementCount,
    });
    const destroy = () => {
      end.abort();
      for (const [, one] of running) if (one.destroy) one.destroy();
      root.replaceChildren();
    };

    const view = {
      bundle, root, host, state, make, named, many, nice, taxon, find, on, emit, choose, paint, filter, show, addMap, removeMap, here, visible, lets, fact,
      control, aside, csv, save, select, told, destroy, signal: end.signal, maps: [...bundle.maps], rowOf, columnOf, panelRow: find("panels"),
      ready: Promise.resolve(), say: (words) => { find("said").textContent = words; },
      column: (name) => columnOf.get(name) || null,
    };
    for (const [name, build] of parts) {
      const one = guarded(name, () => build(view));
      if (one) running.push([name, one]);
    }
    for (const [name, one] of running) if (one.update) guarded(name, () => one.update("started"));
    view.ready = Promise.all(running.map(([, one]) => one.ready)).then(() => view);
    return view;
  };

  return {
    mount, make, named, many, nice, taxon,
    part: (name, build) => { parts.set(name, build); },
    host: (kind, build) => { hosts.set(kind, build); },
    hostOf: (config, bundle) => (hosts.has(config.kind) ? hosts.get(config.kind)(config, bundle) : config),
    look: {},
  };
})();
