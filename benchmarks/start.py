"""How long the front door takes: `import embedlab` and help, beside Python alone and typer alone, in one run.

Best of seven fresh processes each, in turns, so that a busy moment strikes all alike.
"""

import subprocess
import sys
import time

ROWS = {
    "python alone": "pass",
    "import embedlab": "import embedlab",
    "typer alone": "import typer, rich.table, rich.panel",
    "embedlab --help": "from embedlab.cli import app; app(['--help'], standalone_mode=False)",
    "embedlab run --help": "from embedlab.cli import app; app(['run', '--help'], standalone_mode=False)",
}
TIMES = 7


def seconds(code: str) -> float:
    """Wall time of one fresh process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    took = {name: [] for name in ROWS}
    for _ in range(TIMES):
        for name, code in ROWS.items():
            took[name].append(seconds(code))
    floor = min(took["python alone"])
    print(f"{'':<22}{'seconds':>9}{'over python':>13}")
    for name, times in took.items():
        print(f"{name:<22}{min(times):>9.3f}{min(times) - floor:>13.3f}")


if __name__ == "__main__":
    main()
