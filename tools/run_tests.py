"""Builds, then runs each test program and pytest, and counts test cases. tools/test calls this.

Meson knows the test programs (`meson introspect --tests`); those that Catch2 drives are asked for
its XML, so that cases are counted, not programs; any other program is one case, judged by its exit
code. A program that crashes, hangs or runs no case is a failure. Output is shown of failures only.
"""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIMEOUT = 1800  # seconds; pytest, the longest, takes ten minutes on two cores that do nothing else

SANITIZERS = {
    # torch is not instrumented: containers that cross into it carry no annotations, and its
    # allocations may be freed by another form of delete than ours.
    "ASAN_OPTIONS": "detect_container_overflow=0:alloc_dealloc_mismatch=0:"
                    "new_delete_type_mismatch=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "LSAN_OPTIONS": f"suppressions={ROOT}/tools/leaks.supp:print_suppressions=0",
}


@dataclasses.dataclass
class Result:
    """What one suite came to; `details` is what a person needs to see of its failures."""
    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    details: str = ""
    seconds: float = 0.0


def build(directory):
    """Compiles everything; the compiler's output is shown only if it fails."""
    print(f"building {directory.name}", flush=True)
    done = subprocess.run(["meson", "compile", "-C", directory, "-j", str(os.cpu_count())],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        text = done.stdout
        first = text.find("FAILED:")
        print(text[first if first >= 0 else 0:][:20000])
    return done.returncode == 0


def test_programs(directory):
    listed = subprocess.run(["meson", "introspect", "--tests", directory], check=True,
                            capture_output=True, text=True).stdout
    return json.loads(listed)


def run_process(command, environment, directory=ROOT):
    """(exit code or None for a timeout, what it printed)."""
    try:
        done = subprocess.run(command, env=environment, cwd=directory, timeout=TIMEOUT, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, errors="replace")
    except subprocess.TimeoutExpired as expired:
        printed = expired.stdout or b""
        return None, printed if isinstance(printed, str) else printed.decode(errors="replace")
    return done.returncode, done.stdout


def how_it_ended(code):
    if code is None:
        return f"still running after {TIMEOUT} s"
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def is_catch2(program):
    """Catch2's own main prints its name on --version or --libidentify; no other program does."""
    _, text = run_process([*program["cmd"], "--libidentify"], dict(os.environ, **program["env"]))
    return "catch" in text.lower()


def run_program(program, environment, words):
    name = program["name"]
    environment = dict(environment, **program["env"])
    directory = program["workdir"] or ROOT
    if not is_catch2(program):
        if words:
            return Result(name)
        code, text = run_process(program["cmd"], environment, directory)
        if code == 77:  # Meson's and Automake's way to say skipped
            return Result(name, skipped=1)
        return Result(name, passed=1) if code == 0 else Result(
            name, failed=1, details=f"{how_it_ended(code)}\n{text}")
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        filters = [",".join(f"*{word}*" for word in words)] if words else []
        code, text = run_process([*program["cmd"], "-r", "xml", "-o", report.name, *filters],
                                 environment, directory)
        result = read_catch2(name, pathlib.Path(report.name).read_text(errors="replace"))
    found = result.passed + result.failed + result.skipped
    unexplained = code is None or code < 0 or (code != 0 and not result.failed)
    if unexplained or (not found and not words):
        result.failed += 1
        why = how_it_ended(code) if unexplained else "no test case ran"
        result.details += f"{why}\n"
    if result.failed:
        result.details += text
    return result


def read_catch2(name, text):
    """Counts cases in Catch2's XML; a crash leaves the file cut short, and what is whole counts."""
    result = Result(name)
    for block in re.findall(r"<TestCase .*?</TestCase>", text, re.DOTALL):
        try:
            case = ElementTree.fromstring(block)
        except ElementTree.ParseError:
            continue  # the case that crashed; the exit code tells of it
        overall = case.find("OverallResult")
        if overall is not None and overall.get("success") == "true":
            skipped = overall.get("skips", "0") != "0"
            result.skipped += skipped
            result.passed += not skipped
        else:
            result.failed += 1
            result.details += describe_case(case)
    return result


def describe_case(case):
    """The failed expressions of a case, each with its place and its values."""
    lines = [f"  {case.get('name')}  ({case.get('filename')}:{case.get('line')})"]
    for element in case.iter():
        place = f"    {element.get('filename')}:{element.get('line')}:"
        if element.tag == "Expression" and element.get("success") == "false":
            lines.append(f"{place} {element.get('type')}")
            lines += [f"      {child.tag.lower()}: {child.text.strip()}" for child in element
                      if (child.text or "").strip()]
        elif element.tag in ("Exception", "FatalErrorCondition", "Failure"):
            lines.append(f"{place} {element.tag}: {(element.text or '').strip()}")
        elif element.tag in ("Info", "Warning"):
            lines.append(f"    with {(element.text or '').strip()}")
    return "\n".join(lines) + "\n"


def run_pytest(environment, words):
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider",
                   f"--junitxml={report.name}", str(ROOT / "tests" / "python")]
        if words:
            command += ["-k", " or ".join(words)]
        code, text = run_process(command, environment)
        result = Result("python", details=text)
        try:
            cases = list(ElementTree.parse(report.name).iter("testcase"))
        except ElementTree.ParseError:
            cases = []
    for case in cases:
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            result.failed += 1
        elif "skipped" in outcomes:
            result.skipped += 1
        else:
            result.passed += 1
    nothing_chosen = words and code == 5
    if code != 0 and not result.failed and not nothing_chosen:
        result.failed += 1
        result.details += how_it_ended(code) + "\n"
    return result


