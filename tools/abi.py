"""What the plugin ABI consists of, as text: `tools/abi.py [--header H] [--listing L]` writes sdk/abi/v1.txt anew.

Each line is one name: a struct with its size, a member with offset, size and type, a slot of a table
with its signature, a constant with its value, a function; in front the minor version that added it.
What the listing has already keeps its minor, what is new gets the header's. A line that changed or
is gone breaks plugins that are in use: the command names it and writes nothing.

Offsets and sizes are those of 64-bit targets (LP64), asked of the C compiler; names and types of
pycparser, which reads the header as the preprocessor leaves it.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

from pycparser import c_ast, c_generator, c_parser

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = ROOT / "sdk/include/fettle/fettle.h"
LISTING = ROOT / "sdk/abi/v1.txt"
TYPES = "int8 uint8 int16 uint16 int32 uint32 int64 uint64".split()


class Broken(Exception):
    """What was promised is not there any more; the message names each line."""


def compiler(*arguments, text=None):
    done = subprocess.run(["cc", "-std=c99", *map(str, arguments)], input=text, text=True,
                          capture_output=True)
    if done.returncode:
        raise SystemExit(f"abi: the header does not compile:\n{done.stderr}")
    return done.stdout


def preprocessed(header, folder):
    """The header without its includes, which pycparser could not read."""
    for name, lines in {"stddef.h": ["typedef unsigned long size_t;"],
                        "stdint.h": [f"typedef int {t}_t;" for t in TYPES]}.items():
        (folder / name).write_text("\n".join(lines))
    return compiler("-E", "-P", "-nostdinc", "-I", folder, "-D__attribute__(x)=", header)


def constants(header):
    """Macros that are a number or a text, as they are written."""
    for line in compiler("-E", "-dM", header).splitlines():
        found = re.fullmatch(r"#define ((?:FETTLE|DLPACK_FLAG|kDL)\w*) (.+)", line)
        if found and not found[1].startswith(("FETTLE_FETTLE", "FETTLE_EXPORT", "FETTLE_ABI_MINOR",
                                              "FETTLE_TARGET")):
            yield f"constant {found[1]} = {found[2]}"


def plain(declaration):
    """A declaration's type without names of parameters, which are no part of it."""
    text = c_generator.CGenerator().visit(declaration)
    return re.sub(r"\s+", " ", text)


def declarations(tree):
    """(structs by name with their members, functions, other typedefs)"""
    structs, functions, aliases = {}, [], []
    for node in tree.ext:
        inner = getattr(node.type, "type", None)
        if isinstance(node, c_ast.Typedef) and isinstance(inner, c_ast.Struct):
            structs[node.name] = inner.decls or []
        elif isinstance(node, c_ast.Typedef) and not node.name.endswith("_t"):
            aliases.append(f"type {plain(node)}")
        elif isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl):
            functions.append(f"function {plain(node)}")
    return structs, functions, aliases


def layout(header, structs, folder):
    """{struct: size} and {(struct, member): (offset, size)}, from a program that prints them."""
    rows = []
    for name, members in structs.items():
        if not members:
            continue
        rows.append(f'printf("{name} . %zu 0\\n", sizeof({name}));')
        rows += [f'printf("{name} {m.name} %zu %zu\\n", offsetof({name}, {m.name}), '
                 f'sizeof((({name}*)0)->{m.name}));' for m in members]
    source = (f'#include "{header}"\n#include <stdio.h>\nint main(void) {{\n' + "\n".join(rows) +
              "\nreturn 0;\n}\n")
    compiler("-x", "c", "-", "-o", folder / "layout", text=source)
    out = subprocess.run([folder / "layout"], check=True, text=True, capture_output=True).stdout
    found = {}
    for line in out.splitlines():
        name, member, offset, size = line.split()
        found[name, member] = (int(offset), int(size))
    return found


def lines_of(header):
    """The listing's lines without versions, in the header's order."""
    header = pathlib.Path(header).resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        tree = c_parser.CParser().parse(preprocessed(header, folder))
        structs, functions, aliases = declarations(tree)
        places = layout(header, structs, folder)
    lines = functions + aliases
    for name, members in structs.items():
        if not members:
            lines.append(f"opaque {name}")
            continue
        grows = members[0].name == "size"
        # The size of a struct that grows is where its last member ends: part of its members' lines.
        lines.append(f"struct {name} grows" if grows else
                     f"struct {name} frozen size={places[name, '.'][0]}")
        for member in members:
            offset, size = places[name, member.name]
            lines.append(f"member {name} offset={offset} size={size} {plain(member)}")
    return lines + sorted(constants(header))


def read_listing(path):
    """{line: minor}"""
    known = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        if line and not line.startswith("#"):
            version, _, rest = line.partition(" ")
            known[rest] = int(version.partition(".")[2])
    return known


def minor_of(header):
    return int(re.search(r"#define FETTLE_ABI_MINOR (\d+)", pathlib.Path(header).read_text())[1])


def listing(header, known):
    """The listing's text. Raises Broken for lines of `known` that the header does not keep."""
    lines = lines_of(header)
    gone = [line for line in known if line not in lines]
    if gone:
        raise Broken("the header no longer has, as plugins in use were compiled with it:\n  " +
                     "\n  ".join(gone))
    minor = minor_of(header)
    late = [line for line in lines if known.get(line, minor) > minor]
    if late:
        raise Broken(f"FETTLE_ABI_MINOR is {minor}, and the listing has what is newer: {late[0]}")
    text = ["# Every name of the plugin ABI, and the minor version that added it. Written by tools/abi.py from",
            "# fettle.h; compared by tests/python/test_abi.py. Offsets and sizes in bytes, for 64-bit targets."]
    text += [f"1.{known.get(line, minor)} {line}" for line in lines]
    return "\n".join(text) + "\n"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--header", type=pathlib.Path, default=HEADER)
    parser.add_argument("--listing", type=pathlib.Path, default=LISTING)
    options = parser.parse_args(arguments)
    try:
        text = listing(options.header, read_listing(options.listing))
    except Broken as broken:
        print(f"abi: {broken}\nappend instead: structs grow at their end, and what is there stays",
              file=sys.stderr)
        return 1
    options.listing.parent.mkdir(exist_ok=True)
    options.listing.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
