"""The live host answers who holds the address, with what the store holds, and refuses everything else."""

import base64
import http.client
import io
import socket
import threading
from urllib.parse import quote, urlsplit

import numpy as np
import polars as pl
import pytest
from asking import PAGE, ask, told
from photos import colour_of
from PIL import Image

from embedlab.explore import handlers
from embedlab.explore.live import Live, inside
from embedlab.explore.photographs import Photographs
from embedlab.explore.server import Server, tunnel
from embedlab.io.store import open_store


@pytest.fixture(scope="module")
def live(birds, tmp_path_factory):
    space = open_store(birds)
    # the page shows them in another order, and one of them not
    ids = [f"img-{i:03d}" for i in (7, 3, 11, 0, 1, 2, 4, 5, 6, 8, 9)]
    x = np.arange(12.0)
    places = [(space.rows["image_id"].to_list(), x, x % 3)]
    words = {"third": np.asarray(space.x[2]), "wrong": np.ones(3)}
    return Live(ids, space, places, photographs=Photographs(birds), words=lambda q: words.get(q, np.ones(5)),
                folder=tmp_path_factory.mktemp("selections"))  # fmt: skip


@pytest.fixture(scope="module")
def server(live):
    with Server(PAGE, live) as server:
        yield server


def test_the_page_comes_with_a_policy_that_runs_its_own_script_only(server):
    status, headers, content = ask(server, "")
    assert (status, content.decode()) == (200, PAGE)
    said = headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in said.split("script-src")[1].split(";")[0] and "sha256-" in said
    assert "connect-src 'self'" in said and "default-src 'none'" in said and "frame-ancestors 'none'" in said
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] == "embedlab" and headers["Access-Control-Allow-Origin"] is None


def test_it_listens_on_this_machine_alone(server):
    assert server.server_address[0] == "127.0.0.1"
    assert len(server.token) >= 32 and server.token in server.url
    with Server(PAGE, server.live) as another:
        assert another.token != server.token and another.port != server.port


@pytest.mark.parametrize("token", ["", "wrong", "é", "%2e%2e", "x" * 9000])
def test_without_the_token_there_is_nothing(server, token):
    for path in ("", "image/0", "knn?row=0"):
        status, headers, content = ask(server, path, token=quote(token, safe="%"))
        assert status == 403 and b"token" in content and b"page" not in content
        assert headers["X-Content-Type-Options"] == "nosniff"
    short = server.token[:-1]
    assert ask(server, "", token=short)[0] == 403
    assert ask(server, "selection", method="POST", body={"ids": ["img-000"]}, token=short)[0] == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "localhost.evil"])
def test_a_page_that_bends_a_name_to_this_machine_is_refused(server, host):
    assert ask(server, "", Host=host)[0] == 403
    assert ask(server, "", Host=None)[0] == 403


def test_our_own_names_are_known_whatever_port_a_tunnel_has(server, live):
    for host in ("localhost:9999", "127.0.0.1", "LOCALHOST", "[::1]:80"):
        assert ask(server, "", Host=host)[0] == 200
    with Server(PAGE, live, names=["hub.example.org"]) as behind:
        assert ask(behind, "", Host="Hub.example.org:443")[0] == 200


def test_a_post_of_another_site_is_refused(server):
    body = {"panel": 0, "polygon": [[-1, -1], [20, -1], [20, 20]]}
    assert ask(server, "lasso", method="POST", body=body, Origin="http://evil.example")[0] == 403
    assert ask(server, "lasso", method="POST", body=body, Origin="null")[0] == 403
    assert ask(server, "lasso", method="POST", body=body, Origin=f"http://127.0.0.1:{server.port}")[0] == 200


def test_a_row_of_the_page_gives_the_photograph_of_its_id_without_its_place(server, live):
    for row, image in enumerate(live.ids):
        status, headers, content = ask(server, f"image/{row}")
        assert (status, headers["Content-Type"]) == (200, "image/jpeg")
        with Image.open(io.BytesIO(content)) as photograph:
            assert photograph.size == (320, 240) and not photograph.getexif()
            middle = np.asarray(photograph, float)[100:140, 100:200].mean(axis=(0, 1))
        assert np.abs(middle - colour_of(int(image[4:]))).max() < 6
    assert b"nest" not in content and b"Exif" not in content


@pytest.mark.parametrize(
    "path",
    ["image/11", "image/99999999", "image/-1", "image/1.0", "image/", "image/0/1", "image/0x1", "image/../0",
     "image/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "../", "../../etc/passwd", "etc/passwd", "image/٣", "page", "live",
     "image/0%00", "__init__.py", "image", ".", "%2e", "image/1e3"],
)  # fmt: skip
def test_no_other_path_leads_anywhere(server, path):
    status, _, content = ask(server, quote(path, safe="/%.?="))
    assert status in (400, 403, 404) and len(content) < 300 and b"root" not in content


