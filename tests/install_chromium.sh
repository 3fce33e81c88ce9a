#!/bin/sh
# Installs Debian's Chromium for the browser tests, when this user may; else says what to do.
set -eu
if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else as_root="none"; fi
if ! command -v apt-get >/dev/null || [ "$as_root" = none ]; then
    echo "Chromium is missing and cannot be installed from here: install it (Debian: apt-get install chromium) for the browser tests."
    # A person may go without; continuous integration must not pass by skipping.
    [ "${CI:-}" = true ] && exit 1
    exit 0
fi
echo "Installing Chromium for the browser tests."
$as_root apt-get update -qq </dev/null
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium fonts-liberation </dev/null >/dev/null
