"""A cluster of two machines on this one, told by lines: `RAY_TMPDIR=FOLDER python two_machines.py`.

Prints its address. "remove": the second machine is gone at once, with all that runs on it. "hold":
another job takes all CPUs of the first. Each is answered by "done". It ends with its stdin.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster

CPUS, CPUS_OF_SECOND = 3, 2


def main() -> None:
    settings = {
        "object_store_memory": 100 << 20,
        "include_dashboard": False,
        "dashboard_port": None,
    }
    cluster = Cluster(initialize_head=True, head_node_args={**settings, "num_cpus": CPUS})
    second = cluster.add_node(**settings, num_cpus=CPUS_OF_SECOND)
    print(cluster.address, flush=True)
    held: list[Any] = []
    for line in sys.stdin:
        if line.strip() == "remove":
            remove(cluster, second)
        elif line.strip() == "hold":
            ray.init(address=cluster.address, log_to_driver=False)
            while ray.cluster_resources()["CPU"] > CPUS:  # until the loss is known
                time.sleep(0.5)
            held.append(hold(CPUS))
        print("done", flush=True)
    if held:
        ray.shutdown()
    cluster.shutdown()


def remove(cluster: Any, node: Any) -> None:
    """As a machine goes: every process of it, none of which says good-bye."""
    (raylet,) = node.all_processes["raylet"]
    there = descendants(raylet.process.pid)
    for pid in (raylet.process.pid, *there):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    cluster.remove_node(node, allow_graceful=False)


def descendants(pid: int) -> list[int]:
    """Process ids of all that a process has started."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = stat.read_text().rpartition(")")[2].split()
            parents.setdefault(int(words[1]), []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        new = parents.get(waiting.pop(), [])
        found += new
        waiting += new
    return found


def hold(n_cpus: int) -> Any:
    """An actor that does nothing and has all CPUs."""

    @ray.remote(num_cpus=n_cpus)
    class Holder:
        def stands(self) -> bool:
            return True

    holder = Holder.remote()
    ray.get(holder.stands.remote())
    return holder


if __name__ == "__main__":
    main()
