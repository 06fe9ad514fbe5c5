"""A real JupyterLab server: a chapter is opened as a notebook, run and saved, and stays the same.

What is sent is what JupyterLab's page sends: its requests are made here without a browser.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from fake_report import Fake

pytest.importorskip("jupyterlab")
ROOT = Path(__file__).parents[3]
CHAPTERS = sorted(path.name for path in (ROOT / "chapters").glob("*.py"))
STARTED_WITHIN = 120  # seconds
# What JupyterLab adds when it runs and saves; none of it belongs into a chapter.
OF_A_CELL = {"trusted": True, "collapsed": False, "scrolled": True,
             "execution": {"iopub.status.idle": "2026-01-01T00:00:00.000000Z"}}
OF_THE_NOTEBOOK = {
    "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
    "language_info": {"name": "python", "version": "3.12.0", "file_extension": ".py"}}


class Server:
    """JupyterLab on a folder, with settings and runtime files of its own."""

    def __init__(self, folder: Path, home: Path):
        own = {name: str(home / name.lower()) for name in
               ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR",
                "IPYTHONDIR")}
        environment = {**os.environ, **own, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
        environment.pop("MPLBACKEND", None)
        self.log = (home / "log.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
             "--ServerApp.port=0", f"--ServerApp.root_dir={folder}"],
            env=environment, stdout=self.log, stderr=self.log)
        note = home / "jupyter_runtime_dir" / f"jpserver-{self.process.pid}.json"
        self._wait_until(lambda: note.exists() and note.read_text().endswith("}"))
        told = json.loads(note.read_text())
        self.url, self.headers = told["url"], {"Authorization": f"token {told['token']}"}
        self._wait_until(self._answers)  # it writes the note first and listens afterwards

    def _wait_until(self, ready):
        end = time.monotonic() + STARTED_WITHIN
        while not ready():
            log = Path(self.log.name).read_text()
            assert self.process.poll() is None, log
            assert time.monotonic() < end, f"not ready within {STARTED_WITHIN} s: {log}"
            time.sleep(0.05)

    def _answers(self):
        try:
            self.ask("GET", "api")
        except ConnectionError:
            return False
        return True

    def ask(self, method, path, /, **body):
        """Make one request of the server; return its answer."""
        return asyncio.run(self._ask(method, path, body))

    async def _ask(self, method, path, body):
        from tornado.httpclient import AsyncHTTPClient

        sent = json.dumps(body) if method in ("PUT", "POST") else None
        answer = await AsyncHTTPClient().fetch(self.url + path, method=method, body=sent,
                                               headers=self.headers, request_timeout=60)
        return json.loads(answer.body) if answer.body else None

    def open(self, path):
        """Return a chapter as a notebook."""
        return self.ask("GET", f"api/contents/{path}?type=notebook&content=1")["content"]

    def save(self, path, notebook):
        """Save a notebook as JupyterLab does, with a checkpoint."""
        self.ask("PUT", f"api/contents/{path}", type="notebook", format="json", content=notebook)
        self.ask("POST", f"api/contents/{path}/checkpoints")

    def run_all(self, path, notebook, before=""):
        """Run every code cell in a kernel of the server; the outputs go into the notebook.

        ``before`` is code that the kernel runs first.
        """
        session = self.ask("POST", "api/sessions", path=path, name=path, type="notebook",
                           kernel={"name": "python3"})
        asyncio.run(asyncio.wait_for(self._run(session["kernel"]["id"], notebook, before), 300))
        self.ask("DELETE", f"api/sessions/{session['id']}")

    async def _run(self, kernel, notebook, before):
        from tornado.httpclient import HTTPRequest
        from tornado.websocket import websocket_connect

        address = f"{self.url.replace('http', 'ws', 1)}api/kernels/{kernel}/channels"
        socket = await websocket_connect(HTTPRequest(address, headers=self.headers))
        await _execute(socket, before)
        for number, cell in enumerate(notebook["cells"]):
            if cell["cell_type"] == "code":
                cell["outputs"] = await _execute(socket, cell["source"])
                cell["execution_count"] = number + 1
                cell["metadata"].update(OF_A_CELL)
        notebook["metadata"].update(OF_THE_NOTEBOOK)
        socket.close()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


async def _execute(socket, code):
    """Run one cell; return its outputs in the notebook's format."""
    from nbformat import from_dict, v4

    number = uuid.uuid4().hex
    await socket.write_message(json.dumps(
        {"channel": "shell", "parent_header": {}, "metadata": {}, "content": {
            "code": code, "silent": False, "store_history": True, "user_expressions": {},
            "allow_stdin": False, "stop_on_error": True},
         "header": {"msg_id": number, "msg_type": "execute_request", "session": number,
                    "username": "", "version": "5.3"}}))
    outputs = []
    while True:
        message = json.loads(await socket.read_message())
        if message["parent_header"].get("msg_id") != number:
            continue
        if message["msg_type"] in ("stream", "display_data", "execute_result", "error"):
            outputs.append(v4.output_from_msg(from_dict(message)))
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return outputs


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The fake report and this project's chapters, with this project's jupytext settings."""
    folder = tmp_path_factory.mktemp("project")
    fake = Fake(folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name in CHAPTERS:
        shutil.copy(ROOT / "chapters" / name, folder / "chapters" / f"real_{name}")
    return fake


@pytest.fixture(scope="module")
def server(project, tmp_path_factory):
    started = Server(project.root, tmp_path_factory.mktemp("home"))
    yield started
    started.stop()


def notebooks(folder):
    return list(folder.rglob("*.ipynb"))


@pytest.mark.parametrize("backend", ["inline", "agg"])
def test_open_run_all_save(project, server, backend):
    chapter = project.chapters / "01_squares.py"
    before = chapter.read_bytes()
    notebook = server.open("chapters/01_squares.py")
    chosen = "" if backend == "inline" else f"import os; os.environ['MPLBACKEND'] = {backend!r}"
    server.run_all("chapters/01_squares.py", notebook, before=chosen)
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output["output_type"] == "error"], outputs
    assert {"output_type": "stream", "name": "stdout", "text": "last = 4\n"} in outputs
    shown = [output["data"] for output in outputs if output["output_type"] == "display_data"]
    assert "image/png" in shown[0]
    assert shown[1]["text/markdown"] == "**fig-squares.** Squares up to 4, as $x^2$."
    server.save("chapters/01_squares.py", notebook)
    assert chapter.read_bytes() == before
    assert notebooks(project.root) == []


def test_an_edit_is_saved_and_nothing_else(project, server):
    chapter = project.chapters / "01_squares.py"
    before = chapter.read_text(encoding="utf-8")
    notebook = server.open("chapters/01_squares.py")
    edited = next(cell for cell in notebook["cells"] if cell["source"] == "count = 3")
    edited["source"] = "count = 4"
    server.save("chapters/01_squares.py", notebook)
    assert chapter.read_text(encoding="utf-8") == before.replace("count = 3", "count = 4")
    chapter.write_text(before, encoding="utf-8")
    assert notebooks(project.root) == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_this_projects_chapters_stay_as_they_are(project, server, name):
    path = f"chapters/real_{name}"
    before = (project.root / path).read_bytes()
    notebook = server.open(path)
    notebook["metadata"].update(OF_THE_NOTEBOOK)
    for cell in notebook["cells"]:
        cell["metadata"].update(OF_A_CELL)
    server.save(path, notebook)
    assert (project.root / path).read_bytes() == before
    assert notebooks(project.root) == []
