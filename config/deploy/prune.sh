#!/bin/sh
# Takes from an installed environment what nothing reads at run time: prune.sh FOLDER
# Rust's own library beside c2pa's shared one, sources of translations, tests, and languages that the site has not.
set -eu
find "$1" -type f \( -name '*.rlib' -o -name '*.po' -o -name '*.pyi' -o -name '*.pxd' \) -delete
find "$1" -type d \( -path '*/numpy/*/tests' -o -path '*/scipy/*/tests' -o -path '*/twisted/*/test' \
    -o -path '*/zope/*/tests' \) -prune -exec rm -r {} +
find "$1" -type d -path '*/locale/*' -prune ! -name 'en*' -exec rm -r {} +
