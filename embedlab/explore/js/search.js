// Search: names in any column and ids, as they are typed; a number column takes "> 20" or "10 to 20". Where the host
// knows the model's words, the same field asks it for the images that a sentence describes.
"use strict";
EmbedLab.part("search", (view) => {
  const { find, make, named, many, nice, taxon, state, bundle, host } = view, WAIT = 250, MOST = 8;
  const field = named("search", "input", "", { type: "search", placeholder: "name, id or “mass > 20”", autocomplete: "off", spellcheck: false });
  const label = make("label", "Search"), wrap = make("div", "", "search"), list = make("div", "", "suggestions");
  label.append(field);
  wrap.append(label, list);
  list.dataset.el = "suggestions";
  list.hidden = true;
  view.control(wrap);
  let waiting = 0, asked = 0;

  const plain = (words) => words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const index = bundle.columns.filter((c) => c.kind === "kinds").map((column) => [column, column.levels.map(plain)]);
  const numbers = bundle.columns.filter((c) => c.kind === "numbers");
  const ids = bundle.ids.map(plain);

  // "mass > 20", "mass 10 to 20": the rows whose number lies there, or null where the words say nothing of the kind.
  const range = (words) => {
    const found = words.match(/^(.+?)\s*(?:(<=?|>=?|=)\s*(-?[\d.]+)|\s(-?[\d.]+)\s*(?:to|–|\.\.)\s*(-?[\d.]+))$/);
    const column = found && numbers.find((c) => plain(nice(c.name)) === plain(nice(found[1].trim())));
    if (!column) return null;
    const [, , sign, one, low, high] = found, at = Number(one);
    const test = { "<": (v) => v < at, "<=": (v) => v <= at, ">": (v) => v > at, ">=": (v) => v >= at, "=": (v) => v === at }[sign] || ((v) => v >= Number(low) && v <= Number(high));
    return view.here().filter((row) => column.values[row] !== null && test(column.values[row]));
  };
  const hits = (wanted) => index.map(([column, levels]) => [column, new Set(levels.flatMap((level, k) => (level.includes(wanted) ? [k] : [])))]).filter(([, codes]) => codes.size);
  const search = (words) => {
    const wanted = plain(words.trim());
    if (!wanted) return view.choose([], "");
    const numbered = range(words.trim());
    if (numbered) return view.choose(numbered, words.trim());
    const some = hits(wanted);
    return view.choose(view.here().filter((row) => ids[row].includes(wanted) || some.some(([c, codes]) => codes.has(c.codes[row]))), `found by “${words.trim()}”`);
  };

  // ---- names that the words are part of, each with the number of its images ------------------------------------------------
  const suggest = (words) => {
    const wanted = plain(words.trim());
    list.replaceChildren();
    list.hidden = wanted.length < 2;
    if (list.hidden) return;
    const rows = view.here(), found = hits(wanted).flatMap(([column, codes]) => [...codes].map((code) => ({ column, code, starts: plain(column.levels[code]).startsWith(wanted) })));
    found.sort((a, b) => b.starts - a.starts);
    for (const { column, code } of found.slice(0, MOST)) {
      const those = rows.filter((row) => column.codes[row] === code);
      if (!those.length) continue;
      const one = make("button");
      one.type = "button";
      one.append(make("span", column.levels[code], taxon(column.name) ? "taxon" : ""), make("span", `${nice(column.name)}, ${many(those.length)}`, "count"));
      one.addEventListener("click", () => { list.hidden = true; view.choose(those, `${nice(column.name)}: ${column.levels[code]}`); });
      list.append(one);
    }
    if (found.length > MOST) list.append(make("p", `and ${many(found.length - MOST)} more names`, "note"));
    if (host.text && words.trim()) {
      const one = make("button", `Ask the model for “${words.trim()}”`);
      one.type = "button";
      one.dataset.el = "ask-model";
      one.addEventListener("click", () => ask(words.trim()));
      list.append(one);
    }
    list.hidden = !list.childElementCount;
  };
  const ask = async (words) => {
    const mine = asked += 1;
    list.hidden = true;
    find("status").textContent = `Asking the model for “${words}” …`;
    try {
      const found = await host.text(words);
      const undrawn = found.hidden ? `; ${many(found.hidden)} that are not drawn lie nearer than the last of these` : "";
      if (mine === asked) view.choose(found.map((one) => one.row), `nearest to “${words}” by the model${undrawn}`);
    } catch (error) {
      if (mine === asked) find("status").textContent = `The model gave no answer: ${error.message || error}`;
    }
  };

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { search(field.value); suggest(field.value); }, WAIT);
  });
  wrap.addEventListener("keydown", (event) => {
    const buttons = [...list.querySelectorAll("button")], at = buttons.indexOf(document.activeElement);
    if (event.key === "Escape") {
      list.hidden = true;
      field.focus();
    } else if (event.key === "ArrowDown" && buttons.length && !list.hidden) buttons[Math.min(at + 1, buttons.length - 1)].focus();
    else if (event.key === "ArrowUp" && at >= 0) (at ? buttons[at - 1] : field).focus();
    else if (event.key === "Enter" && event.target === field) {
      clearTimeout(waiting);
      search(field.value);
      list.hidden = true;
    } else return;
    event.preventDefault();
  });
  wrap.addEventListener("focusout", (event) => { if (!wrap.contains(event.relatedTarget)) list.hidden = true; });
  return {
    update: (why) => { if (why === "chosen" && !state.chosen.size && !state.how) field.value = field === document.activeElement ? field.value : ""; },
    destroy: () => clearTimeout(waiting),
  };
});
