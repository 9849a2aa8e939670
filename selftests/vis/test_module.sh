# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
# The files of the test module vis_test, for scripts that insert it.

VIS_TEST=/sys/kernel/debug/vis_test

MMIO_DRIVER_FEATURES=0x020
MMIO_DRIVER_FEATURES_SEL=0x024
MMIO_INTERRUPT_STATUS=0x060
MMIO_STATUS=0x070
MMIO_VIS_NUM_VECTORS=0x0c4
MMIO_VIS_CONTROL=0x0c8
MMIO_VIS_CONFIG_VECTOR=0x0cc
MMIO_VIS_TABLE_LOW=0x0d8
MMIO_VIS_MASK_LOW=0x0e0
MMIO_VIS_PENDING_LOW=0x0e8

# chip CALL IRQ: mask, unmask, retrigger or rewrite
chip()
{
	echo "$2" >"$VIS_TEST/$1" || fail "cannot $1 irq $2"
}

# reg BASE OFFSET [VALUE]: reads or writes a register
reg()
{
	printf '0x%x\n' $(($1 + $2)) >"$VIS_TEST/address"
	if [ $# = 3 ]; then
		echo "$3" >"$VIS_TEST/reg"
	else
		cat "$VIS_TEST/reg"
	fi
}

# table_of BASE REGISTER: the address of a table; that register has its lower half
table_of()
{
	local high low

	low=$(reg "$1" "$2")
	high=$(reg "$1" $(($2 + 4)))
	printf '0x%x\n' $((high << 32 | low))
}

# pending_word BASE: word 0 of the pending table
pending_word()
{
	table_of "$1" $MMIO_VIS_PENDING_LOW >/tmp/table
	cat /tmp/table >"$VIS_TEST/address"
	cat "$VIS_TEST/mem"
}

# pending_shows BASE WORD: that is word 0, which may be late, or there is no pending table
pending_shows()
{
	[ "$(table_of "$1" $MMIO_VIS_PENDING_LOW)" = 0x0 ] ||
		[ $(($(pending_word "$1"))) = $(($2)) ]
}

# expect_pending WHEN BASE WORD
expect_pending()
{
	await 1 pending_shows "$2" "$3" || fail "pending word $1: $(pending_word "$2"), not $3"
}

# device_sent BASE: how many messages the device sent since the mark
device_sent()
{
	host count "virtio_mmio_vis_send(_extra)?" "mmio $1 "
}

# The modules that run_with_module inserts; a script can add some
TEST_MODULES=vis_test

# run_with_module: like vis_run, but inserts the modules meanwhile
run_with_module()
{
	local module status

	for module in $TEST_MODULES; do
		if ! modprobe "$module"; then
			echo "1..0 # SKIP there is no $module, which selftests/test_modules makes"
			return "$SKIPPED"
		fi
	done
	vis_run
	status=$?
	# shellcheck disable=SC2086 # names of modules
	rmmod $TEST_MODULES
	return $status
}
