"""A node of ours in a folder, made and served by its command line, as its user would."""

import json
import socket
import subprocess


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node:
    def __init__(self, binary, folder):
        self.binary, self.folder = str(binary), str(folder / "node")
