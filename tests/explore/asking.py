"""Requests as they stand, nothing made nice on the way."""

import http.client
import json

PAGE = "<!doctype html><script>window.x = 1</script><p>a page</p>"


def ask(server, path, method="GET", body=None, token=None, **headers):
    """One request as it stands, nothing made nice on the way; give status, headers and content."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    line.putrequest(method, f"/{server.token if token is None else token}/{path}", skip_host="Host" in headers)
    if body is not None:
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Length": str(len(body)), "Content-Type": "application/json", **headers}
    for name, value in headers.items():
        if value is not None:
            line.putheader(name.replace("_", "-"), value)
    line.endheaders(body)
    answer = line.getresponse()
    content = answer.read()
    line.close()
    return answer.status, answer.headers, content


def told(server, path, **how):
    status, headers, content = ask(server, path, **how)
    assert status == 200, content
    assert headers["Content-Type"].startswith("application/json")
    return json.loads(content)
