// What is chosen: its images, its table for reading, and the card of one image. Tiles are found by image_id alone.
"use strict";
EmbedLab.part("gallery", (view) => {
  const { find, make, many, nice, taxon, state, bundle } = view, GALLERY = 240, ROWS = 60, COLUMNS = 8;
  const gallery = find("gallery"), card = find("card");
  let sheets = [], all = false;

  const bytes = (words) => {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(words);
    const packed = atob(words), out = new Uint8Array(packed.length);
    for (let i = 0; i < packed.length; i += 1) out[i] = packed.charCodeAt(i);
    return out;
  };
  // The first sheet is unpacked before the page is ready; the browser unpacks the others when a tile of theirs is shown.
  const load = async () => {
    sheets = (bundle.sheets || []).map((sheet) => URL.createObjectURL(new Blob([bytes(sheet)], { type: "image/webp" })));
    if (sheets.length) await Object.assign(new Image(), { src: sheets[0] }).decode();
  };
  const dress = (element, row) => {
    const number = bundle.tiles[row];
    element.classList.add("tile");
    element.dataset.id = bundle.ids[row];
    if (number === undefined || number < 0) {
      element.classList.add("none");
      element.textContent = "no image";
      return element;
    }
    const { px, across, each } = bundle.sheet, k = number % each;
    element.style.backgroundImage = `url("${sheets[Math.floor(number / each)]}")`;
    element.style.backgroundPosition = `${-(k % across) * px}px ${-Math.floor(k / across) * px}px`;
    return element;
  };

  // ---- the card ------------------------------------------------------------------------------------------------------
  const facts = (row, most = COLUMNS) => {
    const list = make("dl"), first = [state.colour, "species", "sex", "life_stage"].filter((name, i, names) => view.column(name) && names.indexOf(name) === i);
    for (const name of [...first, ...bundle.columns.map((c) => c.name).filter((n) => !first.includes(n))].slice(0, most)) {
      const value = view.fact(name, row);
      if (value === null && !first.includes(name)) continue;
      list.append(make("dt", nice(name)), make("dd", value ?? "not recorded", value === null ? "missing" : taxon(name) ? "taxon" : ""));
    }
    return list;
  };
  const showCard = (row, x, y) => {
    if (card.dataset.id !== bundle.ids[row] || card.hidden) {
      const words = make("div"), tile = dress(make("div"), row);
      words.append(make("b", bundle.ids[row]), facts(row));
      tile.dataset.el = "card-tile";
      card.replaceChildren(tile, words);
      card.dataset.id = bundle.ids[row];
      card.hidden = false;
    }
    const box = card.getBoundingClientRect();
    card.style.left = `${Math.max(6, x + 18 + box.width > innerWidth ? x - box.width - 18 : x + 18)}px`;
    card.style.top = `${Math.max(6, Math.min(innerHeight - box.height - 6, y + 14))}px`;
  };
  const hideCard = () => { card.hidden = true; };

  // ---- one image, large: where a host can fetch it ------------------------------------------------------------------
  const open = async (row) => {
    const box = make("dialog", "", "large"), close = make("button", "Close"), words = make("div");
    close.type = "button";
    close.addEventListener("click", () => box.close());
    box.addEventListener("close", () => box.remove());
    words.append(make("b", bundle.ids[row]), facts(row, bundle.columns.length), close);
    box.dataset.el = "large";
    box.append(words);
    view.root.append(box);
    box.showModal();
    try {
      const picture = Object.assign(new Image(), { alt: `Image ${bundle.ids[row]}`, src: await view.host.image(row) });
      await picture.decode();
      box.prepend(picture);
    } catch {
      box.prepend(make("p", "This image could not be opened where it lies.", "note"));
    }
  };

  const tile = (row) => {
    const button = dress(make("button"), row), name = view.fact("species", row), image = view.host.image;
    button.type = "button";
    button.setAttribute("aria-label", [bundle.ids[row], name, image ? "open the image" : ""].filter(Boolean).join(", "));
    const look = () => {
      const box = button.getBoundingClientRect();
      showCard(row, box.right - 16, box.top - 12);
      view.point(row);
    };
    const away = () => { hideCard(); view.point(-1); };
    for (const event of ["mouseenter", "focus", "click"]) button.addEventListener(event, look);
    for (const event of ["mouseleave", "blur"]) button.addEventListener(event, away);
    if (image) button.addEventListener("click", () => open(row));
    return button;
  };
  const tiles = () => {
    const rows = [...state.chosen], shown = all ? rows : rows.slice(0, GALLERY), more = find("more");
    gallery.replaceChildren(...shown.map(tile));
    more.hidden = rows.length <= shown.length;
    more.textContent = `Showing ${many(shown.length)} of ${many(rows.length)}: show all`;
  };

  // ---- the same in words, for a screen reader and for eyes -----------------------------------------------------------
  const listing = make("details"), body = make("div", "", "scroll");
  listing.hidden = true;
  listing.dataset.el = "listing";
  listing.append(make("summary", "Table of the chosen"), body);
  gallery.parentElement.append(listing);
  const fill = () => {
    body.replaceChildren();
    listing.hidden = !state.chosen.size;
    if (!listing.open || !state.chosen.size) return;
    const first = [state.colour, "species", "sex", "life_stage"].filter((n, i, a) => view.column(n) && a.indexOf(n) === i);
    const names = [...first, ...bundle.columns.map((c) => c.name).filter((n) => !first.includes(n))].slice(0, COLUMNS);
    const table = make("table"), head = make("tr");
    const cut = [state.chosen.size > ROWS ? `the first ${ROWS} of ${many(state.chosen.size)} images` : "", bundle.columns.length > COLUMNS ? `${COLUMNS} of ${bundle.columns.length} columns` : ""].filter(Boolean);
    table.append(make("caption", cut.length ? `The chosen: ${cut.join(", ")}; the download holds all.` : "The chosen"), head);
    for (const name of ["image_id", ...names]) head.append(Object.assign(make("th", nice(name)), { scope: "col" }));
    for (const row of [...state.chosen].slice(0, ROWS)) {
      const line = make("tr");
      line.append(Object.assign(make("th", bundle.ids[row], "id"), { scope: "row" }));
      for (const name of names) {
        const value = view.fact(name, row);
        line.append(make("td", value ?? "not recorded", value === null ? "missing" : taxon(name) ? "taxon" : ""));
      }
      table.append(line);
    }
    body.append(table);
  };
  listing.addEventListener("toggle", fill);

  find("more").addEventListener("click", () => { all = true; tiles(); });
  addEventListener("scroll", hideCard, { passive: true, signal: view.signal });
  Object.assign(view, { dress, showCard, hideCard, facts, open });
  return {
    ready: load(),
    update: (why) => {
      if (why !== "chosen" && why !== "started" && why !== "painted") return;
      if (why === "chosen") all = false;
      if (why !== "painted") tiles();
      fill();
    },
    destroy: () => sheets.forEach((url) => URL.revokeObjectURL(url)),
  };
});
