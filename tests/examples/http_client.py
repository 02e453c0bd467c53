"""Runs the example of a web client with several seeds, at its edges, and where it must fail.

    http_client.py PROGRAM
"""
import re
import subprocess
import sys

program = sys.argv[1]
failures = []


def run(*arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=150, stdin=subprocess.DEVNULL)


def check(holds, what, result):
    if not holds:
        failures.append(f"{what}\n  status {result.returncode}\n  stdout: {result.stdout}\n  stderr: {result.stderr}")


def counts(result):
    """What the server did and what the client saw, by the first words of the line."""
    return {name: (int(server), int(client)) for name, server, client in
            re.findall(r"^ *(.*?) +(\d+) +(\d+)$", result.stdout, re.MULTILINE)}


for pages, seed in ((400, 1), (150, 2), (1, 3), (0, 4)):
    result = run("--pages", str(pages), "--seed", str(seed))
    seen = counts(result)
    check(result.returncode == 0 and "every page arrived once" in result.stdout, f"{pages} pages arrive, seed {seed}", result)
    check(seen.get("whole page", (0, -1))[1] == pages, f"{pages} pages are counted", result)
    if pages >= 150:
        for trouble in ("503", "429", "truncated body", "no answer in time"):
            check(seen.get(trouble, (0, 0))[1] > 0, f"seed {seed} has this trouble: {trouble}", result)

# With one more attempt there is no help for pages that fail twice.
result = run("--retries", "1")
missing = result.stdout.count("did not arrive: ")
check(result.returncode == 1 and missing > 0, "a missing page is a failure", result)
check(counts(result).get("whole page", (0, 0))[1] == 400 - missing, "each missing page is named", result)
check("every page arrived" not in result.stdout, "nothing else is claimed", result)

for arguments in (["--pages", "-1"], ["--pages", "many"], ["--pages"], ["--retries", "0"], ["--seed", "1.5"], ["pages"], [""]):
    result = run(*arguments)
    check(result.returncode == 2 and result.stderr.count("\n") == 1 and not result.stdout,
          f"{arguments}: one line and status 2", result)

result = run("--help")
check(result.returncode == 0 and "usage:" in result.stdout, "--help helps", result)

print("\n".join(failures) or "the example holds")
sys.exit(1 if failures else 0)
