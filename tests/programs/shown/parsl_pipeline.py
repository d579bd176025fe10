"""A pipeline of parsl on a block of two nodes: one Slurm job, which ends with the pipeline."""

from pathlib import Path

import parsl
from parsl.config import Config
from parsl.executors import HighThroughputExecutor
from parsl.launchers import SrunLauncher
from parsl.providers import SlurmProvider

block = SlurmProvider(
    partition="all",
    nodes_per_block=2,
    cores_per_node=1,
    mem_per_node=1,
    max_blocks=1,
    walltime="00:10:00",
    launcher=SrunLauncher(),
)


@parsl.python_app
def square(number):
    return number**2


@parsl.python_app
def total(inputs=()):
    return sum(inputs)


@parsl.bash_app
def node(number, stdout):
    return "sleep 1; hostname"


with parsl.load(Config([HighThroughputExecutor(provider=block, max_workers_per_node=1)])):
    squares = [square(number) for number in range(100)]
    print("sum of squares:", total(inputs=squares).result())
    files = [f"node-{number}.txt" for number in range(8)]
    for app in [node(number, stdout=file) for number, file in enumerate(files)]:
        app.result()
print("nodes:", len({Path(file).read_text() for file in files}))
