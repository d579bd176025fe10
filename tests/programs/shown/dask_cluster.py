"""A dask cluster of two Slurm jobs."""

import os

from dask.distributed import Client
from dask_jobqueue import SLURMCluster

# What lies in local_directory is the workers' own: no place on NFS.
with SLURMCluster(cores=2, memory="2GB", walltime="00:10:00", local_directory="/tmp") as cluster:
    cluster.scale(jobs=2)
    with Client(cluster) as client:
        client.wait_for_workers(2, timeout=120)
        squares = client.map(lambda number: number**2, range(100))
        print("sum of squares:", client.submit(sum, squares).result())
        print("nodes:", len(set(client.run(lambda: os.uname().nodename).values())))
print("closed")
