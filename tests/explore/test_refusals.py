"""What the live page answers to a question that it cannot: a sentence that says why, and no more than that."""

import socket
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from asking import PAGE, ask

from embedlab.explore import doors, handlers
from embedlab.explore.live import Live
from embedlab.explore.photographs import Photographs, Refused
from embedlab.explore.server import Server
from embedlab.io.store import open_store


@pytest.fixture(scope="module")
def server(birds, tmp_path_factory):
    space = open_store(birds)
    ids = space.rows["image_id"].to_list()
    live = Live(ids, space, [(ids, np.arange(12.0), np.arange(12.0) % 3)], photographs=Photographs(birds),
                words=lambda q: np.zeros(5) if q == "nothing" else np.ones(5),
                folder=tmp_path_factory.mktemp("s"))  # fmt: skip
    with Server(PAGE, live) as server:
        yield server


BOX = "panel=0&x0=0&x1=1&y0=0&y1=1"


@pytest.mark.parametrize("path, status, said", [
    ("nowhere", 404, "there is nothing here"),
    ("image/0/1", 404, "there is nothing here"),
    ("knn?row=0&row=1", 400, "give row once"),
    ("knn?row=a", 400, "row is a whole number from 0"),
    ("knn?row=12", 404, "there is no row 12: the page has 12, counted from 0"),
    ("knn?row=0&k=0", 400, "ask for 1 to "),
    ("text?q=", 400, "characters, not 0"),
    ("text?q=nothing", 422, "this vector has no direction"),
    (f"density?{BOX}&across=0&down=4", 400, "give x0 < x1, y0 < y1, 1 to"),
    (f"density?{BOX.replace('panel=0', 'panel=1')}&across=4&down=4", 404, "there is no map 1: the page has 1"),
])  # fmt: skip
def test_a_question_that_has_no_answer_is_told_why(server, path, status, said):
    found, _, content = ask(server, path)
    assert (found, said in content.decode()) == (status, True), content


@pytest.mark.parametrize("body, status, said", [
    (b"{", 400, "the body is not JSON"),
    (b'{"ids": NaN}', 400, "the body is not JSON"),
    (b"[]", 400, "the body is not a JSON object"),
    (b'{"ids": []}', 400, "a list of image ids that is not empty"),
    (b'{"ids": ["stranger"]}', 400, "not of this store: stranger; no file was written"),
    (b'{"panel": 0, "polygon": [[0,0],[1,1]]}', 400, "a lasso is a list of 3 to "),
    (b'{"panel": 0, "polygon": [[90,90],[91,90],[91,91]]}', 400, "nothing lies inside: no file was written"),
])  # fmt: skip
def test_a_body_that_says_nothing_is_told_why(server, body, status, said):
    found, _, content = ask(server, "selection", method="POST", body=body)
    assert (found, said in content.decode()) == (status, True), content


def test_a_body_says_its_length_and_keeps_to_it(server):
    most = f"a body of {handlers.BODY_LIMIT + 1:,} bytes; at most {handlers.BODY_LIMIT:,} are read"
    for length, said in (("-1", "a body says its length"), (str(handlers.BODY_LIMIT + 1), most)):
        answer = ask(server, "selection", method="POST", body=b"{}", **{"Content-Length": length})
        assert said in answer[2].decode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        head = f"POST /{server.token}/selection HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        line.sendall(head.encode() + b"Content-Length: 9\r\n\r\n{}")
        line.shutdown(socket.SHUT_WR)
        assert b"the body is shorter than it says" in b"".join(iter(lambda: line.recv(4096), b""))


def test_an_address_that_no_parser_takes_is_refused(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(f"GET /{server.token}/knn?row HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert b"this address cannot be read" in b"".join(iter(lambda: line.recv(4096), b""))


def test_rows_without_a_file_and_galleries_of_nothing_are_told(birds):
    photographs = Photographs(birds)
    with pytest.raises(Refused, match="there is no row 12"):
        photographs.jpeg(12)
    photographs._rows = photographs._rows.with_columns(path=pl.lit(""), sha256=pl.lit(None, dtype=pl.String))
    with pytest.raises(Refused, match="this row names no file"):
        photographs.jpeg(0)
    with pytest.raises(ValueError, match="a gallery of 0 columns and 64 images shows nothing: both are at least 1"):
        doors.gallery(SimpleNamespace(card={}), cols=0)


def test_vectors_in_place_of_a_map_are_told_what_makes_one(birds):
    with pytest.raises(TypeError, match=r"a map is what el.project gives; saw Embeddings. Say el.show\(el.project\("):
        doors.show(open_store(birds))
