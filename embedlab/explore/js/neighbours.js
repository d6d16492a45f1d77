// The nearest neighbours of one image in the full space, and which of them the map before us puts far away: a map of
// two dimensions keeps only some. The image is the one chosen last; a press on a neighbour goes on from there.
"use strict";
EmbedLab.part("neighbours", (view) => {
  const { make, named, many, state, bundle, host } = view, part = bundle.neighbours, FAR = 0.05;
  if (!part && !host.neighbours) return null;
  const box = named("neighbours", "div"), aside = view.aside("Nearest in the full space", box), memory = new Map();
  let query = -1, before = new Set(), asked = 0;

  const asks = host.neighbours && (!part || bundle.total); // of a sample a page knows but the neighbours that it shows
  const known = (row) => {
    if (!asks && part.index[row]) return part.index[row].map((r, i) => ({ row: r, similarity: part.cosine[row][i] }));
    return memory.get(row) || null;
  };
  const fetched = async (row) => {
    const mine = asked += 1;
    try {
      memory.set(row, await host.neighbours(row));
    } catch (error) {
      memory.set(row, { failed: error.message || String(error) });
    }
    if (mine === asked && query === row) show();
  };
  // The share of images that lie nearer to the query than this one, on the map before us.
  const before_us = () => { // an axis is no map of neighbours
    const map = view.maps[state.only ?? state.panel];
    return map && !map.axis ? map : view.maps.find((one) => !one.axis);
  };
  const passed = () => {
    const map = before_us(), at = map.row.indexOf(query);
    if (at < 0) return null;
    const d = map.row.map((_, k) => Math.hypot(map.x[k] - map.x[at], map.y[k] - map.y[at])), order = [...d].sort((a, b) => a - b);
    const before_ = (v) => { let low = 0, high = order.length; while (low < high) { const m = (low + high) >> 1; if (order[m] < v) low = m + 1; else high = m; } return low; };
    const place = new Map(map.row.map((r, k) => [r, k]));
    return { name: map.name, n: map.row.length, rank: (row) => (place.has(row) ? Math.max(0, before_(d[place.get(row)]) - 1) : null) };
  };
  const tile = (row, words, far) => {
    const button = view.dress(make("button"), row), item = make("li"), name = view.fact("species", row);
    button.type = "button";
    button.classList.toggle("far", far);
    button.setAttribute("aria-label", [bundle.ids[row], name, `cosine ${words}`, far ? "far away on the map" : ""].filter(Boolean).join(", "));
    const look = () => { const r = button.getBoundingClientRect(); view.showCard(row, r.right - 16, r.top - 12); view.point(row); };
    for (const event of ["mouseenter", "focus"]) button.addEventListener(event, look);
    for (const event of ["mouseleave", "blur"]) button.addEventListener(event, () => { view.hideCard(); view.point(-1); });
    button.addEventListener("click", () => { query = row; view.hideCard(); show(); });
    item.append(button, make("span", words, "small"));
    if (far) item.dataset.far = "yes";
    return item;
  };
  const show = () => {
    box.replaceChildren();
    aside.hidden = query < 0;
    if (query < 0) return;
    const found = known(query), head = make("div", "", "query"), self = view.dress(make("div"), query), words = make("div");
    const name = view.fact("species", query);
    words.append(make("b", bundle.ids[query]), ...(name ? [make("span", name, "taxon")] : []));
    head.append(self, words);
    box.append(head);
    box.dataset.id = bundle.ids[query];
    if (!found && !asks) return void box.append(make("p", "This image has no vector in that space.", "note"));
    if (!found) {
      box.append(make("p", "Asking …", "note"));
      return void fetched(query);
    }
    if (found.failed) return void box.append(make("p", `No answer: ${found.failed}`, "note"));
    const map = passed(), strip = make("ul", "", "kin"), ranks = found.map(({ row }) => (map ? map.rank(row) : null));
    found.forEach(({ row, similarity }, i) => strip.append(tile(row, similarity.toFixed(2), ranks[i] !== null && ranks[i] > FAR * map.n)));
    box.append(strip);
    if (map) {
      const k = found.length, kept = ranks.filter((r) => r !== null && r < k).length, far = ranks.filter((r) => r !== null && r > FAR * map.n).length;
      const chance = (k * k) / Math.max(1, map.n - 1);
      box.append(make("p", `${map.name} keeps ${kept} of these ${k} among its own nearest ${k} (by chance ${chance < 0.1 ? "< 0.1" : chance.toFixed(1)})${far ? `; ${far} with a dashed frame lie farther away there than ${many(Math.round(FAR * map.n))} other images` : "; none lies far away there"}.`, "note"));
    }
    if (found.hidden) box.append(make("p", `${many(found.hidden)} image${found.hidden > 1 ? "s" : ""} that ${found.hidden > 1 ? "are" : "is"} not drawn here ${found.hidden > 1 ? "lie" : "lies"} nearer than the last of these.`, "note"));
    const pick = make("button", "Choose them", "small-button");
    pick.type = "button";
    pick.addEventListener("click", () => { const keep = query; view.choose([query, ...found.map((f) => f.row)], `nearest to ${bundle.ids[query]}`); query = keep; show(); });
    box.append(make("p", `Cosine in ${(part && part.of) || "the space of the store"}${bundle.total && !asks ? `, among the ${many(bundle.ids.length)} images of this page` : ""}; 1 is the same direction.`, "note"), pick);
  };
  return {
    update: (why) => {
      if (why === "zoomed" || why === "painted" || why === "shuffled") return;
      if (why === "chosen") {
        const fresh = [...state.chosen].filter((row) => !before.has(row));
        before = new Set(state.chosen);
        if (!state.chosen.size) query = -1;
        else if (state.how === "by hand" && fresh.length) query = fresh.at(-1);
        else if (!state.chosen.has(query)) query = [...state.chosen][0];
      }
      show();
    },
  };
});
