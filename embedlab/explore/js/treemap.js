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

  const WIDE = 200, HIGH = 100, HEAD = 8.5, LETTER = 3.3; // a box as wide as it is on a phone: a letter takes 3.3 of 200
  const put = (one, box, room) => Object.assign(one.style, {
    left: `${(100 * box.x) / room.wide}%`, top: `${(100 * box.y) / room.high}%`, width: `${(100 * box.wide) / room.wide}%`, height: `${(100 * box.high) / room.high}%`,
  });
  // groups: {size, title: an element or null, parts: [{size, words: letters of its name, tile}]}; all in falling size.
  // A title takes a line at the top of its group, a name is shown where it has room: the tile's title says it anyway.
  EmbedLab.treemap = (box, groups) => {
    const whole = { wide: WIDE, high: HIGH }, outer = EmbedLab.squarified(groups.map((g) => g.size), WIDE, HIGH);
    box.replaceChildren(...groups.flatMap(({ title, parts }, g) => {
      const room = { ...outer[g] }, headed = title && room.high > 2.5 * HEAD && room.wide > 6 * LETTER;
      if (headed) {
        put(title, { ...room, high: HEAD }, whole);
        Object.assign(room, { y: room.y + HEAD, high: room.high - HEAD });
      }
      const inner = EmbedLab.squarified(parts.map((part) => part.size), room.wide, room.high);
      const tiles = parts.map(({ words, tile }, i) => {
        put(tile, { ...inner[i], x: room.x + inner[i].x, y: room.y + inner[i].y }, whole);
        tile.firstChild.hidden = inner[i].high < HEAD || inner[i].wide < LETTER * Math.min(words, 8);
        return tile;
      });
      return headed ? [title, ...tiles] : tiles;
    }));
  };
})();
