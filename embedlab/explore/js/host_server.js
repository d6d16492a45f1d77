// The live host: what a page on 127.0.0.1 can ask of Python. All addresses are relative, so that they keep the token of
// the page's own and the prefix of a proxy.
"use strict";
EmbedLab.host("server", (config) => {
  const ask = async (path, body) => {
    const answer = await fetch(path, body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  const found = (answer) => Object.assign(answer.found, { hidden: answer.hidden, of: answer.of });
  const counts = (words) => new Uint32Array(Uint8Array.from(atob(words), (c) => c.charCodeAt(0)).buffer);
  const lassos = new WeakMap(); // a lasso is counted once, whoever asks
  return {
    ...config,
    image: config.image ? async (row) => `image/${row}` : undefined,
    neighbours: async (row, k = 12) => found(await ask(`knn?${new URLSearchParams({ row, k })}`)),
    text: config.text ? async (q, k = 48) => found(await ask(`text?${new URLSearchParams({ q, k })}`)) : undefined,
    density: async (panel, [x0, x1, y0, y1], [across, down]) => {
      const answer = await ask(`density?${new URLSearchParams({ panel, x0, x1, y0, y1, across, down })}`);
      return { ...answer, counts: counts(answer.counts) };
    },
    lasso: (panel, polygon) => {
      if (!lassos.has(polygon)) lassos.set(polygon, ask("lasso", { panel, polygon }));
      return lassos.get(polygon);
    },
    save: (chosen) => ask("selection", chosen),
  };
});

// Beside the download: the choice as a file where the server was started. Where the map is a sample, a lasso is counted
// over all images, and it is all of them that are saved.
EmbedLab.part("live", (view) => {
  const { host, find, named, many, state, bundle } = view;
  if (!host.save) return null;
  const button = named("save", "button", "", { type: "button", title: "Writes selection-<time>.csv where embedlab explore was started" });
  const said = named("saved", "span", "small", { role: "status" });
  find("actions").append(button, said);
  let lasso = null, count = 0, asked = 0; // the lasso that made the present choice; a late answer to an old one is dropped

  const label = () => {
    button.textContent = lasso && count ? `Save all ${many(count)} (CSV)` : "Save on this machine (CSV)";
    button.disabled = !state.chosen.size && !count;
  };
  const whole = async () => {
    const mine = (asked += 1), made = view.lassoed;
    [lasso, count, said.textContent] = [null, 0, ""];
    if (state.how === "lasso" && made && made.alone && bundle.total && made.panel < bundle.maps.length && !state.filter) {
      const answer = await host.lasso(made.panel, made.polygon).catch(() => null); // the part that shows the count says so
      if (mine !== asked) return;
      if (answer) [lasso, count] = [made, answer.count];
    }
    label();
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const answer = await host.save(lasso ? { panel: lasso.panel, polygon: lasso.polygon } : { ids: [...state.chosen].map((row) => bundle.ids[row]) });
      said.textContent = `${many(answer.images)} images in ${answer.file}`;
    } catch (error) { said.textContent = `Not saved: ${error.message}`; }
    label();
  });
  label();
  return { update: (why) => { if (why === "chosen") { label(); whole(); } } };
});
