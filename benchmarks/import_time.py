"""What importing the flow adds to importing Prefect, in seconds: medians over fresh interpreters.

Run with `python benchmarks/import_time.py [REPETITIONS]`. Held to: at most 1 s more.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

PREFECT = "import prefect, prefect.flows, prefect.tasks, prefect.artifacts"
STEPS = {
    "nothing": "pass",
    "prefect, as a name": "import prefect",
    "prefect, the parts that any flow needs": PREFECT,
    "counterpoise.flows.command_line": "import counterpoise.flows.command_line",
    "prefect and counterpoise.flows.balance": f"{PREFECT}; import counterpoise.flows.balance",
}


def seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    times: dict[str, list[float]] = {name: [] for name in STEPS}
    for _ in range(repetitions):
        for name, code in STEPS.items():
            times[name].append(seconds(code))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, value in medians.items():
        print(f"{value:7.3f} s  {name}")
    flow = medians["prefect and counterpoise.flows.balance"]
    print(f"{flow - medians['prefect, the parts that any flow needs']:7.3f} s  what the flow adds to Prefect's parts")
    print(f"{flow - medians['prefect, as a name']:7.3f} s  what the flow adds to `import prefect`")


if __name__ == "__main__":
    main()
