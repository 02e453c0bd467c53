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


def compile_snippet(options, snippet):
    # /usr/include is searched anyway; named, it moves to the front and breaks the standard library's #include_next.
    folders = [f"-I{folder}" for folder in options.include_path.split(":") if folder and folder != "/usr/include"]
    # A [[nodiscard]] result that is thrown away is misuse too, though the compilers only warn.
    flags = ["-std=c++20", "-fsyntax-only", "-fno-diagnostics-color", "-Werror=unused-result"]
    command = [options.compiler, *flags, *folders, str(snippet)]
    # The words are looked for in English.
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


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
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("snippet", nargs="?", type=Path)
    options = parser.parse_args()
    if options.self_test:
        return self_test(options)
    complaints, output = check(options, options.snippet)
    if complaints:
        sys.exit(f"{options.snippet}: " + "; ".join(complaints) + f"\n--- the compiler said:\n{output}")


if __name__ == "__main__":
    main()
