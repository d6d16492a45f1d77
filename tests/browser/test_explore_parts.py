"""The explorer's tree, taxa, strip, axes and search in a real Chromium: what they say is what numpy counts."""

import numpy as np
import parts_page
import pytest
from waiting import settled, until

pytestmark = pytest.mark.browser


def chosen(page) -> set:
    return set(page.evaluate("embedlab.state().selected"))


def select(page, ids):
    assert page.evaluate("ids => embedlab.select(ids)", list(ids)) == len(ids)


def test_tips_and_clades_choose_their_images_and_choices_light_them(page, explored):
    rows, tree = explored[1].rows, parts_page.world()[2]
    tips = page.locator("[data-el=tree] [data-tip]")
    assert tips.count() == 22 and "22 of 24 species" in page.inner_text("[data-el=tree] figcaption")
    name = tips.nth(4).get_attribute("data-tip")
    box = tips.nth(4).bounding_box()
    page.mouse.click(box["x"] + box["width"] - 60, box["y"] + box["height"] / 2)
    wanted = set(rows.filter(rows["species"] == name)["image_id"].to_list())
    assert chosen(page) == wanted
    shares = dict(tips.evaluate_all("tips => tips.map(t => [t.dataset.tip, Number(t.dataset.share)])"))
    assert shares.pop(name) == 1 and set(shares.values()) == {0}
    some = list(wanted)[:7]
    select(page, some)
    assert float(tips.nth(4).get_attribute("data-share")) == 0.5
    # Every clade of the tree can be pressed where its stem runs, and holds just its own species' images.
    part = page.evaluate("embedlab.view.bundle.tree")
    parent = np.array(part["parent"])
    inner = sorted(set(parent.tolist()) - {-1})
    node = inner[len(inner) // 2]
    below = {node}
    for child in range(node + 1, len(parent)):
        if parent[child] in below:
            below.add(child)
    names = iter(part["tips"])
    of = {i: next(names) for i in range(len(parent)) if i not in inner}
    clade = {of[i] for i in below if i in of}
    assert clade <= set(tree.names) and len(clade) > 1
    page.locator(f"[data-clade='{node}']").dispatch_event("click")
    assert chosen(page) == set(rows.filter(rows["species"].is_in(list(clade)))["image_id"].to_list())


def test_the_tree_is_walked_by_keys(page, explored):
    rows = explored[1].rows
    page.focus("[data-el=tree] svg")
    tips = page.evaluate("embedlab.view.bundle.tree.tips")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert chosen(page) == set(rows.filter(rows["species"] == tips[1])["image_id"].to_list())
    assert page.inner_text("[data-el=said]").startswith(tips[1])
    page.keyboard.press("ArrowLeft")
    assert "clade of" in page.inner_text("[data-el=said]")
    page.keyboard.press("Enter")
    assert len(chosen(page)) > 14
    page.keyboard.press("Escape")
    assert not chosen(page)


def test_a_taxon_greys_out_the_others_and_they_cannot_be_chosen(page, explored):
    rows = explored[1].rows
    of = "[data-el=taxonomy]"
    page.focus(f"{of} [data-taxon=Piciformes]")
    page.keyboard.press("Enter")
    wanted = rows.filter(rows["order"] == "Piciformes")
    state = page.evaluate("embedlab.state()")
    assert state["filter"] == "Piciformes" and state["points"] == len(wanted)
    ids = rows["image_id"].to_list()
    assert page.evaluate("ids => embedlab.select(ids)", ids) == len(wanted)
    assert chosen(page) == set(wanted["image_id"].to_list())
    below = page.locator(f"{of} [data-taxon]").evaluate_all("b => b.map(x => x.dataset.taxon)")
    names = wanted["genus"].unique() if wanted["family"].n_unique() == 1 else wanted["family"].unique()
    assert set(below) == set(names.to_list())
    page.click(f"{of} .trail button:has-text('All')")
    assert page.evaluate("embedlab.state().points") == len(rows) and page.evaluate("embedlab.state().filter") == ""


def test_the_treemap_has_areas_of_images_and_leads_into_a_taxon(page, explored):
    rows = explored[1].rows
    page.evaluate("document.querySelector('[data-el=taxonomy]').closest('details').open = true")
    plots = page.locator("[data-el=taxonomy] [data-plot]")
    said = plots.evaluate_all(
        "p => p.map(x => [x.dataset.plot, x.getBoundingClientRect(), x.title])"
    )
    rank = next(r for r in ("species", "genus", "family", "order") if rows[r].n_unique() <= 40)
    counts = dict(rows[rank].value_counts().iter_rows())
    assert {name for name, _, _ in said} == set(counts), "the finest rank of at most forty taxa"
    for order, some in rows.group_by("order"):
        inside = set(some[rank])
        area = {name: box["width"] * box["height"] for name, box, _ in said if name in inside}
        for name in inside:
            share = counts[name] / len(some)
            assert area[name] / sum(area.values()) == pytest.approx(share, rel=0.03), f"{name} of {order[0]}"
    assert all(f"{counts[name]} images" in title for name, _, title in said)
    first = said[0][0]
    page.click(f"[data-el=taxonomy] [data-plot='{first}']")
    assert page.evaluate("embedlab.state().filter") == first
    assert page.evaluate("embedlab.state().points") == counts[first]
    assert page.locator("[data-el=taxonomy] .trail span.now").inner_text() == first
    assert rows.filter(rows[rank] == first)["order"][0] in page.inner_text("[data-el=taxonomy] .trail"), "by its order"
    page.click("[data-el=taxonomy] .trail .small-button")
    assert len(chosen(page)) == counts[first]
    page.click("[data-el=taxonomy] .trail button:has-text('All')")
    feet = dict(plots.evaluate_all("p => p.map(x => [x.dataset.plot, x.querySelector('.foot').style.width])"))
    assert feet.pop(first) == "100%" and set(feet.values()) == {"0%"}, "those chosen are told at the foot"
    page.evaluate("embedlab.select([])")


def test_the_strip_shows_the_nearest_of_the_full_space_and_flags_what_the_map_tears_apart(page, explored):
    space, maps = explored[1], explored[2]
    unit, ids = space.unit().float64(), space.rows["image_id"].to_list()
    at = 200
    select(page, [ids[at]])
    strip = page.locator("[data-el=neighbours] li")
    alike = unit @ unit[at]
    alike[at] = -2
    wanted = np.argsort(-alike)[:12]
    shown = strip.locator("button").evaluate_all("b => b.map(x => x.dataset.id)")
    assert shown == [ids[i] for i in wanted]
    assert strip.first.inner_text().strip() == f"{alike[wanted[0]]:.2f}"
    for name in ("PCA", "t-SNE"):
        page.select_option("[data-el=which]", label=name)
        p = maps[name]
        xy = p.xy[[p.image_id.index(i) for i in ids]]
        far = ((xy - xy[at]) ** 2).sum(axis=1)
        flagged = [bool((far < far[i]).sum() - 1 > 0.05 * len(ids)) for i in wanted]
        assert strip.evaluate_all("l => l.map(x => x.dataset.far === 'yes')") == flagged
        kept = sum((far < far[i]).sum() - 1 < 12 for i in wanted)
        assert f"{name} keeps {kept} of these 12" in page.inner_text("[data-el=neighbours]")
    strip.nth(2).locator("button").click()
    assert page.get_attribute("[data-el=neighbours]", "data-id") == ids[wanted[2]], "a press goes on from there"
    page.click("[data-el=neighbours] .small-button")
    assert len(chosen(page)) == 13 and ids[wanted[2]] in chosen(page)


def test_an_axis_is_a_map_beside_its_chance(page, explored):
    axes = page.evaluate("embedlab.view.bundle.axes")
    page.select_option("[data-el=axis]", label=axes[0]["name"])
    assert page.evaluate("embedlab.state().panels") == ["PCA", "t-SNE", axes[0]["name"]]
    values = np.array([np.nan if v is None else v for v in axes[0]["values"]])
    ids = page.evaluate("embedlab.view.bundle.ids")
    known = np.flatnonzero(np.isfinite(values))
    assert len(known) == 22 * 14, "species without a tip have no place"
    x = [page.evaluate("id => embedlab.place(id, 2).x", ids[i]) for i in known[:40]]
    assert np.corrcoef(x, values[known[:40]])[0, 1] == pytest.approx(1, abs=1e-5)
    assert page.evaluate("id => embedlab.place(id, 2)", ids[int(np.flatnonzero(np.isnan(values))[0])]) is None
    said = page.inner_text("[data-el=axis-aside]")
    assert f"r = {axes[0]['r']:.2f}" in said and "22 species" in said and "evolved anew on the tree" in said
    page.click("[data-upright=recorded]")
    names = page.evaluate("ids => ids.map(id => embedlab.view.fact('species', embedlab.view.rowOf.get(id)))", ids)
    recorded = dict(zip(axes[0]["species"], axes[0]["trait"], strict=True))
    y = [page.evaluate("id => embedlab.place(id, 2).y", ids[i]) for i in known[:40]]
    assert np.corrcoef(y, [recorded[names[i]] for i in known[:40]])[0, 1] == pytest.approx(-1, abs=1e-5)
    name = axes[0]["species"][5]
    page.locator(f"circle[data-species='{name}']").dispatch_event("click")
    assert chosen(page) == {i for i, s in zip(ids, names, strict=True) if s == name}
    page.select_option("[data-el=axis]", "")
    assert page.evaluate("embedlab.state().panels") == ["PCA", "t-SNE"]
    assert not page.is_visible("[data-el=axis-aside]")


def test_a_contrast_colours_by_its_column_and_parts_its_kinds(page, explored):
    page.select_option("[data-el=axis]", label="sex: female to male")
    assert page.evaluate("embedlab.state().colour") == "sex"
    axis = page.evaluate("embedlab.view.bundle.axes")[1]
    ids = page.evaluate("embedlab.view.bundle.ids")
    sex = dict(explored[1].rows.select("image_id", "sex").iter_rows())
    pairs = list(zip(ids, axis["values"], strict=True))
    place = {k: np.mean([v for i, v in pairs if sex[i] == k]) for k in ("female", "male")}
    assert place["female"] < -0.2 and place["male"] > 0.2 and axis["p"] <= 0.01


def test_an_address_brings_axis_and_taxon_back(page, open_page, explored):
    page.select_option("[data-el=axis]", label="beak depth")
    page.select_option("[data-el=which]", label="beak depth")
    page.click("[data-el=taxonomy] [data-taxon=Passeriformes]")
    state, hash = page.evaluate("embedlab.state()"), page.evaluate("location.hash")
    again = open_page(explored[0], hash)
    there = again.evaluate("embedlab.state()")
    assert there["filter"] == "Passeriformes" and there["panels"] == ["beak depth"] == state["panels"]
    assert there["points"] == state["points"] < 336
    again.evaluate("location.hash = '#map=all&colour=sex&taxa=%5B%5B%22order%22,%22Nobody%22%5D%5D'")
    again.wait_for_function("() => embedlab.state().colour === 'sex'")
    assert again.evaluate("embedlab.state().panels") == ["PCA", "t-SNE"] and again.heard == []


def test_a_map_is_tinted_by_what_it_keeps_beside_chance(page):
    page.select_option("[data-el=colour]", label="neighbours kept by the map")
    said = page.inner_text("[data-el=legend]")
    assert "15 nearest neighbours kept by this map; by chance 0.045" in said, "15 of 335"
    means = page.evaluate("embedlab.view.maps.map(m => m.kept.reduce((a, b) => a + b) / m.kept.length)")
    assert means == pytest.approx([0.36, 0.77], abs=0.005), "the overlaps of the two captions"


def test_search_knows_names_marks_and_numbers(page, explored):
    rows = explored[1].rows
    field = "[data-el=search]"
    page.fill(field, "ELAN")  # without its accent and in capitals
    noted = set(rows.filter(rows["note"].is_not_null())["image_id"].to_list())
    page.wait_for_function("n => embedlab.state().selected.length === n", arg=len(noted))
    assert chosen(page) == noted
    suggestion = page.locator("[data-el=suggestions] button").first
    assert suggestion.inner_text().startswith("<b>bold</b> élan"), "what users wrote stays words"
    page.fill(field, "mass > 100")
    wanted = set(rows.filter(rows["mass"] > 100)["image_id"].to_list())
    page.wait_for_function("n => embedlab.state().selected.length === n", arg=len(wanted))
    assert chosen(page) == wanted
    page.fill(field, "mass 50 to 60.5")
    page.keyboard.press("Enter")
    assert chosen(page) == set(rows.filter(rows["mass"].is_between(50, 60.5))["image_id"].to_list())
    name = rows["species"][20]
    page.fill(field, name[:7])
    page.wait_for_selector("[data-el=suggestions] button")
    box = page.locator("[data-el=suggestions]").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 1280, "the names found run over the page"
    page.keyboard.press("ArrowDown")
    first = page.evaluate("document.activeElement.firstChild.textContent")
    page.keyboard.press("Enter")
    column = "genus" if " " not in first else "species"
    assert chosen(page) == set(rows.filter(rows[column] == first)["image_id"].to_list())
    page.fill(field, "nobody at all")
    page.wait_for_function("() => embedlab.state().selected.length === 0")


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_is_wider_than_the_page(open_page, explored, width):
    page = open_page(explored[0], viewport={"width": width, "height": 900})
    page.evaluate("embedlab.view.turnTo('beak depth')")
    page.evaluate("embedlab.select(embedlab.view.bundle.ids.slice(0, 60))")
    settled(page)
    drawn = "document.querySelector('[data-el=tree] .tree-box')"
    until(page, f"Math.abs({drawn}.clientWidth - {drawn}.querySelector('svg').getAttribute('width')) <= 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    labels = page.locator("[data-el=tree] text.tip:visible")
    assert labels.count() >= 20
    left = page.locator("[data-el=tree] svg").bounding_box()["x"]
    dots = page.locator("[data-el=tree] .dot:visible").evaluate_all("d => d.map(x => x.getBoundingClientRect().right)")
    names = labels.evaluate_all("t => t.map(x => x.getBoundingClientRect().left)")
    assert min(names) > left and (not dots or max(dots) <= min(names) + 1), "a name runs into a dot"
    assert page.heard == []


@pytest.mark.parametrize(("width", "places"), [(375, "legend panels tree"), (1280, "legend tree panels")])
def test_the_tab_key_goes_where_the_eye_goes(open_page, explored, width, places):
    wanted = places.split()
    page = settled(open_page(explored[0], viewport={"width": width, "height": 900}))
    page.focus("[data-el=search]")
    met = []
    for _ in range(16):
        page.keyboard.press("Tab")
        met.append(page.evaluate("document.activeElement.closest('.stage > *')?.dataset.el"))
    assert [place for place in dict.fromkeys(met) if place] == wanted
    top = "e => { const b = e.getBoundingClientRect(); return [Math.round(b.top / 50), b.left]; }"
    seen = [page.locator(f".stage > [data-el={place}]").evaluate(top) for place in wanted]
    assert seen == sorted(seen), "what is reached first stands first"
    page.evaluate("embedlab.view.show(0)")  # one map alone: its key stands beside it, and still comes first
    assert page.evaluate("document.querySelector('.stage > *').dataset.el") == "legend" and page.heard == []


def test_a_pressed_button_can_be_read_while_the_pointer_rests_on_it(page):
    page.click("[data-el=shuffle]")  # and the pointer stays
    colours = "e => [e.matches(':hover'), getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
    white, blue, ink, ground = "rgb(255, 255, 255)", "rgb(11, 92, 146)", "rgb(28, 28, 28)", "rgb(247, 245, 241)"
    assert page.locator("[data-el=shuffle]").evaluate(colours) == [True, white, blue]
    page.click("[data-el=legend] [data-level=forest]")
    assert page.locator("[data-el=legend] [data-level=forest]").evaluate(colours) == [True, ink, ground]
    page.locator("[data-el=surface]").first.click(position={"x": 3, "y": 3})
    assert not page.evaluate("embedlab.view.panels()[0].keyed"), "the ring of the keys is for those who use keys"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("embedlab.view.panels()[0].keyed") and page.heard == []
