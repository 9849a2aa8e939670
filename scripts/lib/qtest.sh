# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# QEMU's qtests of the device, a process for each: a test that fails aborts its program.

QTEST_LIMIT=60

# qtest_run PATH: its output and its status, in files of its own
qtest_run()
{
	local name=${1##*/} status=0

	timeout -k 10 $QTEST_LIMIT "$QTEST" -p "$1" >"$QTEST_DIR/$name.log" 2>&1 || status=$?
	echo "$status" >"$QTEST_DIR/$name.status"
}

qtest_show()
{
	cat "$QTEST_DIR/$1.log"
	return "$(cat "$QTEST_DIR/$1.status")"
}

# qtest_report PREFIX NAME
qtest_report()
{
	local reason

	reason=$(sed -n 's/^ok .* # SKIP //p' "$QTEST_DIR/$2.log")
	if [ -n "$reason" ]; then
		tap_skip "$1.$2" "$reason"
	else
		tap_run "$1.$2" qtest_show "$2"
	fi
}

# qtests VARIANT PREFIX: those of a variant of the device (of the plain one: nothing), with
# results PREFIX.NAME
qtests()
(
	QTEST=$("$ROOT/scripts/build-qemu" --tests)
	QTEST_QEMU_BINARY=${QTEST%/*}/qemu-system-x86_64
	# For what the tests themselves leave
	TMPDIR=$(mktemp -d)
	QTEST_DIR=$TMPDIR
	export QTEST QTEST_DIR QTEST_LIMIT QTEST_QEMU_BINARY TMPDIR
	export -f qtest_run
	trap 'rm -rf "$TMPDIR"' EXIT

	paths=()
	while read -r path; do
		! tap_wanted "$2.${path##*/}" || paths+=("$path")
	done < <("$QTEST" -l | grep -E "^/[^/]+/virtio-mmio-vis${1:+/$1}/[^/]+$")
	# shellcheck disable=SC2016 # for the child to expand
	printf '%s\0' "${paths[@]}" |
		xargs -0 -r -P "$(nproc)" -I{} bash -c 'qtest_run "$1"' sh {}
	for path in "${paths[@]}"; do
		qtest_report "$2" "${path##*/}"
	done
	tap_end
)

# variant_tests NAME: those of VIS_ONLY, under the names that they have on the plain device
variant_tests()
{
	local cases=vis.device.qtest status=0

	case $VIS_ONLY in
	'' | "$cases"*) qtests "$1" $cases || status=1 ;;
	esac
	case $VIS_ONLY in
	"$cases"*) ;;
	*) "$ROOT/scripts/vm" --suite "variant.$1" --variant "$1" main || status=1 ;;
	esac
	return $status
}

# variant_suite NAME: vis.TEST becomes variant.NAME.TEST
variant_suite()
{
	local suite=variant.$1

	export VIS_ONLY=${VIS_ONLY-}
	[ "$VIS_ONLY" != "$suite" ] || VIS_ONLY=
	VIS_ONLY=${VIS_ONLY/#"$suite."/vis.}
	variant_tests "$1" | sed -uE "s/^((not )?ok [0-9]+) vis\\./\\1 $suite./" | tap_merge
}
