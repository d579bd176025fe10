"""Two MPI programs that say the same: which host each rank is on, and how long messages take.

Only rank 0 writes: `RANK number host`, `FIGURE what bytes microseconds`, and `END` when all that came was right.
Between the first rank and the last, which are on different nodes where there are several, a message goes there and
back; the time is that of one way.
"""

from __future__ import annotations

# A warm-up before each, and few enough repetitions that a busy or slow network is done within seconds.
C = r"""
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int rank, size;

static void die(const char *words) { fprintf(stderr, "rank %d: %s\n", rank, words); MPI_Abort(MPI_COMM_WORLD, 9); }

static void figure(const char *what, long bytes, double seconds) {
  if (rank == 0) printf("FIGURE %s %ld %.2f\n", what, bytes, seconds * 1e6);
}

static void ping_pong(char *data, int bytes, int times) {
  double began = 0;
  for (int i = -3; i < times; i++) {
    if (i == 0) began = MPI_Wtime();
    data[0] = data[bytes - 1] = (char)(i + 7);
    if (rank == 0) {
      MPI_Send(data, bytes, MPI_CHAR, size - 1, 1, MPI_COMM_WORLD);
      data[0] = data[bytes - 1] = 0;
      MPI_Recv(data, bytes, MPI_CHAR, size - 1, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      if (data[0] != (char)(i + 7) || data[bytes - 1] != (char)(i + 7)) die("other data came back");
    } else if (rank == size - 1) {
      MPI_Recv(data, bytes, MPI_CHAR, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      MPI_Send(data, bytes, MPI_CHAR, 0, 2, MPI_COMM_WORLD);
    }
  }
  figure("ping-pong", bytes, (MPI_Wtime() - began) / times / 2);
  MPI_Barrier(MPI_COMM_WORLD);
}

static void all_reduce(double *in, double *out, int count, int times) {
  double began = 0;
  for (int i = -3; i < times; i++) {
    if (i == 0) { MPI_Barrier(MPI_COMM_WORLD); began = MPI_Wtime(); }
    for (int k = 0; k < count; k++) in[k] = rank + 1;
    MPI_Allreduce(in, out, count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    if (out[count - 1] != size * (size + 1) / 2.0) die("a wrong sum");
  }
  figure("allreduce", count * (long)sizeof(double), (MPI_Wtime() - began) / times);
}

int main(int argc, char **argv) {
  if (argc > 1) unlink(argv[1]);
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  char name[MPI_MAX_PROCESSOR_NAME] = "", *names = malloc((size_t)size * sizeof name);
  int length;
  MPI_Get_processor_name(name, &length);
  MPI_Gather(name, sizeof name, MPI_CHAR, names, sizeof name, MPI_CHAR, 0, MPI_COMM_WORLD);
  for (int i = 0; rank == 0 && i < size; i++) printf("RANK %d %s\n", i, names + (size_t)i * sizeof name);
  char *data = calloc(1 << 20, 1), *more = calloc(1 << 20, 1);
  if (size > 1) {
    ping_pong(data, 8, 100);
    ping_pong(data, 65536, 20);
    ping_pong(data, 1 << 20, 10);
  }
  double began = MPI_Wtime();
  for (int i = 0; i < 50; i++) MPI_Barrier(MPI_COMM_WORLD);
  figure("barrier", 0, (MPI_Wtime() - began) / 50);
  all_reduce((double *)data, (double *)more, 1, 50);
  all_reduce((double *)data, (double *)more, (1 << 20) / sizeof(double), 5);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) puts("END");
  MPI_Finalize();
  return 0;
}
"""

PYTHON = r"""
import time
from mpi4py import MPI

world = MPI.COMM_WORLD
rank, size = world.Get_rank(), world.Get_size()


def figure(what, size_in_bytes, seconds):
    if rank == 0:
        print("FIGURE", what, size_in_bytes, round(seconds * 1e6, 2), flush=True)


def ping_pong(count, times):
    data, began = bytearray(count), 0.0
    for i in range(-3, times):
        if i == 0:
            began = time.monotonic()
        data[0] = data[-1] = i + 7
        if rank == 0:
            world.Send([data, MPI.BYTE], dest=size - 1, tag=1)
            data[0] = data[-1] = 0
            world.Recv([data, MPI.BYTE], source=size - 1, tag=2)
            if data[0] != i + 7 or data[-1] != i + 7:
                raise SystemExit("other data came back")
        elif rank == size - 1:
            world.Recv([data, MPI.BYTE], source=0, tag=1)
            world.Send([data, MPI.BYTE], dest=0, tag=2)
    figure("ping-pong", count, (time.monotonic() - began) / times / 2)
    world.Barrier()


names = world.gather(MPI.Get_processor_name())
for number, name in enumerate(names or []):
    print("RANK", number, name)
if size > 1:
    ping_pong(8, 100)
    ping_pong(1 << 20, 10)
if world.allreduce(rank + 1) != size * (size + 1) // 2:
    raise SystemExit("a wrong sum")
world.Barrier()
if rank == 0:
    print("END", flush=True)
"""
