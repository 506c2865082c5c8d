"""`fettle inspect --format dot|svg|html`: every model is drawn, the page works in a headless
browser without a network, and no name of a model gets out of its quotes."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Opens a file in a headless browser without a network: the page's DOM as text. What the page
    logs, refused requests among it, is a failure."""
    program = os.environ.get("FETTLE_BROWSER")
    program = program or next(filter(None, map(shutil.which, BROWSERS)), "")
    release = pathlib.Path("/etc/os-release")
    if not program and release.exists() and "\nID=ubuntu" in release.read_text():
        pytest.skip("Ubuntu has no Chromium but a snap: set FETTLE_BROWSER to one")
    assert program, "no Chromium is installed: tools/setup --tests, or FETTLE_BROWSER=PATH"
    profile = tmp_path_factory.mktemp("browser")

    def dom(path):
        done = subprocess.run(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND",  # there is no network
             f"--user-data-dir={profile}", "--enable-logging=stderr", "--window-size=1400,1000",
             "--virtual-time-budget=5000", "--dump-dom", path.resolve().as_uri()],
            capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        logged = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        assert not logged, "\n".join(logged)
        return done.stdout
    return dom


def page_of(fettle, model, folder, *options):
    path = folder / "page.html"
    done = fettle("inspect", model, "--format", "html", "-o", path, *options)
    assert done.code == 0 and not done.stdout and not done.stderr, done.stderr
    return path


def scripted(path, script):
    """The page with a script behind its own, whose result lands in <body data-result=…>."""
    text = path.read_text()
    assert text.endswith("</body></html>\n")
    path.write_text(text.replace(
        "</body></html>\n", "<script>document.body.dataset.result = "
        f"JSON.stringify((() => {{{script}}})());</script></body></html>\n"))
    return path


def result_of(dom):
    text = re.search(r'<body data-result="([^"]*)"', dom).group(1)
    return json.loads(text.replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">")
                      .replace("&amp;", "&"))