def timed(function, *arguments):
    start = time.monotonic()
    result = function(*arguments)
    result.seconds = time.monotonic() - start
    return result


def report(result):
    ran = result.passed + result.failed
    print(f"{'FAIL' if result.failed else 'ok  '} {result.name:<24} {ran:>4} cases "
          f"{result.seconds:6.1f} s" + (f"  {result.skipped} skipped" if result.skipped else ""))
    if result.failed:
        print(result.details.rstrip())
    sys.stdout.flush()


def run_suites(directory, environment, words):
    """Every suite, as many at once as there are cores; the slowest, pytest, starts first."""
    programs = test_programs(directory)
    chosen = [p for p in programs if any(word in p["name"] for word in words)]
    pytest_chosen = "python" in words or not words
    if chosen or pytest_chosen:  # words named whole suites
        programs, words = (chosen if words else programs), []
    else:
        pytest_chosen = True
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(timed, run_pytest, environment, words)] if pytest_chosen else []
        jobs += [pool.submit(timed, run_program, program, environment, words)
                 for program in programs]
        results = []
        for job in concurrent.futures.as_completed(jobs):
            results.append(job.result())
            if not words or results[-1].passed or results[-1].failed:
                report(results[-1])
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build-dir", default="build")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    directory = ROOT / options.build_dir
    if not build(directory):
        print("the build failed\n0 passed, 1 failed")
        return 1
    sys.path.insert(0, str(ROOT / "tests" / "python"))
    import zoo
    models = zoo.ensure_models()
    environment = dict(os.environ, FETTLE_MODELS=str(models), FETTLE=str(directory / "fettle"))
    # Suites run side by side and their models are small: more threads only wait for each other.
    environment.setdefault("OMP_NUM_THREADS", "1")
    environment.pop("FETTLE_PLUGIN_PATH", None)  # the build's own plugins are what is tested
    if options.build_dir == "build-sanitize":
        environment.update(SANITIZERS)
    results = run_suites(directory, environment, options.words)
    passed, failed, skipped = (sum(getattr(r, field) for r in results)
                               for field in ("passed", "failed", "skipped"))
    if not passed + failed:
        print(f"nothing is named {' or '.join(options.words)}")
        failed = 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
