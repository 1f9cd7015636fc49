#!/bin/sh
# Fuzzes each subject in turn for some seconds, beginning with the corpus that is kept, under the address sanitizer.
#   Tests/Fuzz/fuzz.sh SECONDS [subject…]
# What is found new stays in .build-fuzz/corpus; `fuzz.sh keep` adds the least of it that covers the same to the
# corpus that is kept. An input that breaks something is written to .build-fuzz/<subject>-…: it becomes a test.
set -eu
cd "$(dirname "$0")/../.."
seconds=$1
shift
subjects=${*:-head chunks token canonical stream}
# No search for leaks: the sanitizer takes a pointer that Swift keeps with a tag in it for lost.
# The trap of a broken rule is for libFuzzer to see.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0 RESIDENCY_FUZZ=1
swift build --scratch-path .build-fuzz --product Fuzz
fuzz=.build-fuzz/debug/Fuzz
for subject in $subjects; do
    found=.build-fuzz/corpus/$subject
    kept=Tests/Fuzz/Corpus/$subject
    mkdir -p "$found" "$kept"
    if [ "$seconds" = keep ]; then
        "$fuzz" "$subject" -set_cover_merge=1 -use_counters=0 -max_len=1024 "$kept" "$found" </dev/null 2>&1 | tail -n 2
    else
        echo "fuzzing $subject for $seconds s"
        "$fuzz" "$subject" -max_total_time="$seconds" -max_len=4096 -timeout=10 -print_final_stats=1 \
            -artifact_prefix=".build-fuzz/$subject-" "$found" "$kept" </dev/null 2>".build-fuzz/$subject.log" || {
            tail -n 40 ".build-fuzz/$subject.log"
            exit 1
        }
        tail -n 7 ".build-fuzz/$subject.log"
    fi
done
