# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# QEMU's qtests of the device, a process for each: a test that fails aborts its program.

QTEST_LIMIT=60

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

# qtest_run DIRECTORY PATH...: leaves what each case printed, and its status. Those of kvm are run
# where there is KVM.
qtest_run()
{
	local path prefix=()

	for path in "${@:2}"; do
		echo 'it was not run' >"$1/${path##*/}.log"
		echo 1 >"$1/${path##*/}.status"
	done
	[[ $2 != */kvm/* ]] || prefix=("$ROOT/scripts/nested" --with "${QTEST%/bin/*}" --back "$1")
	"${prefix[@]}" env QTEST="$QTEST" QTEST_QEMU_BINARY="$QTEST_QEMU_BINARY" \
		"$ROOT/scripts/lib/qtest-run" "$QTEST_LIMIT" "$@" >&2 || true
}

# qtests VARIANT PREFIX: those of a variant of the device (plain, or kvm for the plain one on KVM),
# with results PREFIX.NAME
qtests()
(
	variant=/$1
	[ "$1" != plain ] || variant=
	QTEST=$("$ROOT/scripts/build-qemu" --tests)
	QTEST_QEMU_BINARY=${QTEST%/*}/qemu-system-x86_64
	# For what the tests themselves leave
	TMPDIR=$(mktemp -d)
	QTEST_DIR=$TMPDIR/results
	export QTEST_QEMU_BINARY TMPDIR
	mkdir "$QTEST_DIR"
	trap 'rm -rf "$TMPDIR"' EXIT

	paths=()
	while read -r path; do
		! tap_wanted "$2.${path##*/}" || paths+=("$path")
	done < <("$QTEST" -l | grep -E "^/[^/]+/virtio-mmio-vis$variant/[^/]+$")
	[ ${#paths[@]} = 0 ] || qtest_run "$QTEST_DIR" "${paths[@]}"
	for path in "${paths[@]}"; do
		qtest_report "$2" "${path##*/}"
	done
	tap_end
)
