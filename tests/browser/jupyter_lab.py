"""A JupyterLab of its own for page tests: on a free port, with nothing of the user's in it."""

import json
import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
# what the page shows as idle may be a kernel that is not connected yet, and runs no cell
IDLE = """(() => { const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === 'connected' && kernel.status === 'idle'; })()"""


@contextmanager
def serving(home: Path):
    """Serve the notebooks of a folder, and give the address; what it logs is read and thrown away."""
    settings = home / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    # all cells stand in the page, so that a test can count what is drawn; by default those out of sight may not
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps({"windowingMode": "none"}), encoding="utf-8")
    places = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    places["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
    environment = {**os.environ, **places, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ServerApp.port=0",
               "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={home}", "--IdentityProvider.token=kept-here",
               "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=",
               "--LabApp.expose_app_in_browser=True"]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=home,
                               env=environment)  # fmt: skip
    reader = threading.Thread(target=lambda: [None for _ in process.stderr], daemon=True)
    try:
        seen = ""
        for line in process.stderr:
            seen += line
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/lab", line):
                break
        else:
            raise AssertionError(f"JupyterLab did not begin: {seen[-1500:]}")
        # its own log is read on, or it stops when the pipe is full
        reader.start()
        yield f"http://127.0.0.1:{found[1]}"
    finally:
        process.terminate()
        process.wait(timeout=60)
        if reader.ident:
            reader.join(timeout=10)
        process.stderr.close()
