# SPDX-License-Identifier: BSD-2-Clause
"""A chart of the main table's ratios, drawn by gnuplot."""

import os
import shutil
import statistics
import subprocess

TERMINALS = {".svg": 'svg size 1280,640 noenhanced background "white"',
             ".png": "png size 1280,640 noenhanced"}

missing = None if shutil.which("gnuplot") else "gnuplot is not installed"

SCRIPT = """\
set terminal {terminal}
set output "{path}"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.8 border -1
set boxwidth 0.9
set yrange [0:*]
set grid ytics
set xtics rotate by -45
set key above
set rmargin 8
set ylabel "speed, against the filesystem below"
set datafile missing "-"
$ratios << END
{rows}
END
plot {bars}, 1 with lines linecolor "black" title "native"
"""


def terminal(path):
    """What draws such a file, or None."""
    return TERMINALS.get(os.path.splitext(path)[1])


def _cell(results, row, side):
    ratios = results.ratios(row, side)
    return f"{statistics.median(ratios):.4f}" if ratios else "-"


def script(results, path):
    sides = results.peers()
    rows = [" ".join([row, *(_cell(results, row, side) for side in sides)])
            for row in results.compared()]
    bars = [f'$ratios using {column}:xtic(1) title "{side}"'
            for column, side in enumerate(sides, 2)]
    return SCRIPT.format(terminal=terminal(path), path=path.replace(
        '"', '\\"'), rows="\n".join(rows), bars=", ".join(bars))


def draw(results, path):
    subprocess.run(["gnuplot"], check=True, text=True,
                   input=script(results, path))
