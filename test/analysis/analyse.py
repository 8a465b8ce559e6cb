#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Static analysis: analyse.py clang-tidy|cppcheck|gcc BUILD-DIRECTORY

Each source file below src, as BUILD-DIRECTORY/compile_commands.json says that
it is compiled, and cppcheck the tests besides. What a tool finds is printed,
and fails. First it has to find the fault in planted.c.

What is switched off, and why, is said in .clang-tidy, and at the line in
question: NOLINTNEXTLINE, cppcheck-suppress, and for gcc pragmas around a
function."""

import concurrent.futures
import functools
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
PLANTED = pathlib.Path(__file__).resolve().with_name("planted.c")


def flags_of(entry):
    """What a file is compiled with, without the compiler, -o and -c."""
    words = shlex.split(entry["command"])[1:]
    at = words.index("-o")
    return words[:at] + ["-UNDEBUG", "-fno-sanitize=all"]


def clang_tidy(file, flags):
    return ["clang-tidy", "-quiet", file, "--", *flags]


def gcc(file, flags):
    # Of code that was optimised it takes much for uninitialised.
    return ["gcc", *flags, "-O0", "-fanalyzer", "-Werror",
            "-S", "-o", "/dev/null", file]


@functools.lru_cache(None)
def header(name):
    """Where the compiler finds a header."""
    done = subprocess.run(["cc", "-M", "-include", name, "-x", "c", "/dev/null"],
                          check=True, capture_output=True, text=True)
    return next(word for word in done.stdout.split() if word.endswith(name))


def cppcheck(file, flags):
    words = [f for f in flags if f.startswith(("-D", "-I"))]
    # It reads no headers of the system, but must know the macros of this one.
    words.append(f"--include={header('sys/queue.h')}")
    # The name is for cleanup.h.
    return ["cppcheck", "-D__CPPCHECK__", "--quiet", "--error-exitcode=1",
            "--enable=warning,portability,performance", "--inline-suppr",
            *words, file]


TOOLS = {"clang-tidy": clang_tidy, "gcc": gcc, "cppcheck": cppcheck}


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # clang-tidy counts what it was told not to show.
    return done.returncode, "\n".join(
        line for line in done.stdout.splitlines()
        if not line.endswith((" warnings generated.", " warning generated.")))


def sources(build, tool):
    folders = ("src", "test") if tool == "cppcheck" else ("src",)
    with open(build / "compile_commands.json", encoding="utf-8") as file:
        entries = {e["file"]: e for e in json.load(file)}
    return {name: flags_of(entry) for name, entry in sorted(entries.items())
            if pathlib.Path(name).relative_to(TOP).parts[0] in folders}


def main():
    tool, build = sys.argv[1], pathlib.Path(sys.argv[2])
    command = TOOLS[tool]
    if not shutil.which(tool):
        print(f"skipped: {tool} is not installed")
        return 77
    files = sources(build, tool)
    status, output = run(command(str(PLANTED), next(iter(files.values()))))
    if status == 0 or "planted.c:" not in output:
        print(f"{tool} does not find the fault in planted.c:\n{output}")
        return 1
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        commands = [command(name, flags) for name, flags in files.items()]
        for status, output in pool.map(run, commands):
            if status or output:
                print(output)
                failed += 1
    print(f"{len(files)} files, {failed} with faults")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
