"""Opening and writing back archives whose weights are large, fettle beside a plain copy.

Opening is `fettle inspect` of both sizes, in turn: seconds and resident memory should not depend on
the weights. Writing back is `fettle run` with no passes; its yardstick reads the same file and writes
it in blocks of a megabyte, flushed to the disk and renamed like fettle's. The two alternate, each from
the same start: the file in the page cache, nothing waiting for the disk. Weights are random bytes, so
that no file system can leave them out.
"""
import argparse
import multiprocessing
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = 1 << 20
PER_WEIGHT = 64  # megabytes


def write_model(megabytes, path):
    """An exported program with that many megabytes of buffers."""
    import torch

    class Sum(torch.nn.Module):
        def __init__(self):
            super().__init__()
            generator = torch.Generator().manual_seed(0)
            size = min(megabytes, PER_WEIGHT)
            for i in range(megabytes // size):
                count = size * BLOCK // 8
                self.register_buffer(f"weight{i}", torch.randint(
                    -2**62, 2**62, (count,), generator=generator))

        def forward(self, x):
            for weight in self.buffers():
                x = x + weight[:3]
            return x

    torch.export.save(torch.export.export(Sum(), (torch.zeros(3, dtype=torch.int64),)), path)


def make_model(megabytes, path):
    """write_model in a process of its own: the system counts what this one ever held resident as
    its children's, too, until they run their own program."""
    process = multiprocessing.get_context("spawn").Process(target=write_model,
                                                           args=(megabytes, path))
    process.start()
    process.join()
    if process.exitcode:
        sys.exit("bench_archive: the model could not be written")


def run(program, *arguments):
    """(seconds, megabytes resident at most) of one run of fettle."""
    start = time.perf_counter()
    process = subprocess.Popen([program, *map(str, arguments)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"bench_archive: fettle {' '.join(map(str, arguments))} failed")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if usage.ru_maxrss <= own:
        sys.exit(f"bench_archive: fettle's memory cannot be told from this process's ({own} kB)")
    return seconds, usage.ru_maxrss / 1024


def read_and_write(source, target):
    """Seconds for as many bytes, in the same steps: beside the target, flushed, renamed."""
    start = time.perf_counter()
    beside = target.with_suffix(".tmp")
    block = memoryview(bytearray(BLOCK))
    with open(source, "rb", buffering=0) as reading, open(beside, "wb", buffering=0) as writing:
        while count := reading.readinto(block):
            writing.write(block[:count])
        os.fsync(writing.fileno())
    beside.rename(target)
    return time.perf_counter() - start


def settle(source, target):
    """The same start for each: no target, the source in the page cache, nothing to be flushed."""
    target.unlink(missing_ok=True)
    with open(source, "rb", buffering=0) as reading:
        block = bytearray(BLOCK)
        while reading.readinto(block):
            pass
    os.sync()


def described(values):
    return f"{statistics.median(values):8.3f}  [{min(values):.3f} .. {max(values):.3f}]"


def main():
    parser = argparse.ArgumentParser(prog="bench_archive", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=10, help="megabytes of weights (10)")
    parser.add_argument("--large", type=int, default=2048, help="megabytes of weights (2048)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dir", type=pathlib.Path, help="where the files go, three times the large")
    options = parser.parse_args()
    program = ROOT / "build" / "fettle"
    with tempfile.TemporaryDirectory(dir=options.dir) as name:
        folder = pathlib.Path(name)
        models = {size: folder / f"{size}.pt2" for size in (options.small, options.large)}
        for size, path in models.items():
            make_model(size, path)
        pipeline = folder / "copy.yaml"
        pipeline.write_text("passes: []\nverify: {after: never}\n")
        large, target = models[options.large], folder / "out.pt2"
        opened = {size: [] for size in models}
        ours, plain, resident = [], [], []
        for _ in range(options.rounds):
            for size, path in models.items():
                opened[size].append(run(program, "inspect", path))
            settle(large, target)
            seconds, megabytes = run(program, "run", large, "-p", pipeline, "-o", target)
            ours.append(seconds)
            resident.append(megabytes)
            settle(large, target)
            plain.append(read_and_write(large, target))
    for size, runs in opened.items():
        print(f"open {size:>6} MB   seconds {described([r[0] for r in runs])}"
              f"   resident MB {statistics.median(r[1] for r in runs):.0f}")
    print(f"write back       seconds {described(ours)}   resident MB "
          f"{statistics.median(resident):.0f}")
    print(f"read and write   seconds {described(plain)}")
    print(f"ratio of pairs           {described([a / b for a, b in zip(ours, plain)])}")


if __name__ == "__main__":
    main()