def laid_out(dot):
    """What Graphviz makes of it, as lines of its plain format."""
    done = subprocess.run(["dot", "-Tplain"], input=dot, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("form", ["dot", "svg", "html"])
def test_every_model_is_drawn(fettle, model, form):
    done = fettle("inspect", model, "--format", form)
    assert done.code == 0 and not done.stderr, done.stderr
    if form == "svg":
        ElementTree.fromstring(done.stdout)
    elif form == "dot":
        nodes = [line for line in laid_out(done.stdout) if line.startswith("node ")]
        assert 5 < len(nodes) <= 80  # read at a glance
    else:
        assert done.stdout.startswith("<!doctype html>")


def test_unfolded_a_picture_has_every_node_and_weight(fettle, models):
    bert = models / "bert.pt2"
    count = json.loads(fettle("inspect", bert, "-f", "json").stdout)["node_count"]
    for form, mark in (("svg", "<rect x="), ("dot", "tooltip=")):
        drawn = fettle("inspect", bert, "-f", form, "--fold", "none", "--color", "none").stdout
        assert "embeddings_word_embeddings_weight" in drawn
        assert drawn.count(mark) >= count
    one = fettle("inspect", bert, "-f", "dot", "--fold", "0").stdout
    assert '"encoder\\nBertEncoder\\n' in one and "layer.0" not in one.replace("tooltip", "")[:400]


def test_the_page_in_a_browser(fettle, models, browser, tmp_path):
    memory = json.loads(fettle("inspect", models / "bert.pt2", "-f", "json").stdout)["memory"]
    page = scripted(page_of(fettle, models / "bert.pt2", tmp_path), """
        const count = (what) => document.querySelectorAll(what).length;
        const edges = [...document.querySelectorAll('.edges path')].map((p) => p.getAttribute('d'));
        return {boxes: count('#graph .box'), opened: count('#graph .open'),
                segments: edges.join('').split('M').length - 1,
                numbers: !/NaN|undefined/.test(edges.join('') + document.querySelector('.area')
                                               .getAttribute('d')),
                wide: document.querySelector('#graph .box').offsetWidth,
                curve: document.querySelector('.area').getAttribute('d').length,
                peak: count('circle.peak'), alive: count('#peak tr[data-leaf]'),
                swatches: count('.legend i'), dominators: count('#dominators li'),
                post: count('#post_dominators li'),
                loaded: performance.getEntriesByType('resource').map((entry) => entry.name)
                        .filter((name) => !name.startsWith('data:'))};""")
    dom = browser(page)
    seen = result_of(dom)
    assert 10 < seen["boxes"] <= 80 and seen["opened"] > 0
    assert seen["segments"] >= seen["boxes"] and seen["numbers"] and seen["wide"] > 100
    assert seen["curve"] > 500 and seen["peak"] == 1
    assert seen["alive"] == len(memory["alive"]) and f"<b>{memory['peak_node']}</b>" in dom
    assert seen["swatches"] == 5 and seen["dominators"] > 3 and seen["post"] > 3
    assert seen["loaded"] == []
    assert "BertEncoder" in dom and "BertLayer" in dom


@pytest.mark.parametrize("bad", ["fetch('http://nowhere.invalid/')", "new Image().src = '/x.png'",
                                 "nothing.there"])
def test_a_page_that_fails_would_be_noticed(fettle, models, browser, tmp_path, bad):
    page = scripted(page_of(fettle, models / "bert.pt2", tmp_path), f"return {bad};")
    with pytest.raises(AssertionError, match="CONSOLE"):
        browser(page)


def test_modules_open_and_nodes_are_found(fettle, models, browser, tmp_path):
    page = page_of(fettle, models / "bert.pt2", tmp_path, "--fold", "0")
    dom = browser(scripted(page, """
        const boxes = () => document.querySelectorAll('#graph .box').length;
        const there = (name) => [...document.querySelectorAll('#graph .box b')]
                                .some((b) => b.textContent === name);
        const start = boxes(), before = there('gelu_1');
        const encoder = [...document.querySelectorAll('.folded')]
                        .find((box) => box.textContent.startsWith('encoder'));
        encoder.click();
        const opened = boxes();
        document.querySelector('.open .head').click();
        const closed = boxes();
        document.getElementById('wanted').value = 'gelu_1';
        document.querySelector('#search button').click();
        const selected = document.querySelector('.selected').textContent;
        document.getElementById('wanted').value = 'no such node';
        document.querySelector('#search button').click();
        const nothing = document.getElementById('details').textContent;
        document.querySelector('#peak tr[data-leaf]').click();
        return {start, before, opened, closed, after: there('gelu_1'), selected, nothing,
                peak: document.querySelector('.selected b').textContent,
                wanted: document.querySelector('#peak tr[data-leaf] td').textContent};"""))
    seen = result_of(dom)
    assert not seen["before"] and seen["after"] and seen["selected"].startswith("gelu_1")
    assert seen["opened"] == seen["start"] + 1 and seen["closed"] == seen["start"]
    assert seen["nothing"] == "nothing is called 'no such node'"
    assert seen["peak"] == seen["wanted"]


HOSTILE = "</script><img src=x onerror=\"document.title='broken'\">'&<!--"


def renamed(source, target, names):
    """A copy of the archive whose program has other texts, as JSON strings inside and out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith("model.json"):
                text = content.decode()
                for name, other in names.items():
                    assert name in text
                    text = text.replace(name, json.dumps(other)[1:-1])
                content = text.encode()
            new.writestr(entry.filename, content)


def in_script(text):
    return json.dumps(text).replace("<", "\\x3c")


def test_hostile_names_stay_names(fettle, models, browser, tmp_path):
    bad = tmp_path / "<b>&.pt2"
    renamed(models / "bert.pt2", bad, {
        "gelu_1": HOSTILE, "BertSelfAttention": HOSTILE.replace(",", "").replace(";", "")})
    page = scripted(page_of(fettle, bad, tmp_path, "--fold", "none"), """
        const titles = [...document.querySelectorAll('#graph .box b')].map((b) => b.textContent);
        return {images: document.querySelectorAll('img').length, title: document.title,
                scripts: document.querySelectorAll('script').length,
                named: titles.includes(HOSTILE)};""".replace("HOSTILE", in_script(HOSTILE)))
    seen = result_of(browser(page))
    assert seen == {"images": 0, "title": "<b>&.pt2: BertModel", "scripts": 3, "named": True}
    svg = fettle("inspect", bad, "-f", "svg", "--fold", "none").stdout
    assert HOSTILE in "".join(ElementTree.fromstring(svg).itertext())
    dot = fettle("inspect", bad, "-f", "dot").stdout
    assert len(laid_out(dot)) > 10


def test_change_is_coloured(fettle, models, pipeline, tmp_path):
    bert, small = models / "bert.pt2", tmp_path / "small.pt2"
    passes = pipeline("passes: [cse, constant_folding, dce]\nverify: {after: never}\n")
    assert fettle("run", bert, "-p", passes, "-o", small).code == 0
    done = fettle("inspect", small, "-f", "svg", "--against", bert, "--fold", "none")
    assert done.code == 0
    legend = re.search(r"removed: (\d+)", done.stdout)
    assert int(legend.group(1)) > 0
    assert int(re.search(r"changed: (\d+)", done.stdout).group(1)) > 0
    assert "argument" in done.stdout  # what changed is told in the node's title
    unchanged = fettle("inspect", bert, "-f", "svg", "--against", bert).stdout
    assert "removed: 0" in unchanged and "changed: 0" in unchanged and "added: 0" in unchanged


def test_time_is_measured_and_coloured(fettle, models, exported, tmp_path):
    done = fettle("inspect", models / "bert.pt2", "-f", "svg", "--color", "time", "--runs", "3")
    assert done.code == 0 and not done.stderr
    total = float(re.search(r"measured time; ([0-9.e+-]+) ms in all", done.stdout).group(1))
    shares = re.findall(r"^([0-9.e+-]+) ms, ([0-9.]+) % of the total", done.stdout, re.MULTILINE)
    assert total > 0 and all(float(ms) <= total * 1.01 for ms, _ in shares) and len(shares) > 10
    assert '"#ef6548"' in done.stdout  # what takes longest


def test_time_needs_a_sample(fettle, tmp_path):
    import torch
    program = torch.export.export(torch.nn.ReLU(), (torch.ones(2),))
    program._example_inputs = None
    torch.export.save(program, tmp_path / "bare.pt2")
    done = fettle("inspect", tmp_path / "bare.pt2", "-f", "svg", "--color", "time")
    assert done.code == 2 and "saved without sample inputs" in done.stderr


@pytest.mark.parametrize("graph", ["dominators", "postdominators"])
@pytest.mark.parametrize("form", ["dot", "svg"])
def test_dominators_are_drawn(fettle, models, graph, form):
    done = fettle("inspect", models / "gpt2.pt2", "-f", form, "--graph", graph)
    assert done.code == 0 and f"gpt2.pt2, {graph}" in done.stdout
    root = "output" if graph == "postdominators" else "input_ids"
    assert root in done.stdout and "lm_head: aten.linear.default" not in done.stdout
    if form == "dot":
        edges = re.findall(r"(\d+)->(\d+)", done.stdout)
        assert len(edges) > 50 and len({to for _, to in edges}) == len(edges)  # a tree


@pytest.mark.parametrize("arguments, parts", [
    (["-f", "png"], ["png", "svg"]),
    (["-f", "svg", "--fold", "some"], ["--fold does not take 'some'", "auto, none, or a number"]),
    (["-f", "svg", "--fold", "-1"], ["--fold"]),
    (["-f", "text", "--fold", "auto"], ["--fold is for pictures", "--format html"]),
    (["--color", "memory"], ["--color is for pictures, and 'summary' is none"]),
    (["-f", "svg", "--color", "blue"], ["blue", "memory"]),
    (["-f", "svg", "--color", "change"], ["--against OTHER.pt2"]),
    (["-f", "svg", "--runs", "3"], ["nothing is measured", "--color time"]),
    (["-f", "svg", "--top", "3"], ["--top has no format 'svg'"]),
    (["-f", "svg", "--color", "memory", "--against", "MODEL"], ["--against colours by change"]),
    (["-f", "html", "--graph", "dominators"], ["every page has both trees"]),
    (["-f", "svg", "--graph", "dominators", "--fold", "2"], ["no modules", "--fold auto, or none"]),
    (["-f", "svg", "--against", "nowhere.pt2"], ["nowhere.pt2"]),
    (["-f", "svg", "-o", "no/folder.svg"], ["no/folder.svg", "archive-write"]),
    (["-f", "svg", "-o", "MODEL"], ["--output and MODEL.pt2 name the same file"]),
])
def test_mistakes_are_told(fettle, models, tmp_path, arguments, parts):
    model = models / "bert.pt2"
    before = model.read_bytes()
    given = [model if argument == "MODEL" else argument for argument in arguments]
    done = fettle("inspect", model, *given, cwd=tmp_path)
    assert done.code == 2 and not done.stdout
    for part in parts:
        assert part in done.stderr
    assert model.read_bytes() == before and not list(tmp_path.iterdir())


def test_output_goes_to_a_file_in_every_format(fettle, models, tmp_path):
    for form in ("summary", "text", "json", "dot", "svg", "html"):
        shown = fettle("inspect", models / "gpt2.pt2", "-f", form)
        kept = fettle("inspect", models / "gpt2.pt2", "-f", form, "-o", tmp_path / form)
        assert kept.code == 0 and not kept.stdout
        assert (tmp_path / form).read_text() == shown.stdout
