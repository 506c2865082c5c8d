"""`fettle bisect`: the guilty pass, the guilty rewrite, and a program of a few calls that shows it."""
import os
import pathlib
import re
import shlex
import signal
import sys

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "mutants"))

from mutants import MUTANTS, STRUCTURE, VERIFIERS  # noqa: E402

BUILD = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle")).parent
MOST_CALLS = 10


@pytest.fixture
def bisect(fettle, pipeline, tmp_path):
    def run(text, model, *options, plugins=BUILD / "tests" / "mutants", folder="repro",
            environment=None):
        done = fettle("bisect", model, "-p", pipeline(text), "--plugin-dir", plugins,
                      "-o", tmp_path / folder, *options, environment=environment)
        return done, tmp_path / folder
    return run


def text_of(passes, verifier="numeric"):
    return f"passes: [{passes}]\nverify: {{after: each, with: [{verifier}]}}\n"


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_mutant_is_blamed_and_shown_by_a_few_calls(bisect, fettle, mutant_program, name):
    host, by = MUTANTS[name]
    verifier = VERIFIERS.get(by, "numeric")
    done, folder = bisect(text_of(f"cse, {name}, dce", verifier), mutant_program(host))
    assert done.code == 1, (done.stdout, done.stderr)
    assert f"pass '{name}' is to blame" in done.stdout
    rewrite = re.search(r"rewrite (\d+)(?: of (\d+))? decides: at '", done.stdout)
    assert rewrite, done.stdout
    calls = re.search(r"reproducer: .*, (\d+) of (\d+) calls", done.stdout)
    assert calls and int(calls[1]) <= min(MOST_CALLS, int(calls[2])), done.stdout
    # The folder is all that it takes.
    assert sorted(p.name for p in folder.iterdir()) == ["README.md", "pipeline.yaml", "repro.pt2"]
    shown = fettle("run", folder / "repro.pt2", "-p", folder / "pipeline.yaml",
                   "--plugin-dir", BUILD / "tests" / "mutants")
    assert shown.code == (3 if by == STRUCTURE else 1), (shown.stdout, shown.stderr)
    assert f"'{name}'" in shown.stderr


def elements_of(folder):
    """In the inputs and weights of the reproducer, as Python loads it."""
    import torch
    program = torch.export.load(folder / "repro.pt2")
    args, _ = program.example_inputs
    values = [*args, *program.state_dict.values(), *program.constants.values()]
    return sum(value.numel() for value in values if isinstance(value, torch.Tensor))


def before_text(folder):
    return (folder / "README.md").read_text().split("## Before")[1].split("## After")[0]


def still_fails(fettle, folder):
    command = (folder / "README.md").read_text().split("```\n")[1].strip()
    shown = fettle(*shlex.split(command)[1:], cwd=folder)
    return shown.code == 1 and "error[verification-failed]" in shown.stderr


# What a program needs to fail: an element above 6; what is not its own transpose; a sum that a mask
# changes; a size past 127; two sizes.
@pytest.mark.parametrize("name, most", [
    ("mutant_relu6", 1), ("mutant_transposed_weight", 16), ("mutant_dropped_mask", 64),
    ("mutant_dropped_bound", 1), ("mutant_tanh_gelu", 4), ("mutant_wrong_epsilon", 12),
    ("mutant_swapped_sub", 2), ("mutant_modulo_broadcast", 8), ("mutant_squeezed_batch", 8)])
def test_sizes_shrink_to_what_the_fault_needs(bisect, fettle, mutant_program, name, most):
    host, by = MUTANTS[name]
    done, folder = bisect(text_of(name, VERIFIERS[by]), mutant_program(host))
    assert done.code == 1, (done.stdout, done.stderr)
    elements = elements_of(folder)
    assert elements <= most, (folder / "README.md").read_text()
    assert f" {elements} element" in done.stdout
    assert still_fails(fettle, folder)


def test_sizes_in_arguments_shrink_with_those_of_inputs(bisect, fettle, mutant_program):
    done, folder = bisect(text_of("mutant_cse_across_write"), mutant_program("write_through_view"))
    assert done.code == 1
    assert "[1, 1, 1])" in re.search(r"aten.view.default\(.*", before_text(folder))[0]
    assert elements_of(folder) == 1
    assert still_fails(fettle, folder)


def test_dynamic_sizes_shrink_within_their_range(bisect, fettle, mutant_program):
    done, folder = bisect(text_of("mutant_relu6"), mutant_program("relu_of_any_length"))
    assert done.code == 1
    assert re.search(r"^- `.*`: f32\[s\d+.*\] = \[\d+\.\d+\]$", (folder / "README.md").read_text(), re.M)
    assert elements_of(folder) == 1
    assert still_fails(fettle, folder)


def test_a_smaller_program_does_not_fail_in_another_way(bisect, fettle, mutant_program):
    done, folder = bisect(text_of("mutant_merged_means"), mutant_program("square_means"))
    assert done.code == 1
    assert "does not run" not in (folder / "README.md").read_text()  # as one of other dims would
    assert elements_of(folder) <= 8
    assert still_fails(fettle, folder)


def test_values_are_as_simple_as_the_fault_allows(bisect, fettle, mutant_program):
    done, folder = bisect(text_of("mutant_swapped_sub"), mutant_program("differences"))
    assert done.code == 1
    readme = (folder / "README.md").read_text()
    values = [float(x) for line in re.findall(r"^- `.*` *: f32.* = (.*)$", readme, re.M)
              for x in re.findall(r"[-\d.]+", line)]
    assert values and all(value == round(value) for value in values), readme
    assert still_fails(fettle, folder)


