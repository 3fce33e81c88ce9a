#!/bin/sh
# What workers that draw need, into the environment of a Python: install.sh PYTHON [cpu|cuda]
# `cpu` takes torch's build for processors, which pip must be offered (PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS); `cuda`
# takes the general one. Without a word the first is taken where it is offered, and a build of the right version that
# is there already stays: it may be one for this machine's driver.
set -eu
python=$1
kind=${2:-any}
lists=$(dirname "$0")/requirements
install() {
    "$python" -m pip install --disable-pip-version-check --quiet --no-compile --require-hashes --no-deps "$@"
}
needs_cuda='import importlib.metadata as m; raise SystemExit(not any("nvidia" in r for r in m.requires("torch")))'
wanted=$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' "$lists/torch.txt")
present=$("$python" -c 'import importlib.metadata as m; print(m.version("torch"))' 2>/dev/null || true)
# Beside torch, which is half of all there is to unpack. Neither has a package of the other's.
install -r "$lists/worker.txt" &
others=$!
trap 'kill "$others" 2>/dev/null || :' EXIT
if [ "$kind" = cpu ]; then
    install -r "$lists/torch-cpu.txt"
elif [ "$kind" = cuda ]; then
    install -r "$lists/torch.txt"
elif [ "${present%%+*}" != "$wanted" ]; then
    install -r "$lists/torch-cpu.txt" 2>/dev/null || install -r "$lists/torch.txt"
fi
wait "$others"
trap - EXIT
if [ "$("$python" -c 'import importlib.metadata as m; print("+" in m.version("torch"))')" = False ] && "$python" -c "$needs_cuda"; then
    install -r "$lists/cuda.txt"
fi
