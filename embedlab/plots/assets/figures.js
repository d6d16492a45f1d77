// Draws the figures of a page from its JSON: wide or narrow by the room there is, light or dark by the reader's choice.
"use strict";
(() => {
  const read = (id) => {
    const block = document.getElementById(id);
    return block ? block.textContent : "null";
  };
  const look = JSON.parse(read("theme"));
  const darkMode = matchMedia("(prefers-color-scheme: dark)");
  const NARROW = 560, PAPER = [660, 860]; // pixels that A4 and US letter both have room for
  let printing = false;

  // Every colour of a figure is one exact string: in the dark each is swapped for its twin.
  const tinted = (json) =>
    darkMode.matches && !printing ? json.replace(/"(#[0-9a-f]{6})"/gi, (all, c) => (look.dark[c] ? `"${look.dark[c]}"` : all)) : json;

  const figures = (JSON.parse(read("figures")) || []).map((f) => ({ data: JSON.stringify(f.data), wide: JSON.stringify(f.wide), narrow: JSON.stringify(f.narrow) }));

  const draw = async (plot) => {
    const figure = figures[Number(plot.dataset.figure)];
    const room = Math.min(plot.clientWidth || 600, printing ? PAPER[0] : Infinity);
    const layout = JSON.parse(tinted(room < NARROW ? figure.narrow : figure.wide));
    layout.width = room;
    plot.style.minHeight = `${layout.height}px`;
    await Plotly.react(plot, JSON.parse(tinted(figure.data)), layout, { ...look.config, responsive: false });
    plot.dataset.drawn = String(room);
    const svg = plot.querySelector("svg.main-svg");
    if (svg) svg.setAttribute("aria-hidden", "true"); // the plot itself carries the name
  };

  const plots = () => [...document.querySelectorAll("[data-el=plot][data-figure]")];
  const pause = () => new Promise((go) => setTimeout(go, 0));
  const drawAll = async () => {
    for (const plot of plots()) {
      await draw(plot);
      await pause();
    }
  };

  const save = (name, words, type = "text/csv;charset=utf-8") => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([words], { type }));
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-el=download-table]");
    if (!button) return;
    const table = (JSON.parse(read("tables")) || [])[Number(button.dataset.table)];
    if (table) save(`${table.name}.csv`, table.csv);
  });

  let waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      for (const plot of plots()) if (Math.abs(plot.clientWidth - Number(plot.dataset.drawn)) > 2) draw(plot);
    }, 150);
  });
  darkMode.addEventListener("change", drawAll);
  addEventListener("beforeprint", () => { // all at once: the browser waits for no later task
    printing = true;
    for (const plot of plots()) if (darkMode.matches || plot.clientWidth > PAPER[0]) draw(plot);
    for (const plot of plots()) plot.style.zoom = Math.max(0.7, Math.min(1, PAPER[1] / parseFloat(plot.style.minHeight))); // in one piece
  });
  addEventListener("afterprint", () => {
    printing = false;
    for (const plot of plots()) plot.style.zoom = "";
    drawAll();
  });

  const ready = drawAll();
  window.embedlab = { ready, state: () => ({ figures: plots().length }), select: () => 0, parts: { read, tinted, look, save, darkMode } };
})();
