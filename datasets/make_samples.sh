#!/bin/sh
# The four sample recordings with their truth: `sh make_samples.sh ENDPLATE DIRECTORY`. Same program, same bytes; existing files are kept.
set -eu
[ $# -eq 2 ] || {
  echo "usage: $0 ENDPLATE DIRECTORY" >&2
  exit 2
}
endplate=$1
out=$2
mkdir -p "$out"

# sample NAME KIND OPTION...
sample() {
  name=$1
  shift
  [ -f "$out/$name.nwb" ] && return
  "$endplate" simulate "$@" --created 2026-01-01T00:00:00+00:00 --out "$out/$name.nwb" --quiet
}

# Two muscles of a limb taking turns, with mains hum.
sample surface_bursts surface --seed 1 --rate-hz 2048 --duration-s 20 --line-uv 3
# Gentle contraction under a concentric needle.
sample needle_units needle --seed 2 --rate-hz 20000 --duration-s 10 --unit-count 5
# A resting muscle that twitches now and then.
sample rest_twitches rest --seed 3 --rate-hz 2048 --duration-s 60
# Motor conduction: one nerve stimulated at its sites.
sample motor_conduction motor-ncs --seed 4
