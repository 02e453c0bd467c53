#!/usr/bin/env python3
"""Compiles a snippet that must be refused, and looks for the sentence that refuses it.

Comment lines of the snippet say what to look for:

    // id: D6                      the rule that it shows (for readers)
    // expect: argument 2          words that our message or its first note contains; one line for each
    // tolerate-other-errors       the compiler adds errors of its own, and cannot be kept from it
    // expect-compiler: words      no sentence of ours, the compiler's own errors contain these words

Without the last one, exactly one error must be ours: a failed static_assert whose text begins with `concur:`. Other errors
fail the test. Where the compiler shows the types differs: clang in the error, g++ in the note after it.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def directives(text, name):
    return re.findall(rf"^// {name}:[ \t]*(.*?)[ \t]*$", text, re.MULTILINE)


def compiler_command(options):
    # /usr/include is searched anyway; named, it moves to the front and breaks the standard library's #include_next.
    folders = [f"-I{folder}" for folder in options.include_path.split(":") if folder and folder != "/usr/include"]
    # A [[nodiscard]] result that is thrown away is misuse too, though the compilers only warn.
    return [options.compiler, "-std=c++20", "-fno-diagnostics-color", "-Werror=unused-result", *folders]


def run_compiler(command):
    # The words are looked for in English.
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, check=False)


def precompile(options):
    """Compiles the header that all snippets begin with, which is most of the work: once instead of for each of them."""
    is_clang = "clang" in run_compiler([options.compiler, "--version"]).stdout
    target = options.precompiled / ("concur.pch" if is_clang else "concur/concur.hpp.gch")
    target.parent.mkdir(parents=True, exist_ok=True)
    # The file stays: clang asks for it again.
    header = options.precompiled / "all.hpp"
    header.write_text("#include <concur/concur.hpp>\n")
    result = run_compiler([*compiler_command(options), "-x", "c++-header", str(header), "-o", str(target)])
    if result.returncode != 0:
        sys.exit(result.stderr)


def use_precompiled(options, text):
    includes = re.findall(r"^#include [<\"](.*)[>\"]", text, re.MULTILINE)
    if not options.precompiled or includes[:1] != ["concur/concur.hpp"]:
        return []
    clang_file = options.precompiled / "concur.pch"
    # g++ takes it in the place of the header; should it not fit, it goes on searching.
    return ["-include-pch", str(clang_file)] if clang_file.exists() else [f"-I{options.precompiled}"]


def compile_snippet(options, snippet):
    compiler, *flags = compiler_command(options)
    precompiled = use_precompiled(options, snippet.read_text())
    result = run_compiler([compiler, *precompiled, *flags, "-fsyntax-only", str(snippet)])
    # clang refuses the file when somebody has touched a header since.
    if precompiled and "fatal error: " in result.stderr:
        result = run_compiler([compiler, *flags, "-fsyntax-only", str(snippet)])
    return result


def check(options, snippet):
    """What is wrong with the way in which the snippet is refused, and all that the compiler said."""
    text = snippet.read_text()
    result = compile_snippet(options, snippet)
    output = result.stderr
    wanted, compiler_words = directives(text, "expect"), directives(text, "expect-compiler")
    diagnostics = [line for line in output.splitlines() if re.search(r"(?<!\w)(error|note): ", line)]
    errors = [line for line in diagnostics if re.search(r"(?<!\w)error: ", line)]
    ours = [line for line in errors if re.search(r"error: static assertion failed( due to requirement '.*')?: concur: ", line)]

    complaints = []
    if not wanted and not compiler_words:
        complaints.append("the snippet has no line `// expect: words`")
    if result.returncode == 0:
        complaints.append("it compiles")
    elif not compiler_words and len(ours) != 1:
        complaints.append(f"{len(ours)} errors of concur instead of one")
    if not compiler_words and len(errors) > len(ours) and not re.search(r"^// tolerate-other-errors", text, re.MULTILINE):
        complaints.append(f"{len(errors) - len(ours)} other errors")
    # The compiler also quotes the source, which must not count.
    said = diagnostics
    if wanted:
        said = []
        for line, after in zip(diagnostics, diagnostics[1:] + [""]):
            if line in ours:
                said += [line, after] if "note: " in after else [line]
    said = "\n".join(said)
    for words in wanted + compiler_words:
        if words not in said:
            complaints.append(f"the words {words!r} are missing")
    return complaints, output


def self_test(options):
    """The checker must find fault with each of these, and with none of the sound ones."""
    refused = 'template <class T> void f() { static_assert(sizeof(T) == 0, "concur: no such thing"); }\nvoid g() { f<int>(); }\n'
    cases = [
        ("", "// expect: no such thing\n" + refused),
        ("", "// expect-compiler: nothing\nint x = nothing;\n"),
        ("", "// expect: no such thing\n// tolerate-other-errors\nint x = nothing;\n" + refused),
        ("other errors", "// expect: no such thing\nint x = nothing;\n" + refused),
        ("are missing", "// expect: a unicorn\n" + refused),
        ("it compiles", "// expect: no such thing\n"),
        ("no line", refused),
        ("2 errors of concur", "// expect: no such thing\n" + refused + 'static_assert(false, "concur: twice");\n'),
        ("0 errors of concur", "// expect: nothing\n// tolerate-other-errors\nint x = nothing;\n"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        snippet = Path(folder) / "snippet.cpp"
        for expected, text in cases:
            snippet.write_text(text)
            complaints, output = check(options, snippet)
            if (expected not in "\n".join(complaints)) if expected else complaints:
                sys.exit(f"self-test: expected {expected!r}, got {complaints} for:\n{text}\n{output}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include-path", default="", help="folders, separated by colons")
    parser.add_argument("--precompiled", type=Path, help="folder for the precompiled header")
    parser.add_argument("--precompile", action="store_true", help="fills that folder")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("snippet", nargs="?", type=Path)
    options = parser.parse_args()
    if options.self_test:
        return self_test(options)
    if options.precompile:
        return precompile(options)
    complaints, output = check(options, options.snippet)
    if complaints:
        sys.exit(f"{options.snippet}: " + "; ".join(complaints) + f"\n--- the compiler said:\n{output}")


if __name__ == "__main__":
    main()
