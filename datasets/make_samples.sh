#!/bin/sh
# The sample recordings with their truth: `sh make_samples.sh ENDPLATE DIRECTORY`. Same program, same bytes; existing files are kept.
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
# A small grid over a contraction that rises, holds and falls; the force is known.
sample grid_trapezoid hd --seed 5 --duration-s 10 --unit-count 30 --layout custom --rows 8 --columns 4 --effort 0.2 --effort-unit force --ramp-s 2 --snr-db 25
# Fibrillation, a positive sharp wave and complex repetitive discharges at a needle.
sample needle_rest needle --seed 6 --rate-hz 20000 --duration-s 8 --effort 0 --activity fibrillation,positive_sharp_wave,complex_repetitive
# F waves, of which every axon is known.
sample f_waves f-wave --seed 7
# A decrement: low safety of transmission.
sample decrement rns --seed 8 --preset myasthenia
