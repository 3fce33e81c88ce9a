"""Run as a program, never imported: PNG bytes in, traced SVG out. vtracer is native code that no thread can interrupt,
so `vectorize` starts it as a process of its own, which can be killed.
"""

from __future__ import annotations

import resource
import sys

import vtracer


def main() -> None:
    # Ends the work even when the parent was killed and nobody is left to enforce its time limit.
    seconds = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    svg = vtracer.convert_raw_image_to_svg(
        sys.stdin.buffer.read(), img_format="png", color_precision=5, filter_speckle=8, path_precision=2
    )
    sys.stdout.write(svg)


if __name__ == "__main__":
    main()
