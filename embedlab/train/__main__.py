"""`torchrun --nproc-per-node 2 -m embedlab.train CONFIG.toml --out DIR`: `embedlab train` over several processes."""

import sys

from embedlab.cli import app

if __name__ == "__main__":
    app(["train", *sys.argv[1:]])
