"""The real clients against a node of ours: `run.py BINARY`.

Makes a node in a temporary folder, serves it, runs the loop of `loop.py` and ends it; then `misp.py`.
"""

import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import node

HERE = pathlib.Path(__file__).resolve().parent


def wait_for(base, server):
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{base}/taxii2/", timeout=2)
        except urllib.error.HTTPError:
            return
        except OSError:
            pass
        else:
            return
        if server.poll() is not None:
            raise SystemExit(f"the node ended with {server.returncode}")
        time.sleep(0.05)
    raise SystemExit("the node does not answer")


def main():
    with tempfile.TemporaryDirectory() as folder:
        made = node.Node(sys.argv[1], folder)
        collection = made.collection("Indicators")
        token, password = made.account("desk")
        reader = made.account("reader", "--rights", "read")[0]
        secret = pathlib.Path(folder) / "password"
        secret.write_text(password)
        line, base = made.serve_line()
        server = subprocess.Popen(line, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            wait_for(base, server)
            ask = [sys.executable, HERE / "loop.py", base, "--token", token, "--reader", reader, "--user", "desk-basic", "--password-file", secret]
            done = subprocess.run([*ask, "--collection", collection])
        finally:
            server.terminate()
            told = server.communicate(timeout=30)[1]
        if done.returncode:
            print(f"the node said:\n{told}", file=sys.stderr)
    misp = subprocess.run([sys.executable, HERE / "misp.py", sys.argv[1]])
    sys.exit(done.returncode or misp.returncode)


if __name__ == "__main__":
    main()
