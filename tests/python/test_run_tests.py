"""run_tests.py must not lose a failure: crashes, hangs, empty programs, cut reports all count."""
import os
import sys

import pytest
import run_tests

CASE = '<TestCase name="{}" filename="a.cpp" line="3">{}<OverallResult success="{}"/></TestCase>'
FAILED_CHECK = ('<Expression success="false" type="REQUIRE" filename="a.cpp" line="7">'
                "<Original>a == b</Original><Expanded>1 == 2</Expanded></Expression>")


def program(tmp_path, body, catch2=True):
    """A stand-in for a test program: `body` runs with `report` naming the file it is to write."""
    script = tmp_path / "program.py"
    script.write_text(
        "import os, signal, sys\n"
        "if '--libidentify' in sys.argv:\n"
        f"    print({'framework: Catch' if catch2 else ''!r}); sys.exit()\n"
        "report = sys.argv[sys.argv.index('-o') + 1] if '-o' in sys.argv else None\n" + body)
    return {"name": "stand-in", "cmd": [sys.executable, str(script)], "env": {}, "workdir": None}


def run(program, words=()):
    result = run_tests.run_program(program, dict(os.environ), list(words))
    return result.passed, result.failed, result.skipped, result.details


def test_cases_are_counted_and_failures_shown(tmp_path):
    xml = "<Catch>" + CASE.format("good", "", "true") + CASE.format("bad", FAILED_CHECK, "false")
    passed, failed, _, details = run(program(
        tmp_path, f"open(report, 'w').write({xml + '</Catch>'!r}); sys.exit(1)"))
    assert (passed, failed) == (1, 1)
    for part in ("bad", "a.cpp:7", "a == b", "1 == 2"):
        assert part in details
    assert "good" not in details


def test_a_crash_counts_and_what_ran_before_it_too(tmp_path):
    cut = "<Catch>" + CASE.format("good", "", "true") + '<TestCase name="crashes"><Expr'
    body = (f"open(report, 'w').write({cut!r}); print('last words', flush=True); "
            "os.kill(os.getpid(), signal.SIGSEGV)")
    passed, failed, _, details = run(program(tmp_path, body))
    assert (passed, failed) == (1, 1)
    assert "signal 11" in details and "last words" in details


def test_an_exit_code_without_a_failed_case_counts(tmp_path):
    xml = "<Catch>" + CASE.format("good", "", "true") + "</Catch>"  # a leak found at exit
    assert run(program(tmp_path, f"open(report, 'w').write({xml!r}); sys.exit(23)"))[:2] == (1, 1)


def test_no_case_at_all_is_a_failure_unless_words_chose(tmp_path):
    empty = program(tmp_path, "open(report, 'w').write('<Catch></Catch>')")
    assert run(empty)[:2] == (0, 1)
    assert run(empty, ["word"])[:2] == (0, 0)


def test_a_hang_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(run_tests, "TIMEOUT", 1)
    _, failed, _, details = run(program(tmp_path, "import time; time.sleep(60)"))
    assert failed == 1 and "still running" in details


@pytest.mark.parametrize("code, counts", [(0, (1, 0, 0)), (1, (0, 1, 0)), (77, (0, 0, 1))])
def test_other_programs_are_judged_by_their_exit_code(tmp_path, code, counts):
    assert run(program(tmp_path, f"sys.exit({code})", catch2=False))[:3] == counts


def test_skipped_cases_are_not_passed():
    text = '<TestCase name="s"><OverallResult success="true" skips="1"/></TestCase>'
    result = run_tests.read_catch2("s", text)
    assert (result.passed, result.failed, result.skipped) == (0, 0, 1)
