#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Judges mutants by KUnit, in a kernel that has them all. $MUTANTS has a line "FILE NUMBER SUITE..."
# for each; the output says when a mutant begins, and then the verdict on it. After each mutant, the
# tests must pass without any: otherwise this kernel is of no more use, and the other mutants need
# another boot.

KMEMLEAK=/sys/kernel/debug/kmemleak
KUNIT=/sys/kernel/debug/kunit
LIMIT=60
# kmemleak ignores objects that are younger than 5 s.
OLD_S=6
REPORT='\] WARNING:|BUG|Oops|general protection|possible (circular|recursive)|inconsistent lock'
REPORT="$REPORT|suspicious RCU|nobody cared|rcu: INFO|soft lockup|scheduling while atomic"

say()
{
	echo "# mutant $*"
}

# choose FILE NUMBER
choose()
{
	echo "$2" | tee /sys/module/*/parameters/"vis_mutant_$1" >/dev/null
}

# A test that never ends leaves a process that nobody can end.
run_suite()
{
	local job

	dmesg -c >/dev/null
	echo 1 >$KUNIT/"$1"/run &
	job=$!
	(sleep $LIMIT && say "$FILE $NUMBER: killed by a hang in $1" >&3 && kill $$) >/dev/null &
	wait $job
	kill $!
}

# failure SUITE...: the first test that fails, or what the kernel reported; nothing if all pass
failure()
{
	local suite

	for suite; do
		[ -e $KUNIT/"$suite"/run ] || { echo "the lack of $suite" && return; }
		run_suite "$suite"
		dmesg | grep -m 1 -oE "$REPORT.*" && return
		sed -n "s/^ *not ok [0-9]* \([a-z0-9_]*\).*/$suite.\1/p" $KUNIT/"$suite"/results |
			grep -m 1 . && return
	done
}

# scan: whether there are leaks. The second scan finds objects whose address was still on a stack
# during the first.
scan()
{
	sleep $OLD_S
	echo scan >$KMEMLEAK
	echo scan >$KMEMLEAK
	[ -n "$(cat $KMEMLEAK)" ]
}

# judge SUITE...: a leak may come from an earlier mutant, if a stack kept the last address until
# now, so a leak kills only the first mutant of a boot.
judge()
{
	local found control

	say "$FILE $NUMBER begins"
	choose "$FILE" "$NUMBER"
	found=$(failure "$@")
	if [ -z "$found" ] && scan; then
		[ "$JUDGED" = 0 ] || return
		found="a leak"
	fi
	JUDGED=$((JUDGED + 1))
	choose "$FILE" 0
	control=$(failure "$@")
	if [ -n "$found" ]; then
		say "$FILE $NUMBER: killed by $found"
	elif [ -n "$control" ]; then
		say "$FILE $NUMBER: killed by what it left for $control"
	else
		say "$FILE $NUMBER: survived"
	fi
	[ -z "$control" ]
}

exec 3>&1
JUDGED=0
echo "TAP version 13"
echo "1..1"
while read -r FILE NUMBER suites; do
	# shellcheck disable=SC2086 # words
	judge $suites || break
done <<END
$MUTANTS
END
echo "ok 1 mutants_generated.judged"
