"""The table of what the chosen hold, in a real Chromium, beside SciPy: by images, by species, within species, ranks."""

import numpy as np
import pytest
from scipy import stats

from embedlab.stats.multiplicity import holm

pytestmark = pytest.mark.browser
CELLS = "rows => rows.map(r => ({...r.dataset, cells: [...r.cells].map(c => c.textContent)}))"


def select(page, ids):
    assert page.evaluate("ids => embedlab.select(ids)", list(ids)) == len(ids)


def table(page) -> list[dict]:
    return page.locator("[data-el=enrichment] tr[data-level]").evaluate_all(CELLS)


def press(page, words):
    page.click(f"[data-el=enrichment] .units button:has-text('{words}')")


def fisher(hit, chosen, marked, whole):
    return stats.fisher_exact([[hit, chosen - hit], [marked - hit, whole - marked - chosen + hit]]).pvalue


def test_a_column_of_images_is_counted_by_images(page, explored):
    rows = explored[1].rows
    ids = rows["image_id"].to_list()[:130]
    page.select_option("[data-el=colour]", "sex")
    select(page, ids)
    found = {line["level"]: line for line in table(page)}
    sex = np.array([s or "not recorded" for s in rows["sex"].to_list()])
    ps = {level: fisher((sex[:130] == level).sum(), 130, (sex == level).sum(), len(sex)) for level in np.unique(sex)}
    assert set(found) == set(ps)
    for level, p, adjusted in zip(ps, ps.values(), holm(list(ps.values())), strict=True):
        expected = (sex == level).sum() * 130 / len(sex)
        assert float(found[level]["p"]) == pytest.approx(p, rel=1e-9)
        assert float(found[level]["holm"]) == pytest.approx(adjusted, rel=1e-9)
        assert found[level]["cells"][1:3] == [str((sex[:130] == level).sum()), f"{expected:.1f}"]
    assert "not independent" in page.inner_text("[data-el=enrichment]")


def test_a_column_of_species_is_counted_by_species(page, explored):
    rows = explored[1].rows
    species, habitat = np.array(rows["species"].to_list()), np.array(rows["habitat"].to_list())
    names = list(dict.fromkeys(species))
    take = np.zeros(len(species), bool)
    for name in names[::3][:6]:
        take |= species == name  # the whole of six species, all of one habitat
    take[np.flatnonzero(species == names[1])[:7]] = True  # just half of one
    take[np.flatnonzero(species == names[2])[:6]] = True  # and less than half of another, which does not count
    select(page, np.array(rows["image_id"].to_list())[take])
    found = {line["level"]: line for line in table(page)}
    assert "7 species of which half or more" in page.inner_text("[data-el=enrichment] caption")
    of = {name: habitat[species == name][0] for name in names}
    counted = [of[name] for name in [*names[::3][:6], names[1]]]
    for level, line in found.items():
        marked = list(of.values()).count(level)
        assert float(line["p"]) == pytest.approx(fisher(counted.count(level), 7, marked, 24), rel=1e-9)
    press(page, "by images")
    images = {line["level"]: line for line in table(page)}
    assert float(images["forest"]["p"]) < 1e-6 < 1e-3 < float(found["forest"]["p"]), "images count kin as if apart"
    assert int(images["forest"]["cells"][1]) == (habitat[take] == "forest").sum()
    press(page, "by species")


def test_a_choice_across_species_is_counted_by_images_unless_asked(page, explored):
    ids = explored[1].rows["image_id"].to_list()
    page.select_option("[data-el=colour]", "sex")
    page.select_option("[data-el=colour]", "habitat")
    select(page, ids[::5])
    assert "of the 68 chosen" in page.inner_text("[data-el=enrichment] caption") and len(table(page)) == 3
    select(page, ids[::15])
    press(page, "by species")
    assert table(page) == [] and "No species has half" in page.inner_text("[data-el=enrichment]")
    page.select_option("[data-el=colour]", "sex")


def test_within_species_each_species_is_its_own_chance(page, explored):
    rows = explored[1].rows
    sex = np.array([s or "" for s in rows["sex"].to_list()])
    species = np.array(rows["species"].to_list())
    rng = np.random.default_rng(8)
    take = (rng.random(len(sex)) < np.where(sex == "male", 0.5, 0.25)) & np.isin(species, np.unique(species)[:10])
    page.select_option("[data-el=colour]", "sex")
    select(page, np.array(rows["image_id"].to_list())[take])
    press(page, "within species")
    found = {line["level"]: line for line in table(page)}
    whole, expected = np.ones(1), 0.0
    for name in np.unique(species[take]):
        mine = species == name
        n, k, m = mine.sum(), (mine & (sex == "male")).sum(), (mine & take).sum()
        whole = np.convolve(whole, stats.hypergeom(n, k, m).pmf(np.arange(m + 1)))
        expected += m * k / n
    hit = (take & (sex == "male")).sum()
    assert float(found["male"]["p"]) == pytest.approx(whole[whole <= whole[hit] * (1 + 1e-7)].sum(), rel=1e-8)
    assert found["male"]["cells"][2] == f"{expected:.1f}"


def test_numbers_are_compared_by_ranks(page, explored):
    rows = explored[1].rows
    mass, species = rows["mass"].to_numpy(), np.array(rows["species"].to_list())
    ids = np.array(rows["image_id"].to_list())
    page.select_option("[data-el=colour]", "mass")
    select(page, ids[:100])
    told = "[data-el=enrichment] table"
    means = np.array([mass[species == s].mean() for s in dict.fromkeys(species)])
    wanted = stats.mannwhitneyu(means[:7], means[7:], method="asymptotic")  # 98 images are seven species, 2 are few
    assert float(page.get_attribute(told, "data-p")) == pytest.approx(wanted.pvalue, rel=1e-6)
    press(page, "by images")
    wanted = stats.mannwhitneyu(mass[:100], mass[100:], method="asymptotic")
    assert float(page.get_attribute(told, "data-p")) == pytest.approx(wanted.pvalue, rel=1e-6)
    assert float(page.get_attribute(told, "data-share")) == pytest.approx(wanted.statistic / (100 * 236), rel=1e-9)
    press(page, "by species")


def test_every_column_is_asked_at_once_and_leads_to_its_own_table(page, explored):
    select(page, explored[1].rows["image_id"].to_list()[:84])
    press(page, "Every column")
    lines = page.locator("[data-el=enrichment] tr[data-column]").evaluate_all(CELLS)
    names = [line["column"] for line in lines]
    assert names[0] == "species" and {"order", "genus", "sex", "mass"} <= set(names)
    ps = [float(line["holm"]) for line in lines]
    assert ps == sorted(ps) and float(ps[0]) < 1e-6
    sex = next(line for line in lines if line["column"] == "sex")
    assert float(sex["holm"]) == 1 and sex["cells"][4] == "within species"
    page.click("[data-column=genus] button")
    assert page.evaluate("embedlab.state().colour") == "genus" and len(table(page)) > 0


def test_shuffled_labels_are_shuffled_in_the_table_too(page, explored):
    forest = explored[1].rows.filter(explored[1].rows["habitat"] == "forest")["image_id"].to_list()
    select(page, forest)
    assert [line["level"] for line in table(page)] == ["forest"]
    page.click("[data-el=shuffle]")
    assert len(table(page)) > 1 and "what stands here is chance" in page.inner_text("[data-el=enrichment]")
