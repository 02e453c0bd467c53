#!/usr/bin/env python3
"""B18: what concur costs to compile.

User CPU time of g++ -std=c++20 -O0, the best of several runs that are taken in turns; CPU time does not grow when other
programs use the machine, and the best run is the one that had the caches for itself.

Targets: `#include <concur/concur.hpp>` at most 4 times `#include <fmt/core.h>`, the quickstart at most 8 times; one
more call<> of a known signature at most 10 ms, one of a new lambda at most 100 ms. What one more costs is the slope
over many: a program with few and one with many of them, divided by the difference.

    measure.py [RUNS]

CXX names another compiler. With clang++ at hand the number of template instantiations is counted too.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
INCLUDE = HERE.parent.parent / "include"
FLAGS = ["-std=c++20", "-O0", f"-I{INCLUDE}", "-c"]

MOST_INCLUDE = 4.0
MOST_QUICKSTART = 8.0
MOST_CALL_MS = 10.0
MOST_LAMBDA_MS = 100.0

CALLS = (10, 100, 1000)
LAMBDAS = (5, 50)


def program_of_calls(calls):
    """Calls of as many methods, all of one signature; the class is always the same."""
    methods = "\n".join(f"    int m{i}(int x) {{ return x + {i}; }}" for i in range(CALLS[-1]))
    body = "\n".join(f"    worker.call<&Many::m{i}>({i});" for i in range(calls))
    return with_worker(methods, body)


def program_of_lambdas(calls):
    body = "\n".join(f"    worker.call([](Many& many, int x) {{ return many.value + x + {i}; }}, {i});"
                     for i in range(calls))
    return with_worker("    int value = 0;", body)


def with_worker(members, body):
    return (f"#include <concur/concur.hpp>\nstruct Many {{\n{members}\n}};\nint main() {{\n"
            f"    auto worker = concur::Worker<Many>::options().mode(concur::thread).init();\n{body}\n}}\n")


PROGRAMS = {
    "fmt": "#include <fmt/core.h>\nint main() {}\n",
    "include": "#include <concur/concur.hpp>\nint main() {}\n",
    "quickstart": (HERE / "quickstart.cpp").read_text(),
    **{f"{count} calls": program_of_calls(count) for count in CALLS},
    **{f"{count} lambdas": program_of_lambdas(count) for count in LAMBDAS},
}


def user_seconds(command):
    """User time of a command and its children."""
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed")
    return usage.ru_utime


def instantiations(folder, name):
    """How many templates clang instantiates for a program; None without clang."""
    # The newest first: an old one may not know this language or this library.
    numbered = glob.glob("/usr/bin/clang++-[0-9]*")
    newest_first = sorted(numbered, key=lambda path: int(path.rsplit("-", 1)[1]), reverse=True)
    compiler = next((path for path in [*newest_first, shutil.which("clang++")] if path), None)
    if not compiler:
        return None
    trace = folder / f"{name}.json"  # clang puts it beside the object
    command = [compiler, *FLAGS, "-ftime-trace", "-ftime-trace-granularity=0", str(folder / f"{name}.cpp"),
               "-o", str(trace.with_suffix(".o"))]
    if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode != 0 or not trace.exists():
        return None
    events = json.loads(trace.read_text())["traceEvents"]
    return sum(1 for event in events if event["name"] in ("InstantiateClass", "InstantiateFunction"))


def print_row(what, ours, other, figure, ten, target, met):
    print(f"  {what:<52} {ours:>12} {other:>12} {figure:>12} {ten:>12}   {target:<12} {met}", flush=True)


def print_ratio(what, ours, floor, most, count):
    ratio = ours / floor
    print_row(what, f"{ours:.3f} s", f"{floor:.3f} s", f"{ratio:.2f} x", "", f"<= {most:g} x", yes(ratio <= most))
    if count is not None:
        print_row(what + ", instantiations", f"{count}", "", "", "", "", "")


def print_slope(what, seconds, ten_seconds, most):
    milliseconds = 1000 * seconds
    ten = "" if ten_seconds is None else f"{1000 * ten_seconds:.1f} ms"
    met = milliseconds <= most and (ten_seconds is None or 1000 * ten_seconds <= most)
    print_row(what, f"{milliseconds:.1f} ms", "", f"{milliseconds:.1f} ms", ten, f"<= {most:g} ms", yes(met))


def yes(met):
    return "yes" if met else "NO"


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    compiler = os.environ.get("CXX", "g++")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for program, text in PROGRAMS.items():
            (folder / f"{program}.cpp").write_text(text)
        best = {program: float("inf") for program in PROGRAMS}
        for _ in range(runs):
            for program in PROGRAMS:
                command = [compiler, *FLAGS, str(folder / f"{program}.cpp"), "-o", str(folder / "object.o")]
                best[program] = min(best[program], user_seconds(command))
        counts = {program: instantiations(folder, program) for program in PROGRAMS if program != "1000 calls"}

    print(f"B18  compile time, {compiler} -O0, user CPU time, best of {runs} (other: #include <fmt/core.h>; "
          "10x: calls in the program)")
    print_row("", "ours", "other", "figure", "at 10x", "target", "met")
    print_ratio("#include <concur/concur.hpp>", best["include"], best["fmt"], MOST_INCLUDE, counts["include"])
    print_ratio("the quickstart", best["quickstart"], best["fmt"], MOST_QUICKSTART, counts["quickstart"])

    def slope(of, kind, few, many):
        if of[f"{few} {kind}"] is None or of[f"{many} {kind}"] is None:
            return None
        return (of[f"{many} {kind}"] - of[f"{few} {kind}"]) / (many - few)

    print_slope("one more call<> of a known signature", slope(best, "calls", *CALLS[:2]),
                slope(best, "calls", *CALLS[1:]), MOST_CALL_MS)
    print_slope("one more call of a new lambda", slope(best, "lambdas", *LAMBDAS), None, MOST_LAMBDA_MS)
    for what, kind, sizes in (("one more call<>", "calls", CALLS[:2]), ("one more lambda", "lambdas", LAMBDAS)):
        count = slope(counts, kind, *sizes)
        if count is not None:
            print_row(what + ", instantiations", f"{count:.1f}", "", "", "", "", "")
    if counts["include"] is None:
        print("  instantiations are not counted: that takes clang++ with -ftime-trace")


if __name__ == "__main__":
    main()
