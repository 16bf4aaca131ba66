#!/bin/sh
# Any one model invents problems and answers them: scripts/magpie_math.sh MODEL TOTAL
# Try it: scripts/magpie_math.sh --help
set -eu

SCRIPT=magpie_math.sh
ABOUT='problems and answers by any model whose template is known'
PRESET=configs/one-model.yaml
MODEL=Qwen/Qwen2.5-Math-7B-Instruct
TOTAL=1000
INS_TOPP=1.0 INS_TEMP=1.0
RES_TOPP=1.0 RES_TEMP=0.0
PROGRESS=en

. "$(dirname -- "$0")/lib.sh"
run_magpie "$@"
