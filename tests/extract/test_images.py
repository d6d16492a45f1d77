"""Folders, patterns, manifests and tars become the same plan in any order of files; hostile tars none."""

import io
import itertools
import tarfile
import threading
import time

import pytest

from embedlab.data.manifest import Manifest
from embedlab.extract.images import find_sources, in_order, make_plan
from tests.extract.conftest import encoded, picture


def plan_of(images):
    return make_plan(find_sources(images), workers=2)


def write_tar(path, members):
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            entry = tarfile.TarInfo(name) if isinstance(name, str) else name
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def test_a_folder_is_planned_in_order_with_duplicates_and_bad_files_listed(salted):
    plan = plan_of(salted)
    names = plan.rows["image_id"].to_list()
    assert (
        names == sorted(names) and len(names) == 10
    )  # text.jpg and truncated.jpg are found out when decoded
    assert [(path, reason) for path, reason, _ in plan.bad] == [("empty.jpg", "empty")]
    assert [pair[:2] for pair in plan.duplicates] == [("zopy ä.jpg", "plain 0.jpg")]
    assert plan.rows["sha256"].str.len_chars().unique().to_list() == [64]


def test_a_pattern_and_a_moved_folder_give_the_same_rows(salted, tmp_path):
    assert plan_of(f"{salted}/*.jpg").rows["path"].to_list() == [
        path for path in plan_of(salted).rows["path"].to_list() if path.endswith(".jpg")
    ]
    before = plan_of(salted).rows
    moved = salted.rename(tmp_path / "moved")
    assert plan_of(moved).rows.equals(before)


def test_a_manifest_in_any_order_gives_the_same_plan(salted):
    lines = ["plain 0.jpg,m,1", "plain 1.jpg,f,2", "gone.jpg,f,3", "plain 2.jpg,,4"]
    plans = []
    for order in (lines, lines[::-1]):
        (salted / "manifest.csv").write_text("\n".join(["path,sex,age", *order]) + "\n")
        plans.append(plan_of(salted / "manifest.csv"))
    assert plans[0].rows.equals(plans[1].rows) and plans[0].rows["sex"].to_list() == ["male", "female", None]
    assert plans[0].rows["path"].to_list() == ["plain 0.jpg", "plain 1.jpg", "plain 2.jpg"]
    assert [(path, reason) for path, reason, _ in plans[0].bad] == [("gone.jpg", "missing")]
    assert plan_of(Manifest.read(salted / "manifest.csv")).rows.equals(plans[0].rows)


def test_a_folder_in_place_of_a_file_is_no_image(tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "one.jpg").write_bytes(encoded(picture(1), "JPEG"))
    (tmp_path / "m.csv").write_text("path\nfolder.jpg\none.jpg\n")
    assert [(path, reason) for path, reason, _ in plan_of(tmp_path / "m.csv").bad] == [
        ("folder.jpg", "not an image")
    ]


def test_a_tar_is_read_where_it_lies(tmp_path):
    one, two = encoded(picture(1)), encoded(picture(2))
    members = [
        ("a/0001.png", one), ("a/0001.json", b'{"species": "Parus major", "deep": [1]}'),
        ("a/0002.png", two), ("a/0002.sci.txt", b"Turdus merula\n"),
    ]  # fmt: skip
    plan = plan_of(write_tar(tmp_path / "part.tar", members))
    assert plan.rows["image_id"].to_list() == ["part/a/0001", "part/a/0002"]
    assert plan.rows["path"].to_list() == ["part.tar::a/0001.png", "part.tar::a/0002.png"]
    assert plan.rows["species"].to_list() == ["Parus major", None] and "deep" not in plan.rows.columns
    assert plan.rows["sci"].to_list() == [None, "Turdus merula"]
    assert [place.read() for place in plan.places] == [one, two]
    assert plan_of(str(tmp_path / "*.tar")).rows.equals(plan.rows)


def hostile(name, **settings):
    entry = tarfile.TarInfo(name)
    for key, value in settings.items():
        setattr(entry, key, value)
    return entry


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (hostile("../up.png"), "leads outside"),
        (hostile("/etc/up.png"), "leads outside"),
        (hostile("a\\..\\up.png"), "leads outside"),
        (hostile("link.png", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "no plain file"),
        (hostile("hard.png", type=tarfile.LNKTYPE, linkname="x"), "no plain file"),
        (hostile("device.png", type=tarfile.CHRTYPE), "no plain file"),
    ],
)
def test_hostile_tars_are_refused(tmp_path, entry, says):
    path = write_tar(tmp_path / "bad.tar", [("ok.png", encoded(picture(1))), (entry, b"")])
    with pytest.raises(ValueError, match=says):
        find_sources(path)


def test_broken_tars_are_refused(tmp_path):
    (tmp_path / "no.tar").write_bytes(b"x" * 600)
    with pytest.raises(ValueError, match="cannot be read as an uncompressed tar"):
        find_sources(tmp_path / "no.tar")
    with pytest.raises(ValueError, match="two images called '1'"):
        find_sources(write_tar(tmp_path / "twice.tar", [("1.png", b"a"), ("1.jpg", b"b")]))
    with pytest.raises(ValueError, match="holds no image"):
        find_sources(write_tar(tmp_path / "none.tar", [("1.txt", b"a")]))


def test_what_is_nothing_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder, manifest or tar"):
        find_sources(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError, match="0 files match"):
        find_sources(tmp_path / "*.jpg")
    (tmp_path / "movie.mp4").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"no folder, pattern, manifest \(.csv, .parquet\), tar or image"):
        find_sources(tmp_path / "movie.mp4")
    (tmp_path / "empty.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match="none of 1 files could be read"):
        plan_of(tmp_path / "empty.jpg")


def test_threads_keep_the_order_and_never_run_far_ahead():
    begun = itertools.count(1)
    taken, most, lock = 0, 0, threading.Lock()

    def work(number):
        nonlocal most
        with lock:
            most = max(most, next(begun) - taken)
        time.sleep(0.002 * (number % 3))
        return number

    for expected, number in enumerate(in_order(work, range(60), workers=4, ahead=8)):
        assert number == expected
        taken += 1
    assert most <= 9  # eight waiting, and the one that was just handed over


def test_leaving_early_begins_nothing_more():
    seen = []
    for number in in_order(lambda n: seen.append(n) or n, range(1000), workers=2, ahead=4):
        if number == 3:
            break
    assert len(seen) <= 12
