"""The facts of every operator in all the programs of these tests, held against what its calls do:
what shares storage, what is written, and whose form changes."""
import os
import pathlib
import subprocess

from conftest import ROOT

# What torch.export gives of mutating code and of networks with state; a program that stops giving
# one of them makes the test blind to it.
SEEN = {"aten.add_.Tensor", "aten.copy_.default", "aten.batch_norm.default", "aten.lstm.input",
        "aten.view.default", "aten.slice.Tensor", "aten.empty.memory_format"}


def observe(paths):
    program = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle")).parent
    return subprocess.run([program / "tests" / "runtime" / "observe_facts", *paths],
                          capture_output=True, text=True, timeout=600)


def test_no_call_does_more_than_its_facts_say(captured, exported, models):
    import edge_programs
    import exports
    paths = [captured(name) for name in edge_programs.CASES]
    paths += [exported(name) for name in exports.CASES]
    done = observe(paths + sorted(models.glob("*.pt2")))
    wrong = [line for line in done.stdout.splitlines() if not line.startswith("seen ")]
    assert done.returncode == 0, "\n".join(wrong)
    seen = {line.removeprefix("seen ") for line in done.stdout.splitlines() if line not in wrong}
    assert SEEN <= seen, SEEN - seen
    print(f"{len(seen)} operators; not run: {len(wrong)} programs", *wrong, sep="\n")
