"""Analyses of plugins, as the command line asks for them; what the host computes itself is in test_types, test_cost …"""
import re

import pytest
from conftest import ROOT

EXAMPLES = ROOT / "build/tests/passes"


def test_an_analysis_of_a_plugin_tells_what_it_found(fettle, model):
    done = fettle("inspect", model, "--analysis", "call_depth", "--plugin-dir", EXAMPLES)
    assert done.code == 0, done.stderr
    assert re.fullmatch(r"\w+ rests on \d+ calls in a row\n", done.stdout)


def test_it_is_listed_and_described(fettle):
    assert re.search(r"^call_depth +analysis ", fettle("plugins", "list", "--plugin-dir", EXAMPLES).stdout, re.M)
    assert "call_depth (analysis)" in fettle("plugins", "info", "call_depth", "--plugin-dir", EXAMPLES).stdout


@pytest.mark.parametrize("name, message", [
    ("cal_depth", "did you mean 'call_depth'?"),
    ("relu_of_relu", "'relu_of_relu' is a pass"),
])
def test_a_name_that_is_no_analysis_is_refused(name, message, fettle, models):
    done = fettle("inspect", models / "bert.pt2", "--analysis", name, "--plugin-dir", EXAMPLES)
    assert done.code == 2
    assert message in done.stderr


def test_measured_workspace_is_reported_apart(fettle, models, tmp_path):
    report = tmp_path / "bench.json"
    done = fettle("bench", models / "bert.pt2", "--with", "memory", "--report-json", report)
    assert done.code == 0, done.stderr
    assert re.search(r"workspace", done.stdout)
