"""`python <this folder>` is one worker of a workload. A folder and no file, so that multiprocessing's spawned children do not load it again."""
from _procession_worker.serve import main

main()
