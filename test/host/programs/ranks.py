"""One of several ranks: it knows its number, and stays for a while."""
import time

from mpi4py import MPI

world = MPI.COMM_WORLD
print(world.gather(world.rank))
time.sleep(6)
