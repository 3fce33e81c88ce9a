#!/bin/sh
# Takes from an installed environment what nothing reads at run time: prune.sh FOLDER [collected]
# Rust's own library beside c2pa's shared one, a compiler of autobahn's, sources of translations, tests, and languages
# that the site has not; with the second word also style and script files, which are served from where they were
# collected.
set -eu
find "$1" -type f \( -name '*.rlib' -o -name '*.po' -o -name '*.pyi' -o -name '*.pxd' \) -delete
find "$1" -type d \( -path '*/numpy/*/tests' -o -path '*/scipy/*/tests' -o -path '*/twisted/*/test' \
    -o -path '*/zope/*/tests' -o -path '*/autobahn/_flatc' \) -prune -exec rm -r {} +
find "$1" -type d -path '*/locale/*' -prune ! -name 'en*' -exec rm -r {} +
if [ "${2:-}" = collected ]; then
    find "$1" -type d -name static -path '*/site-packages/*' -prune -exec rm -r {} +
fi
