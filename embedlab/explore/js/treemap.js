// Rectangles whose areas are given numbers, as near to squares as can be (Bruls, Huizing & van Wijk 2000); the same rule
// as embedlab/plots/treemap.py. Sizes come with the largest first; each box is {x, y, wide, high}, y from the top.
"use strict";
(() => {
  const worst = (strip, side, unit) => {
    const thick = (unit * strip.reduce((a, b) => a + b, 0)) / side;
    return Math.max(...strip.map((size) => { const long = (unit * size) / thick; return Math.max(thick / long, long / thick); }));
  };
  EmbedLab.squarified = (sizes, wide, high) => {
    const boxes = [], unit = (wide * high) / sizes.reduce((a, b) => a + b, 0);
    let left = [...sizes], room = { x: 0, y: 0, wide, high };
    while (left.length) {
      const upright = room.wide >= room.high, side = upright ? room.high : room.wide;
      let take = 1;
      while (take < left.length && worst(left.slice(0, take + 1), side, unit) <= worst(left.slice(0, take), side, unit)) take += 1;
      const strip = left.splice(0, take), total = strip.reduce((a, b) => a + b, 0);
      const thick = left.length ? (unit * total) / side : upright ? room.wide : room.high;
      let gone = 0;
      for (const size of strip) {
        const long = (side * size) / total;
        boxes.push(upright ? { x: room.x, y: room.y + gone, wide: thick, high: long } : { x: room.x + gone, y: room.y, wide: long, high: thick });
        gone += long;
      }
      room = upright ? { ...room, x: room.x + thick, wide: room.wide - thick } : { ...room, y: room.y + thick, high: room.high - thick };
    }
    return boxes;
  };
})();
