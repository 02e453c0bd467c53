#!/usr/bin/env python3
"""Draws the includes between the rooms of include/concur and src, and fails on an arrow against the house.

    layering.py ROOT           checks a checkout
    layering.py --self-test    shows that every kind of wrong arrow is caught

The rooms and their arrows:

    testing, asio -> worker, pool -> backend -> call -> retry, limits, future, wire, process -> core

An arrow may skip floors but never go up; rooms of one floor may use each other as long as no circle forms. Everything but
core may include observe, which includes core only.
"""

import re
import sys
import tempfile
from pathlib import Path

FLOORS = [{"core"}, {"retry", "limits", "future", "wire", "process"}, {"call"}, {"backend"}, {"worker", "pool"}, {"testing", "asio"}]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
ROOMS = set(FLOOR) | {"observe"}
# Decisions are pure: they know nothing of the state that their result ends in.
FORBIDDEN = {("retry", "future"), ("limits", "future")}
# A backend is one file a mode; <mode>.hpp, <mode>.cpp and <mode>_*.{hpp,cpp} belong to the mode.
MODE_FILE = re.compile(r"(sync|thread|process|asio|ray)(_|$)")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', re.MULTILINE)


def allowed(source, target):
    if source == target or target == "core":
        return True
    if target == "observe":
        return source != "core"
    if source == "observe" or (source, target) in FORBIDDEN:
        return False
    return FLOOR[target] <= FLOOR[source]


def rooted(root, file):
    """The path of a file below include/concur or src: room/name.hpp, or just the name of a door such as concur.hpp."""
    for base in (root / "include" / "concur", root / "src"):
        if base in file.parents:
            return file.relative_to(base)
    raise ValueError(file)


def included(root, file, quote, name):
    """The path below include/concur or src that an include of `file` means; None for other libraries."""
    if name.startswith("concur/"):
        return Path(name).relative_to("concur")
    if quote == '"':
        for folder in (file.parent, root / "src"):
            if (folder / name).is_file():
                return rooted(root, (folder / name).resolve())
    return None


def mode_of(path):
    match = MODE_FILE.match(path.stem) if path.parts[0] == "backend" else None
    return match and match.group(1)


def find_circle(arrows):
    """A list of rooms that leads back to its first one, or None."""

    def walk(room, trail):
        if room in trail:
            return trail[trail.index(room):] + [room]
        for target in sorted(arrows.get(room, ())):
            circle = walk(target, trail + [room])
            if circle:
                return circle
        return None

    return next(filter(None, (walk(room, []) for room in sorted(arrows))), None)


def check(root):
    """All complaints about the tree, as lines."""
    root = root.resolve()
    complaints = []
    arrows = {}
    files = [file for base in ("include/concur", "src") for file in sorted((root / base).rglob("*.[hc]pp"))]
    for file in files:
        source = rooted(root, file)
        is_door = len(source.parts) == 1
        if not is_door and source.parts[0] not in ROOMS:
            complaints.append(f"{file}: {source.parts[0]} is not a room of the house")
            continue
        text = file.read_text()
        for match in INCLUDE.finditer(text):
            target = included(root, file, match.group(1), match.group(2))
            if target is None or is_door:
                continue
            where = f"{file}:{text.count(chr(10), 0, match.start()) + 1}"
            if len(target.parts) == 1:
                complaints.append(f"{where}: a room may not include the door {target}")
                continue
            here, there = source.parts[0], target.parts[0]
            if there not in ROOMS:
                complaints.append(f"{where}: {there} is not a room of the house")
            elif not allowed(here, there):
                complaints.append(f"{where}: {here} may not include {there} ({target})")
            elif here == there == "backend" and mode_of(source) and mode_of(target) not in (None, mode_of(source)):
                complaints.append(f"{where}: modes do not know each other: {source.name} includes {target}")
            elif here != there:
                arrows.setdefault(here, set()).add(there)
    if not files:
        complaints.append(f"{root}: no sources found")
    circle = find_circle(arrows)
    if circle:
        complaints.append("rooms in a circle: " + " -> ".join(circle))
    return complaints


def self_test():
    def complaints_about(files):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return "\n".join(check(root))

    def expect(words, files):
        complaints = complaints_about(files)
        if (words not in complaints) if words else complaints:
            sys.exit(f"self-test: expected {words!r} for {files}, got: {complaints!r}")

    sound = {
        "include/concur/concur.hpp": "#include <concur/worker/worker.hpp>\n",
        "include/concur/worker/worker.hpp": "#include <concur/core/clock.hpp>\n#include <concur/pool/pool.hpp>\n#include <vector>\n",
        "include/concur/pool/pool.hpp": "#include <concur/observe/stats.hpp>\n",
        "include/concur/core/clock.hpp": "",
        "include/concur/observe/stats.hpp": "#include <concur/core/clock.hpp>\n",
        "src/backend/thread.cpp": '#include "backend/thread.hpp"\n#include "backend.hpp"\n#include <thread>\n',
        "src/backend/thread.hpp": "",
        "src/backend/backend.hpp": "",
    }
    expect("", sound)
    expect("core may not include call", {"src/core/a.cpp": "#include <concur/call/call.hpp>\n"})
    expect("worker may not include testing", {"src/worker/a.cpp": "#include <concur/testing/b.hpp>\n", "include/concur/testing/b.hpp": ""})
    expect("backend may not include worker", {"src/backend/thread.cpp": "  #  include <concur/worker/worker.hpp>\n"})
    expect("retry may not include future", {"include/concur/retry/a.hpp": "#include <concur/future/future.hpp>\n"})
    expect("limits may not include future", {"src/limits/a.cpp": '#include "future/b.hpp"\n', "src/future/b.hpp": ""})
    expect("observe may not include future", {"src/observe/a.cpp": '#include "../future/b.hpp"\n', "src/future/b.hpp": ""})
    expect("core may not include observe", {"src/core/a.cpp": "#include <concur/observe/stats.hpp>\n"})
    expect("may not include the door", {"src/pool/a.cpp": "#include <concur/concur.hpp>\n"})
    expect("not a room", {"src/utils/a.cpp": ""})
    expect("modes do not know each other", {"src/backend/asio.cpp": '#include "thread_queue.hpp"\n', "src/backend/thread_queue.hpp": ""})
    expect(
        "circle: pool -> worker -> pool",
        {"src/pool/a.cpp": "#include <concur/worker/w.hpp>\n", "src/worker/w.cpp": "#include <concur/pool/pool.hpp>\n"},
    )
    expect("no sources", {"README.md": ""})


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    complaints = check(Path(sys.argv[1]))
    sys.exit("\n".join(complaints) if complaints else 0)


if __name__ == "__main__":
    main()
