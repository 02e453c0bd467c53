"""Runs the main example on files that try its edges, in every mode, and with wrong options.

    text_analysis.py PROGRAM
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

program = sys.argv[1]
failures = []


def run(*arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def check(holds, what, result):
    if not holds:
        failures.append(f"{what}\n  status {result.returncode}\n  stdout: {result.stdout}\n  stderr: {result.stderr}")


def make_files(folder):
    (folder / "hello.py").write_text("import os\nprint('hello hello hello')\n")
    (folder / "empty.txt").write_text("")
    (folder / "no_newline.md").write_text("# one line, no end")
    (folder / "latin1.txt").write_bytes(b"caf\xe9 au lait\n")
    (folder / "picture.png").write_bytes(bytes(range(256)) * 16)
    (folder / "nowhere").symlink_to(folder / "does_not_exist")
    deep = folder / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "loop").symlink_to(folder)
    for i in range(300):  # several batches
        (deep / f"file{i}.cpp").write_text(f"int value{i % 7};\n" * 3)


with tempfile.TemporaryDirectory() as name:
    make_files(Path(name))
    tables = {}
    for mode in ("sync", "thread"):
        result = run("--mode", mode, name)
        check(result.returncode == 0, f"{mode}: skipped files are no failure", result)
        check("C++" in result.stdout and "Python" in result.stdout, f"{mode}: languages are told apart", result)
        check("300" in result.stdout and "900" in result.stdout, f"{mode}: 300 files of 3 lines are counted", result)
        check("picture.png" in result.stdout, f"{mode}: a binary file is reported", result)
        # The last part tells times, which differ.
        tables[mode] = [line for line in result.stdout.splitlines() if "picture" in line or "C++" in line or "Python" in line]
    check(tables["sync"] == tables["thread"], "the modes count the same", result)

    result = run(os.path.join(name, "not_there"), os.path.join(name, "hello.py"))
    check(result.returncode == 0 and "not_there" in result.stdout, "a missing file is reported, and the rest counted", result)

for arguments in (["--mode", "quantum"], ["--mode"], ["--top", "-1"], ["--top", "many"], ["--sideways"], ["--mode", "ray"]):
    result = run(*arguments)
    check(result.returncode == 2 and result.stderr.count("\n") == 1 and not result.stdout,
          f"{arguments}: one line and status 2", result)

result = run("--help")
check(result.returncode == 0 and "usage:" in result.stdout, "--help helps", result)

print("\n".join(failures) or "the example holds")
sys.exit(1 if failures else 0)
