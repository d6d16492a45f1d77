// State in the address: map, colour, highlight, shuffle and up to 200 chosen images by image_id, so that a link shows
// what its sender saw. Only the view that a page calls its own writes there; a cell of a notebook does not.
"use strict";
EmbedLab.part("address", (view) => {
  if (!view.host.address || location.protocol === "about:") return null; // a cell's frame has no address of its own
  const { state, bundle } = view, MOST = 200, kept = Object.entries(view.kept || {}); // what other parts want kept: {get, set}
  let own = "", quiet = true; // an address that holds no choice is left alone until the reader makes one

  view.forgets = (n) => n > MOST;
  const words = () => {
    const hash = new URLSearchParams({ map: state.only === null ? "all" : state.only, colour: state.colour });
    if (state.level) hash.set("level", state.level);
    if (state.shuffled) hash.set("shuffled", state.shuffled);
    for (const [name, { get }] of kept) if (get()) hash.set(name, get());
    if (state.chosen.size && state.chosen.size <= MOST) hash.set("ids", JSON.stringify([...state.chosen].map((row) => bundle.ids[row])));
    return `#${hash}`;
  };
  const remember = () => {
    own = words();
    if (!quiet) history.replaceState(null, "", own);
  };
  const recall = () => {
    if (location.hash === own || !location.hash.includes("map=")) return;
    const hash = new URLSearchParams(location.hash.slice(1)), map = hash.get("map"), colour = hash.get("colour") || "";
    for (const [name, { get, set }] of kept) if ((hash.get(name) || "") !== get()) set(hash.get(name) || "");
    if (map === "all") view.show(null);
    else if (view.maps[Number(map)]) view.show(Number(map));
    if (colour === "" || colour === view.KEPT || view.column(colour)) view.paint(colour, hash.get("level") || "");
    if (Number(hash.get("shuffled"))) view.shuffle(Number(hash.get("shuffled")));
    let ids = [];
    try { ids = JSON.parse(hash.get("ids") || "[]"); } catch { ids = []; }
    view.select(Array.isArray(ids) ? ids.map(String) : [], "from the address");
  };
  addEventListener("hashchange", recall, { signal: view.signal });
  return {
    update: (why) => {
      if (why === "zoomed") return;
      if (why === "started") { recall(); quiet = false; own = words(); return; }
      remember();
    },
  };
});