def test_methods_and_queries_that_are_not_offered(server):
    assert ask(server, "lasso")[0] == 405 and ask(server, "knn", method="POST", body={})[0] == 405
    assert ask(server, "", method="DELETE")[0] == 501 and ask(server, "", method="OPTIONS")[0] == 501
    status, headers, content = ask(server, "", method="HEAD")
    assert (status, content) == (200, b"") and int(headers["Content-Length"]) == len(PAGE)
    for query in ("", "?row=", "?row=a", "?row=0&row=1", "?row=0&k=0", "?row=0&k=101", "?row=12", "?%zz",
                  "?row=0&" + "&".join(f"a{i}=1" for i in range(40)), "?row=99999999999999999999"):  # fmt: skip
        assert ask(server, f"knn{query}")[0] in (400, 404), query


def test_neighbours_are_those_of_the_full_space_and_what_the_page_lacks_is_counted(server, live):
    x = live.space.x / np.linalg.norm(live.space.x, axis=1, keepdims=True)
    seen = set()
    for row, image in enumerate(live.ids):
        at = int(image[4:])
        likeness = x @ x[at]
        order = [i for i in np.argsort(-likeness, kind="stable") if i != at]
        drawn = [f"img-{i:03d}" for i in order if i != 10]
        for k in (3, 12):
            answer = told(server, f"knn?row={row}&k={k}")
            assert [live.ids[one["row"]] for one in answer["found"]] == drawn[:k] and answer["of"] == 12
            assert answer["hidden"] == (order.index(10) < k if k == 3 else order[-1] != 10)
            seen.add((k, answer["hidden"]))
        for one in answer["found"]:
            assert one["similarity"] == pytest.approx(likeness[int(live.ids[one["row"]][4:])], abs=1e-5)
    assert {(3, 0), (3, 1)} <= seen


def test_words_find_the_images_nearest_to_their_vector(server, live):
    best = told(server, "text?q=third&k=1")["found"][0]
    assert live.ids[best["row"]] == "img-002" and best["similarity"] == pytest.approx(1, abs=1e-5)
    for query, status in (("text?q=", 400), ("text?q=" + "a" * 400, 400), ("text", 400), ("text?q=wrong", 503)):
        assert ask(server, query)[0] == status
    mute = Live(live.ids, live.space)
    with Server(PAGE, mute) as other:
        assert ask(other, "text?q=third")[0] == 404 and ask(other, "image/0")[0] == 404
    assert live.can() == {"image": True, "text": True} and mute.can() == {"image": False, "text": False}


def test_a_lasso_counts_all_points_as_numpy_does(server, live):
    polygon = [[0.5, -1], [8.5, -1], [8.5, 1.5], [4.0, 0.5], [0.5, 1.5]]
    answer = told(server, "lasso", method="POST", body={"panel": 0, "polygon": polygon})
    _, x, y = live.places[0]
    hit = inside(np.array(polygon, float), x, y)
    assert answer["count"] == hit.sum() > 2 and answer["of"] == 12
    assert {live.ids[r] for r in answer["rows"]} == {f"img-{i:03d}" for i in np.flatnonzero(hit) if i != 10}


def test_density_counts_every_point_once_from_the_top(server):
    answer = told(server, "density?panel=0&x0=-0.5&x1=11.5&y0=-0.5&y1=2.5&across=12&down=3")
    counts = np.frombuffer(base64.b64decode(answer["counts"]), "<u4").reshape(3, 12)
    assert answer["size"] == [12, 3] and counts.sum() == answer["of"] == 12 and counts.max() == 1
    assert counts[0].nonzero()[0].tolist() == [2, 5, 8, 11]  # y = 2 stands at the top
    part = told(server, "density?panel=0&x0=-0.5&x1=5.5&y0=-0.5&y1=2.5&across=9&down=4")
    assert np.frombuffer(base64.b64decode(part["counts"]), "<u4").sum() == 6 and part["box"] == [-0.5, 5.5, -0.5, 2.5]
    for bad in ("x0=1&x1=1&y0=0&y1=1&across=4&down=4", "x0=nan&x1=1&y0=0&y1=1&across=4&down=4",
                "x0=0&x1=1&y0=0&y1=1&across=4000&down=4", "x0=0&x1=inf&y0=0&y1=1&across=4&down=4",
                "x0=0&x1=1&y0=0&y1=1&across=0&down=4", "x0=0&x1=1&y0=0&across=4&down=4"):  # fmt: skip
        assert ask(server, f"density?panel=0&{bad}")[0] == 400, bad
    assert ask(server, "density?panel=3&x0=0&x1=1&y0=0&y1=1&across=4&down=4")[0] == 404


