# What the scripts beside this file share: they set the defaults, and run_magpie turns six arguments and a few
# variables into one `./magpie run`. POSIX sh; sourced, not run.
#
# Set by the script: SCRIPT, ABOUT, PRESET, MODEL, TOTAL, INS_TOPP, INS_TEMP, RES_TOPP, RES_TEMP, PROGRESS.
# Read from the environment: ENDPOINTS, REWARD_ENDPOINTS, REWARD_MODEL, RUN, MAGPIE.

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

print_help() {
  cat <<HELP
$SCRIPT: $ABOUT

Usage: scripts/$SCRIPT [MODEL [TOTAL [INS_TOPP [INS_TEMP [RES_TOPP [RES_TEMP]]]]]] [-- OPTIONS]

  MODEL     plays every part, under the name that its server gives it   ($MODEL)
  TOTAL     problems to make                                            ($TOTAL)
  INS_TOPP  top_p of the problems, above 0 and at most 1                ($INS_TOPP)
  INS_TEMP  temperature of the problems, 0 to 2                         ($INS_TEMP)
  RES_TOPP  top_p of the answers, above 0 and at most 1                 ($RES_TOPP)
  RES_TEMP  temperature of the answers, 0 to 2                          ($RES_TEMP)
            (the samples beside them stay as warm as $PRESET says)
  OPTIONS   go to ./magpie run as they are, as --out DIR or --set a.b=c

Variables:
  ENDPOINTS         servers of the model, separated by blanks           (http://127.0.0.1:8000)
  REWARD_ENDPOINTS  servers of a reward model; without, the vote is the reward
  REWARD_MODEL      its name                                            (Qwen/Qwen2.5-Math-RM-72B)
  RUN               name of the run; a run of the same name goes on     (the model's name)

Example:
  ENDPOINTS="http://a:8000 http://b:8000" scripts/$SCRIPT $MODEL $TOTAL $INS_TOPP $INS_TEMP $RES_TOPP $RES_TEMP
HELP
}

refuse() {
  printf '%s: %s\n' "$SCRIPT" "$1" >&2
  exit 2
}

# check_number NAME VALUE CONDITION WORDS: a plain decimal number x for which awk's CONDITION holds.
check_number() {
  if ! printf '%s\n' "$2" | LC_ALL=C grep -Eqx '[0-9]+(\.[0-9]+)?|\.[0-9]+' ||
    ! LC_ALL=C awk -v x="$2" "BEGIN { exit !($3) }" </dev/null; then
    refuse "$1 must be $4, but is \"$2\" (see --help)"
  fi
}

# A list of endpoints as YAML: [{url: "http://a:8000"}, {url: "http://b:8000"}]
endpoint_list() {
  list=''
  for endpoint in $1; do
    list="$list${list:+, }{url: \"$endpoint\"}"
  done
  printf '[%s]' "$list"
}

run_magpie() {
  set -f # endpoints are words, never patterns of file names
  place=0
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) print_help && exit 0 ;;
      --) shift && break ;;
      --*) refuse "$1 is no option of this script; options of ./magpie run go behind -- (see --help)" ;;
    esac
    place=$((place + 1))
    case $place in
      1) MODEL=$1 ;;
      2) TOTAL=$1 ;;
      3) INS_TOPP=$1 ;;
      4) INS_TEMP=$1 ;;
      5) RES_TOPP=$1 ;;
      6) RES_TEMP=$1 ;;
      *) refuse "\"$1\" is one argument too many; options of ./magpie run go behind -- (see --help)" ;;
    esac
    shift
  done

  [ -n "$MODEL" ] || refuse 'MODEL is empty (see --help)'
  check_number TOTAL "$TOTAL" 'x >= 1 && x == int(x)' 'a whole number of at least 1'
  check_number INS_TOPP "$INS_TOPP" 'x > 0 && x <= 1' 'above 0 and at most 1'
  check_number INS_TEMP "$INS_TEMP" 'x >= 0 && x <= 2' 'from 0 to 2'
  check_number RES_TOPP "$RES_TOPP" 'x > 0 && x <= 1' 'above 0 and at most 1'
  check_number RES_TEMP "$RES_TEMP" 'x >= 0 && x <= 2' 'from 0 to 2'

  if [ -n "${REWARD_ENDPOINTS:-}" ]; then
    reward=rm
    rewards="[{name: rm, kind: token-rm, model: \"${REWARD_MODEL:-Qwen/Qwen2.5-Math-RM-72B}\", endpoints: $(endpoint_list "$REWARD_ENDPOINTS")}, {name: agreement, kind: agreement}]"
  else
    reward=agreement
    rewards='[{name: agreement, kind: agreement}]'
  fi

  # What is left in "$@" came behind --; of two settings of one name the later wins, so ours go in front.
  set -- --set "stages.reward.rewards=$rewards" --set "stages.curate.reward=$reward" "$@"
  set -- --set "roles.answerer.sampling.topP=$RES_TOPP" --set "roles.answerer.sampling.temperature=$RES_TEMP" "$@"
  set -- --set "roles.questioner.sampling.topP=$INS_TOPP" --set "roles.questioner.sampling.temperature=$INS_TEMP" "$@"
  for endpoint in ${ENDPOINTS:-http://127.0.0.1:8000}; do
    set -- "$@" --endpoint "$endpoint"
  done
  name=$(printf '%s' "${MODEL##*/}" | LC_ALL=C tr -c 'A-Za-z0-9._-' '-')
  exec "${MAGPIE:-$ROOT/magpie}" run -c "$ROOT/$PRESET" --run "${RUN:-$name}" --total "$TOTAL" --lang "$PROGRESS" \
    --model "$MODEL" "$@"
}
