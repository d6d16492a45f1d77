// A page of its own, or a report: mounts the view that stands in the page and answers for it as `window.embedlab`.
"use strict";
(() => {
  const root = document.querySelector("[data-explore]"), block = document.getElementById("explore-bundle");
  if (!root || !block) return;
  const page = window.embedlab || { ready: Promise.resolve(), state: () => ({}) };
  const bundle = JSON.parse(block.textContent), config = JSON.parse(document.getElementById("explore-host")?.textContent || '{"kind":"file"}');
  const view = EmbedLab.mount(root, bundle, { ...EmbedLab.hostOf(config, bundle), address: config.kind !== "cell" });
  const ready = Promise.all([page.ready, view.ready]).then(() => view.redraw());
  window.embedlab = {
    ...page, view, ready, state: () => ({ ...page.state(), ...view.told() }), select: (ids) => view.select(ids), place: view.place, csv: view.csv,
  };
})();
