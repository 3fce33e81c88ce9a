#!/bin/sh
# `install_package.sh NAME PURPOSE PACKAGE...`: installs packages of Debian for tests, when this user may; else says what to do.
set -eu
name="$1" purpose="$2"
shift 2
if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else as_root="none"; fi
if ! command -v apt-get >/dev/null || [ "$as_root" = none ]; then
    echo "$name is missing and cannot be installed from here: install it (Debian: apt-get install $1) for $purpose."
    # A person may go without; continuous integration must not pass by skipping.
    [ "${CI:-}" = true ] && exit 1
    exit 0
fi
echo "Installing $name for $purpose."
$as_root apt-get update -qq </dev/null
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null
