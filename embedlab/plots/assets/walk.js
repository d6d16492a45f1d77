// A walk through the spaces of a figure: the scenes stand in one frame already, so what lies between two is drawn by
// straight lines, and said to be drawn. Thin paths show where the species in colour have come from.
"use strict";
(() => {
  if (!window.embedlabScenes) return;
  const figures = JSON.parse(document.getElementById("figures").textContent) || [];
  const mix = (a, b, f) => a.map((v, i) => v + f * (b[i] - v));
  const middle = (arrow) => mix(arrow.start, arrow.end, 0.5);

  // The scene at `t`, from 0 (the first space) to the number of spaces less one.
  const between = (scenes, t) => {
    const k = Math.min(Math.floor(t), scenes.length - 2), f = t - k, [a, b] = [scenes[k], scenes[k + 1]];
    const arrows = a.arrows.map((one, i) => ({ ...one, start: mix(one.start, b.arrows[i].start, f), end: mix(one.end, b.arrows[i].end, f) }));
    const trails = a.arrows.flatMap((one, i) => (one.named ? [{ colour: one.colour, at: [...scenes.slice(0, k + 1).map((s) => middle(s.arrows[i])), middle(arrows[i])] }] : []));
    // Individuals are followed where both spaces show the same number of them.
    const points = a.points.map((one, i) => ({ ...one, at: one.at.length === b.points[i].at.length ? one.at.map((at, j) => mix(at, b.points[i].at[j], f)) : (f < 0.5 ? one : b.points[i]).at }));
    return { ...a, low: mix(a.low, b.low, f), high: mix(a.high, b.high, f), arrows, points, trails };
  };
  const said = (scenes, t) => {
    const k = Math.floor(t + 1e-9);
    if (t - k < 1e-9) return `${scenes[k].title}: ${scenes[k].note}`;
    return `between ${scenes[k].title} and ${scenes[k + 1].title}: drawn, not measured`;
  };

  for (const slider of document.querySelectorAll("[data-el=walk]")) {
    const box = slider.closest("[data-el=scenes]"), canvas = box.querySelector("[data-el=walk-scene]"), words = box.querySelector("[data-el=walked]");
    const scenes = figures[Number(slider.dataset.figure)].scenes;
    slider.addEventListener("input", () => {
      const t = Number(slider.value), first = canvas.hidden;
      canvas.hidden = false;
      words.textContent = said(scenes, t);
      slider.setAttribute("aria-valuetext", words.textContent);
      window.embedlabScenes.show(canvas, between(scenes, t), first);
    });
  }
})();
