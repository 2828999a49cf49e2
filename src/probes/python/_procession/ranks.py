"""The rank that MPI, torchrun or Slurm gave to this process."""
import os
import posix

from .journal import me, read

# Rank, rank on this machine, number of ranks; as in `numberings` of the Node probe.
NUMBERINGS = (
    (b'RANK', b'LOCAL_RANK', b'WORLD_SIZE'),
    (b'OMPI_COMM_WORLD_RANK', b'OMPI_COMM_WORLD_LOCAL_RANK', b'OMPI_COMM_WORLD_SIZE'),
    (b'PMI_RANK', b'MPI_LOCALRANKID', b'PMI_SIZE'),
    (b'SLURM_PROCID', b'SLURM_LOCALID', b'SLURM_NTASKS'),
)
FIELDS = 'rank', 'localRank', 'worldSize'
MAX_ANCESTORS = 16


def ranks():
    """The three numbers, all from one launcher; {} if there is none."""
    data = os.environ._data
    given = [names for names in NUMBERINGS if data.get(names[0], b'').isdigit()]
    if not given:
        return {}
    names = innermost(given, data) if len(given) > 1 and me.proc else given[0]
    return {field: int(data[name]) for field, name in zip(FIELDS, names) if data.get(name, b'').isdigit()}


def innermost(given, data):
    """
    The numbering of the nearest of several launchers, one within the other: the first one that an ancestor does not have
    alike. Where no environment can be read, the order in which launchers usually start each other decides.
    """
    pid = posix.getppid()
    try:
        for _ in range(MAX_ANCESTORS):
            outer = dict(item.split(b'=', 1) for item in read('/proc/%d/environ' % pid, 1 << 20).split(b'\0') if b'=' in item)
            for names in given:
                if any(outer.get(name) != data.get(name) for name in names):
                    return names
            stat = read('/proc/%d/stat' % pid, 512)
            pid = int(stat[stat.rindex(b')') + 2:].split()[1])
    except (OSError, ValueError):
        pass
    return given[0]