@pytest.mark.parametrize("host", ["relu_in_a_branch", "relu_in_a_loop", "relu_in_a_map"])
def test_what_a_nested_graph_holds_takes_the_place_of_its_call(bisect, fettle, mutant_program, host):
    done, folder = bisect(text_of("mutant_relu6"), mutant_program(host))
    assert done.code == 1
    assert "higher_order" not in before_text(folder)
    assert before_text(folder).count(" = aten.") == 1
    assert still_fails(fettle, folder)


def test_calls_in_nested_graphs_are_taken_away(bisect, fettle, mutant_program):
    done, folder = bisect(text_of("mutant_specialized_cond"), mutant_program("long_branches"))
    assert done.code == 1, (done.stdout, done.stderr)
    assert before_text(folder).count("higher_order.cond") == 1
    assert before_text(folder).count(" = aten.") <= 1, before_text(folder)
    assert still_fails(fettle, folder)


def test_the_readme_has_the_command_and_the_program_before_and_after(bisect, fettle, mutant_program):
    done, folder = bisect(text_of("mutant_relu6"), mutant_program("resnet18"))
    assert done.code == 1
    readme = (folder / "README.md").read_text()
    assert "aten.relu.default" in readme.split("## After")[0]
    assert "aten.hardtanh.default" in readme.split("## After")[1]
    command = readme.split("```\n")[1].strip()
    assert command.startswith("fettle run repro.pt2 -p pipeline.yaml")
    shown = fettle(*shlex.split(command)[1:], cwd=folder)
    assert shown.code == 1
    assert "error[verification-failed]" in shown.stderr


def test_the_refused_run_names_the_line_to_type(fettle, pipeline, mutant_program, tmp_path):
    path = pipeline(text_of("cse, mutant_relu6"))
    plugins = BUILD / "tests" / "mutants"
    done = fettle("run", mutant_program("resnet18"), "-p", path, "--plugin-dir", plugins)
    assert done.code == 1
    line = re.search(r"fettle bisect (.*?);", done.stderr)[1]
    assert shlex.split(line) == [str(mutant_program("resnet18")), "--pipeline", str(path),
                                 "--plugin-dir", str(plugins)]
    again = fettle("bisect", *shlex.split(line), "-o", tmp_path / "repro")
    assert again.code == 1
    assert "'mutant_relu6' is to blame, the 2. that ran" in again.stdout


def test_the_same_command_finds_the_same(bisect, mutant_program):
    found = []
    for folder in ("one", "two"):
        done, path = bisect(text_of("mutant_transposed_weight"), mutant_program("gpt2"), folder=folder)
        assert done.code == 1
        found.append(((path / "README.md").read_text(), (path / "pipeline.yaml").read_text()))
    assert found[0] == found[1]


def test_python_loads_the_reproducer(bisect, mutant_program):
    import torch
    done, folder = bisect(text_of("mutant_dropped_mask"), mutant_program("gpt2"))
    assert done.code == 1
    loaded = torch.export.load(folder / "repro.pt2")
    args, kwargs = loaded.example_inputs
    assert loaded.module()(*args, **kwargs)[0].isfinite().all()


@pytest.mark.parametrize("fault, code", [("segv", "plugin-crashed"), ("spin", "plugin-timed-out")])
def test_a_pass_that_crashes_or_hangs_is_blamed_too(bisect, mutant_program, fault, code):
    text = (f"passes: [cse, faulty_pass: {{how: {fault}}}]\n"
            "verify: {after: each, with: [numeric]}\nisolation: {mode: process, seconds: 1}\n")
    done, folder = bisect(text, mutant_program("differences"),
                          plugins=BUILD / "tests" / "isolation")
    assert done.code == 1, (done.stdout, done.stderr)
    assert code in done.stdout
    assert "pass 'faulty_pass' is to blame, the 2. that ran" in done.stdout
    assert "rewrite 1 decides" in done.stdout
    assert (folder / "repro.pt2").exists()


def test_a_crash_of_libtorch_costs_a_trial_and_not_the_search(bisect, fettle, mutant_program, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done, folder = bisect("passes: [cse, wild_strides, dce]\nverify: {with: [numeric]}\n",
                          mutant_program("relu_after_sine"), plugins=BUILD / "tests" / "isolation",
                          environment={"TMPDIR": str(scratch)})
    assert done.code == 1, (done.stdout, done.stderr)
    assert "this process crashed" in done.stderr
    assert "plugin-crashed" in done.stdout and "died (SIG" in done.stdout
    assert "pass 'wild_strides' is to blame, the 2. that ran" in done.stdout
    assert "rewrite 1 decides" in done.stdout
    assert before_text(folder).count(" = aten.") <= 2
    shown = fettle("run", folder / "repro.pt2", "-p", folder / "pipeline.yaml",
                   "--plugin-dir", BUILD / "tests" / "isolation")
    assert shown.code in (-signal.SIGSEGV, -signal.SIGBUS)
    assert not any(scratch.iterdir())


def test_a_pipeline_that_passes_has_nothing_to_blame(bisect, mutant_program):
    done, folder = bisect(text_of("cse, dce"), mutant_program("gpt2"))
    assert done.code == 0
    assert "nothing to look for" in done.stdout
    assert not folder.exists()


def test_a_folder_with_something_in_it_is_left_alone(bisect, mutant_program, tmp_path):
    (tmp_path / "repro").mkdir()
    (tmp_path / "repro" / "mine.txt").write_text("mine")
    done, folder = bisect(text_of("mutant_relu6"), mutant_program("resnet18"))
    assert done.code == 2
    assert "a folder of its own" in done.stderr
    assert [p.name for p in folder.iterdir()] == ["mine.txt"]
