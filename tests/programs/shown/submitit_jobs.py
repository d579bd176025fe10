"""Functions as jobs, with submitit."""

import os
import time

import submitit


def add(left, right):
    return left + right


def where(number):
    time.sleep(2)
    return number, os.uname().nodename


class Counting(submitit.helpers.Checkpointable):
    """Counts seconds. Slurm warns it before its time is over; then it is queued again with what it has counted."""

    def __init__(self):
        self.counted = 0
        self.starts = 0

    def __call__(self, seconds):
        self.starts += 1
        while self.counted < seconds:
            time.sleep(1)
            self.counted += 1
        return self.counted, self.starts


executor = submitit.AutoExecutor(folder="logs/%j")
executor.update_parameters(timeout_min=5, mem_gb=1, cpus_per_task=1)
print("executor:", executor.cluster)

print("function:", executor.submit(add, 5, 7).result())

results = [job.result() for job in executor.map_array(where, range(8))]
print("array:", [number for number, node in results])
print("nodes:", len({node for number, node in results}))

job = executor.submit(time.sleep, 600)
job.cancel()
while not job.done():
    time.sleep(1)
print("cancelled:", job.state.split()[0])

executor.update_parameters(timeout_min=2, slurm_signal_delay_s=20)
counted, starts = executor.submit(Counting(), 125).result()
print("longer than its time:", counted, "seconds, started again:", starts > 1)