def test_a_selection_is_written_whole_beside_the_others(server, live):
    ids = ["img-003", "img-010", "img-000"]
    names = [told(server, "selection", method="POST", body={"ids": ids})["file"] for _ in range(2)]
    assert len(set(names)) == 2  # in the same second
    table = pl.read_csv(live.folder / names[0])
    assert table["image_id"].to_list() == ids and table["species"].to_list() == ["Genus species3", "Genus species2",
                                                                              "Genus species0"]  # fmt: skip
    answer = told(server, "selection", method="POST",
                  body={"panel": 0, "polygon": [[-1, -1], [3.5, -1], [3.5, 9], [-1, 9]]})  # fmt: skip
    assert answer["images"] == 4 and pl.read_csv(live.folder / answer["file"]).height == 4
    assert not [p for p in live.folder.iterdir() if p.suffix != ".csv"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"ids": 3}', b'{"ids": []}', b'{"ids": ["stranger"]}', b'{"ids": [1]}', b"\xff",
     b'{"ids": ["img-000", "../../x"]}', b"[" * 100_000, b'{"polygon": [[0,0],[1,1],[NaN,2]], "panel": 0}',
     b'{"panel": 0, "polygon": [[0,0],[1,1]]}', b'{"panel": "0", "polygon": [[0,0],[1,1],[2,2]]}',
     b'{"panel": true, "polygon": [[0,0],[1,1],[2,2]]}', b'{"panel": 0, "polygon": [[90,90],[91,90],[91,91]]}',
     b'{"panel": 0, "polygon": [[0,0],[1],[2,2]]}', b'{"panel": 0, "polygon": {"a": 1}}'],
)  # fmt: skip
def test_a_body_that_says_no_selection_writes_nothing(server, live, body):
    before = sorted(live.folder.iterdir())
    assert ask(server, "selection", method="POST", body=body)[0] in (400, 404)
    assert sorted(live.folder.iterdir()) == before


def test_a_huge_body_is_not_read(server):
    claimed = {"Content-Length": str(handlers.BODY_LIMIT + 1), "Content-Type": "application/json"}
    assert ask(server, "selection", method="POST", body=b"{}", **claimed)[0] == 413
    for length in ("-1", "1e9", "0x10", "9" * 40):
        claimed["Content-Length"] = length
        assert ask(server, "selection", method="POST", body=b"{}", **claimed)[0] in (411, 413), length
    body = b"2\r\n{}\r\n0\r\n\r\n"
    assert ask(server, "selection", method="POST", body=body, Transfer_Encoding="chunked")[0] == 411
    assert ask(server, "selection", method="POST", body=b"{}", **{"Content-Type": "text/plain"})[0] == 415
    assert told(server, "knn?row=0")["of"] == 12  # it still answers


def test_what_is_no_http_hurts_nobody(server):
    for noise in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"A" * 70_000 + b"\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as line:
            try:
                line.sendall(noise)
                line.shutdown(socket.SHUT_WR)
                while line.recv(4096):
                    pass
            except OSError:
                pass
    assert told(server, "knn?row=0")["of"] == 12


def test_many_may_ask_at_once(server, live):
    answers = {}

    def work(row):
        answers[row] = ask(server, f"image/{row}")[2]

    threads = [threading.Thread(target=work, args=(row % len(live.ids),)) for row in range(33)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(live.ids) and all(c[:2] == b"\xff\xd8" for c in answers.values())


def test_what_is_closed_answers_no_more_on_any_line(live):
    server = Server(PAGE, live).begin()
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    line.request("GET", f"/{server.token}/")
    assert line.getresponse().read().decode() == PAGE
    server.close()
    with pytest.raises((OSError, http.client.HTTPException)):  # the same line, which was kept open
        line.request("GET", f"/{server.token}/")
        line.getresponse()


def test_a_taken_port_is_said(server, live):
    with pytest.raises(OSError, match="leave --port out"):
        Server(PAGE, live, port=server.port)


def test_the_tunnel_names_the_port_of_ssh_too():
    assert tunnel(7, {"SSH_CONNECTION": "a 1 host 2222", "USER": "u"}) == "ssh -N -L 7:127.0.0.1:7 -p 2222 u@host"
    assert tunnel(7, {"SSH_CONNECTION": "odd"}) == ""


def test_the_address_is_relative_under_any_prefix(server):
    assert urlsplit(server.url).path.count("/") == 2 and server.url.endswith("/")
