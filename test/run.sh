# shellcheck shell=bash disable=SC2154 # $top is copy.sh's
# run.sh - all tests, in several copies of the machine at the same time. Sourced by copy.sh (--beside), beside the copies.
#
# usage: run.sh [--static] [--long] [--run REGEX] [--parallel N]
#
#   unit      compiles the tests and runs them where nothing is installed: those that need an installation are skipped
#   static    formatting, vet and the like                                                      } at the same time
#   install   install.sh --demo, once                                                           }
#   01 02 ... what was skipped, a few tests in each copy; each begins with a fresh clone of the installation
#
# So no test meets what another one left, but for the few that share a copy. What a copy says is printed as a block when it
# has ended. Nothing is lost without being counted: a copy that ends badly is a failure, and so is each test that was to run
# in a copy and has no result (test/report).

# Where steps.sh leaves its programs and results, in a copy.
readonly prepared=/var/lib/shztest
readonly results=$top/results
readonly report=$top/unit/upper$prepared/bin/report # made by the step "unit"

run_tests() {
    local static='' pattern='' parallel=$((2 * $(nproc))) options=()
    while (($#)); do
        case $1 in
        --static) static=yes ;;
        --long) options+=(--long) ;;
        --run) pattern=$2 && options+=(--run "$2") && shift ;;
        --parallel) parallel=$2 && shift ;;
        esac
        shift
    done

    : >"$results"
    part unit stage unit
    if [[ ! -x $report ]]; then return 1; fi # said above
    if [[ ! $pattern ]]; then part static copy static & fi
    if [[ ! $static ]]; then
        part install stage install
        if ! grep -qE $'^fail\t(install|copy install)' "$results"; then share; fi
    fi
    wait
    printf 'all %20d s\n' "$SECONDS"
    "$report" -total "$results"
}

# share gives what the unit tests skipped to copies, as many at a time as there may be.
share() {
    local name package tests
    while IFS=$'\t' read -r name package tests; do
        while (($(jobs -rp | wc -l) >= parallel)); do wait -n || true; done
        part "$name" copy tests "$package" "$tests" &
    done < <("$report" -plan "$results" "$top/repository/test/alone" "$pattern" || printf 'fail\tplan of the tests\t\n' >>"$results")
}

# part NAME MAKE STEP... does a step of steps.sh in a copy that MAKE ("stage" or "copy") makes.
part() {
    local name=$1 make=$2 status=0 start=$SECONDS
    "$make" "$name" test/steps.sh "${options[@]}" "${@:3}" >"$top/$name.log" 2>&1 || status=$?
    {
        flock 8 # one block after the other
        cat "$top/$name.log"
        cat "$top/$name/upper$prepared/results" >>"$results" || status=1
        if ((status)); then
            printf 'FAILED copy %s: exit status %d\n' "$name" "$status"
            printf 'fail\tcopy %s\t\n' "$name" >>"$results"
        fi
        printf 'copy %-12s %6d s\n' "$name" $((SECONDS - start))
    } 8>"$top/lock"
    # Its files are in memory.
    if [[ $make == copy ]]; then rm -rf "${top:?}/$name"; fi
}

run_tests "$@"
