#!/usr/bin/env python3
"""Compiles every ```cpp block of a page of the documentation.

    compile_snippets.py --compiler c++ [--include-path FOLDER:...] [--launcher ccache] --output FOLDER PAGE.md
    compile_snippets.py --compiler c++ --self-test

A block with an `int main` is compiled as it is. Of any other, includes, types, templates, functions and macros of concur go to
the top of the file, what remains is the body of a function (a coroutine if it says co_await), and <concur/concur.hpp> is
included first. Such a block also sees what the page hides from its reader in

    <!-- prelude
    struct Counter { int add(int amount); };
    -->

A block whose first line is `// not compiled` is left alone.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"^(?P<indent>[ \t]*)```cpp[^\n]*\n(?P<code>.*?)^[ \t]*```[ \t]*$|^<!-- prelude\n(?P<prelude>.*?)^-->", re.MULTILINE | re.DOTALL)
# What a function's body cannot hold. A statement that calls is no function: it has no type before its name.
TOP_LEVEL = re.compile(
    r"""\s*(
        \#
      | (template|namespace|struct|class|union|enum|concept|extern|using\s+namespace)\b
      | CONCUR_[A-Z_]+\s*\(
      | (?!return\b|else\b|co_)[\w:<>,&*\s\[\]]*?[\w>&*\]][\s&*]+[\w:]+\s*\([^={;]*\)[\w\s:,<>&*-]*\{   # int twice(int n) {
    )""",
    re.VERBOSE,
)
TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'|\w+|.|\n""", re.DOTALL)


def chunks(code):
    """Splits code into its outermost declarations, statements and preprocessor lines, comments included."""
    chunk, depth = "", 0
    tokens = TOKEN.finditer(code)
    for match in tokens:
        token = match.group()
        if token == "#" and not chunk.strip():
            # A preprocessor line is a chunk of its own.
            end = code.find("\n", match.start())
            end = len(code) if end < 0 else end + 1
            yield chunk + code[match.start():end]
            yield from chunks(code[end:])
            return
        chunk += token
        depth += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(token, 0)
        rest = code[match.end():]
        # `}` ends a chunk unless the statement goes on: `};`, `}, 6);`, `} catch`, `} else`, `}.x`, `} name;`
        closes = token == "}" and not re.match(r"\s*([;,.)(\[]|else\b|catch\b|while\b)", rest)
        if depth == 0 and (token == ";" or closes):
            # A comment at the end of the line belongs to it.
            tail = re.match(r"[ \t]*(//[^\n]*)?\n?", rest).group()
            yield chunk + tail
            yield from chunks(rest[len(tail):])
            return
    if chunk.strip():
        yield chunk


def strip_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)


def translation_unit(code, line, page, preludes):
    """The source file for a block that begins in `line` of `page`; None for one that is not to be compiled."""
    if code.startswith("// not compiled"):
        return None
    marker = f'#line {line} "{page}"\n'
    if re.search(r"\bint\s+main\s*\(", code):
        return marker + code
    top, body = "", ""
    for chunk in chunks(code):
        here = f'#line {line} "{page}"\n'
        line += chunk.count("\n")
        if TOP_LEVEL.match(strip_comments(chunk)):
            top += here + chunk + ("" if chunk.endswith("\n") else "\n")
        else:
            body += here + chunk + ("" if chunk.endswith("\n") else "\n")
    result = "boost::asio::awaitable<void>" if re.search(r"\bco_(await|return)\b", body) else "void"
    return f"#include <concur/concur.hpp>\n{preludes}{top}{result} snippet() {{\n{body}}}\n"


def units(page):
    """(line, source) of every block of a page that is to be compiled."""
    text, preludes = page.read_text(), ""
    for match in BLOCK.finditer(text):
        group = "prelude" if match.group("code") is None else "code"
        line = text.count("\n", 0, match.start(group)) + 1
        code = match.group(group)
        if group == "prelude":
            preludes += f'#line {line} "{page}"\n{code}'
            continue
        indent = match.group("indent")
        code = re.sub(rf"^{indent}", "", code, flags=re.MULTILINE)
        unit = translation_unit(code, line, page, preludes)
        if unit is not None:
            yield line, unit


def compile_page(options, page):
    """The compiler's complaints about a page."""
    options.output.mkdir(parents=True, exist_ok=True)
    # /usr/include is searched anyway; named, it moves to the front and breaks the standard library's #include_next.
    folders = [f"-I{folder}" for folder in options.include_path.split(":") if folder and folder != "/usr/include"]
    # Objects instead of -fsyntax-only: those are what ccache keeps, and so an unchanged block costs nothing.
    command = [*filter(None, [options.launcher]), options.compiler, "-std=c++20", "-O0", "-c", *folders]
    complaints = []
    for line, unit in units(page):
        source = options.output / f"line_{line}.cpp"
        source.write_text(unit)
        result = subprocess.run([*command, str(source), "-o", str(source.with_suffix(".o"))], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            complaints.append(f"{page}:{line}: this block does not compile\n{result.stderr}")
    return complaints


SELF_TEST_PAGE = """
<!-- prelude
struct Hidden { int value = 1; };
-->
```cpp
#include <string>   // for the text

struct Counter {
    int add(int amount) { return value += amount; }
    int value = 0;
};

template <class T>
T twice(T value) {
    return value + value;
}
std::string name(const Counter&) { return "}"; }

Counter counter;   // the object
Hidden hidden;
auto sum = [&](int more) { return counter.add(more) + hidden.value; };
if (sum(1) > 2) {
    sum(2);
} else {
    sum(twice(3));
}
try { sum(4); } catch (...) { name(counter); }
for (int i : {1, 2}) { sum(i); }
```
1. a list
   ```cpp
   int main() {}
   ```
```cpp
// not compiled
nonsense;
```
"""


def self_test(options):
    with tempfile.TemporaryDirectory() as folder:
        # The stand-in keeps this test about the splitting of blocks.
        (Path(folder) / "concur").mkdir()
        (Path(folder) / "concur" / "concur.hpp").write_text("")
        options.include_path, options.output = folder, Path(folder) / "out"
        page = Path(folder) / "page.md"
        page.write_text(SELF_TEST_PAGE)
        if len(list(units(page))) != 2:
            sys.exit(f"self-test: expected 2 blocks, got {list(units(page))}")
        complaints = compile_page(options, page)
        if complaints:
            sys.exit("self-test: a sound page is refused\n" + "\n".join(complaints))
        page.write_text(SELF_TEST_PAGE.replace("counter.add(more)", "counter.multiply(more)"))
        complaints = compile_page(options, page)
        if len(complaints) != 1 or "page.md:21:" not in complaints[0]:
            sys.exit(f"self-test: expected a complaint about line 21, got {complaints}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include-path", default="", help="folders, separated by colons")
    parser.add_argument("--launcher", default="")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("page", nargs="?", type=Path)
    options = parser.parse_args()
    os.environ["LC_ALL"] = "C"
    if options.self_test:
        return self_test(options)
    sys.exit("\n".join(compile_page(options, options.page)) or 0)


if __name__ == "__main__":
    main()
