"""A node of ours in a folder, made and served by its command line, as its user would."""

import json
import pathlib
import socket
import subprocess

PASSWORD = "correct horse battery"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node:
    def __init__(self, binary, folder):
        self.binary, self.folder = str(pathlib.Path(binary).resolve()), str(pathlib.Path(folder) / "node")
        self.plain = free_port()
        self.base, self.root = f"http://127.0.0.1:{self.plain}", "/taxii2/live/"
        words = ["--member", "cell.example", "--role", "cell", "--country", "GB"]
        self.run("init", *words, "--listen", f"127.0.0.1:{free_port()}", "--plain-listen", f"127.0.0.1:{self.plain}")

    def run(self, *words, said=None):
        """A command's answer: a JSON value, or none."""
        line = [self.binary, "--dir", self.folder, "--json", *words]
        done = subprocess.run(line, input=said, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"`{' '.join(words)}` ended with {done.returncode}: {(done.stderr or done.stdout).strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def collection(self, title, mode="must", *words):
        return self.run("cell", "collection", "add", title, "--mode", mode, *words)["id"]

    def account(self, name, *words):
        """Two accounts, `name` with a token and `name-basic` with a password."""
        token = self.run("cell", "account", "add", name, *words)["token"]
        self.run("cell", "account", "add", f"{name}-basic", "--password", *words, said=PASSWORD + "\n")
        return token, PASSWORD

    def serve_line(self):
        return [self.binary, "--dir", self.folder, "serve"], self.base
