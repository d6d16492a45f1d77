// The bar above the maps and the line below them: which map, which colour, which tool, how many are chosen.
"use strict";
EmbedLab.part("controls", (view) => {
  const { find, make, named, many, nice, state, bundle } = view;
  const button = (name, words, press, more = {}) => {
    const one = named(name, "button", "", { type: "button", ...more }, words);
    one.addEventListener("click", press);
    return one;
  };
  const group = (words, ...some) => {
    const box = make("div", "", "group");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", words);
    box.append(...some);
    return box;
  };
  const choice = (name, words, change) => {
    const label = make("label", words), select = named(name, "select");
    select.addEventListener("change", () => change(select.value));
    label.append(select);
    return label;
  };
  const fill = (select, options) => select.replaceChildren(...options.map(([value, words]) => Object.assign(make("option", words), { value })));

  view.control(choice("which", "Map", (value) => view.show(value === "" ? null : Number(value))));
  view.control(choice("colour", "Colour by", (value) => view.paint(value)));
  view.control(choice("level", "Highlight", (value) => view.paint(state.colour, value)));
  const tool = (name) => view.tool(view.tool() === name ? "" : name) || true;
  const press = () => { for (const one of find("controls").querySelectorAll("[data-tool]")) one.setAttribute("aria-pressed", String(one.dataset.tool === view.tool())); tell(); };
  view.control(group("Pointer",
    button("lasso", "Lasso", () => { tool("lasso"); press(); }, { "data-tool": "lasso", title: "Draw around images; Shift adds, Alt takes away" }),
    button("move", "Move", () => { tool("move"); press(); }, { "data-tool": "move", title: "Drag the map; the wheel zooms" }),
    button("closer", "+", () => view.zoomBy(1.5), { "aria-label": "Closer" }), button("farther", "−", () => view.zoomBy(1 / 1.5), { "aria-label": "Farther" }),
    button("whole", "Whole map", view.whole)));
  view.control(group("Chance", button("shuffle", "Shuffle labels", () => view.shuffle(state.shuffled + 1), { title: "Deal the labels out anew: what you still see is chance" })));
  find("actions").append(
    button("download", "Download the chosen (CSV)", () => view.save("selection.csv", view.csv())),
    button("clear", "Clear", () => view.choose([], "")));

  const options = () => {
    fill(find("which"), [...(view.maps.length > 1 ? [["", `all ${view.maps.length} side by side`]] : []), ...view.maps.map((m, k) => [String(k), m.name])]);
    find("which").closest("label").hidden = view.maps.length < 2;
    find("which").value = state.only === null ? (view.maps.length > 1 ? "" : "0") : String(state.only);
    const kept = view.maps.some((m) => m.kept) ? [[view.KEPT, view.KEPT]] : [];
    fill(find("colour"), [["", "nothing"], ...bundle.columns.map((c) => [c.name, nice(c.name)]), ...kept]);
  };
  const levels = () => {
    const column = view.column(state.colour), box = find("level"), large = column && column.kind === "kinds" && column.levels.length > view.LEVELS;
    box.closest("label").hidden = !large;
    if (large) fill(box, [["", `none of ${many(column.levels.length)}`], ...column.levels.map((l) => [l, l])]);
    box.value = large && column.levels.includes(state.level) ? state.level : "";
    state.level = box.value;
    find("colour").value = state.colour;
    find("shuffle").disabled = !column;
    find("shuffle").textContent = state.shuffled ? (state.shuffled < view.SHUFFLES ? "Shuffle again" : "True labels") : "Shuffle labels";
    find("shuffle").setAttribute("aria-pressed", String(state.shuffled > 0));
  };
  const tell = () => {
    const n = state.chosen.size, all = view.here().length, among = state.filter ? ` of ${state.filter.words || "the filter"}` : "";
    const kept = view.forgets && view.forgets(n) ? " The page's address does not keep a choice this large." : "";
    find("status").textContent = n ? `${many(n)} of ${many(all)} images${among} chosen (${state.how}).${kept}` : `${many(all)} images${among}. ${view.tool() === "lasso" ? "Draw a lasso" : "Press a point"}, press a name in the key, or search.`;
    find("download").disabled = find("clear").disabled = !n;
  };
  return {
    update: (why) => {
      if (why === "started" || why === "moved") { options(); press(); }
      if (why !== "chosen" && why !== "zoomed") levels();
      tell();
    },
  };
});
