"""What fettle claims of a call, held against what the call does, on the sample inputs of torch's own
OpInfo database: storage that is shared, operands that are written and results that depend on the
seed never exceed the claim."""
import json
import os
import pathlib
import subprocess
import warnings

from conftest import ROOT



def claims(texts):
    program = pathlib.Path(os.environ.get("FETTLE", ROOT / "build" / "fettle")).parent
    done = subprocess.run([program / "tests" / "ops" / "claim_facts"], input="".join(texts),
                          capture_output=True, text=True, timeout=300, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def excess(seen, claim):
    """What was seen and not claimed, in words."""
    names = claim["operands"]
    written = {names[k] for k in claim["writes"]}
    aliases = [{names[k] for k in operands} for operands in claim["results_alias"]]
    # An operand that shares its storage with one that is written changes with it.
    for name in seen.changed - written:
        if not written:
            yield f"changes operand {name}"
    for result, name in seen.shared:
        if result >= len(aliases) or not aliases[result]:
            yield f"result {result} shares storage with operand {name}"
    for a, b in seen.among_results:
        if not (claim["results_share"] or aliases[a] & aliases[b]):
            yield f"results {a} and {b} share storage"
    if seen.differs and not claim["random"]:
        yield "its results differ between two seeds"
    if claim["plain"] and (seen.changed or seen.shared or seen.among_results or seen.differs):
        yield "does more than compute, and PlainCalls knows nothing of it"


def test_no_operator_does_more_on_its_samples_than_fettle_claims():
    import opinfo_calls
    calls, failed = opinfo_calls.collect()
    observed, left_out = [], {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, kept in calls.items():
            for call in kept:
                try:
                    observed.append((name, opinfo_calls.observe(call)))
                except opinfo_calls.Unwritable as why:
                    left_out.setdefault(str(why), set()).add(name)
    claimed = claims(seen.text for _, seen in observed)
    assert len(claimed) == len(observed)
    wrong, unknown, refused = [], set(), {}
    for (name, seen), claim in zip(observed, claimed):
        if "error" in claim:
            refused[name] = claim["error"].splitlines()[0]
        elif not claim["known"]:
            unknown.add(name)
        else:
            wrong += [f"{name}: {what}\n{seen.text}" for what in excess(seen, claim)]
    operators = {name for name, _ in observed} - set(refused)
    print(f"{len(observed)} calls of {len(operators)} operators; unknown to fettle: "
          f"{len(unknown)}; OpInfos not run: {len(failed)}; left out: "
          f"{ {why: len(names) for why, names in left_out.items()} }; refused: {refused}")
    assert not wrong, "\n".join(wrong)
    assert len(refused) < 5, refused
    # Blind is a test that sees nothing: most operators are known, and what draws is seen to draw.
    assert len(operators) > 600
    assert len(operators - unknown) > 0.9 * len(operators)
    drawing = {name for name, seen in observed if seen.differs}
    assert {"aten.rand_like.default", "aten.native_dropout.default"} & drawing
    assert any(seen.shared for _, seen in observed) and any(seen.changed for _, seen in observed)
