"""Train in several processes: `torchrun --nproc-per-node 2 -m embedlab.train CONFIG.toml --out DIR`."""

import argparse
import json
import os
import sys

from embedlab.train.saved import Paused
from embedlab.train.several import train


def main() -> int:
    """Train as `embedlab train` does; the first process prints the result as JSON."""
    asked = argparse.ArgumentParser(prog="python -m embedlab.train", description=__doc__)
    asked.add_argument("config", help="a TOML file of one run or several")
    asked.add_argument("--out", help="folder of the run; run/ and the file's name")
    asked.add_argument("--minutes", type=float, help="save and stop after so long; the same command goes on")
    told = asked.parse_args()
    speaks = os.environ.get("RANK", "0") == "0"
    try:
        done = train(told.config, told.out, minutes=told.minutes)
    except Paused as pause:
        if speaks:
            print(f"{pause}: the same command goes on from there")
        return 0
    except (ValueError, OSError) as error:
        if speaks:
            print(f"error: {error}", file=sys.stderr)
        return 1
    if speaks:
        print(json.dumps(done, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
