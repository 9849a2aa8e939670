#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What debugfs shows of a vector: its entry, message, mask bit, pending bit, and the latch.

. ./vis_lib.sh
. ./test_module.sh

IRQS=/sys/kernel/debug/irq/irqs

# shown IRQ FIELD: as the domains show it, which come last; the core shows a "pending" mask before
shown()
{
	sed -n "s/^ *$2: *//p" "$IRQS/$1" | tail -n 1
}

shown_is()
{
	[ "$(shown "$1" "$2")" = "$3" ]
}

# state IRQ: masked, pending, latched
state()
{
	echo "$(shown "$1" masked) $(shown "$1" pending) $(shown "$1" latched)"
}

# entry_is_for CPU ENTRY: high and low half of the address, and data
entry_is_for()
{
	case $2 in
	"00000000 fee0${1}000 "*) ;;
	*) fail "an entry for CPU $1 is: $2" ;;
	esac
}

# The console's receive queue, which is quiet: of the rng the kernel asks for more by itself.
observe_debugfs()
{
	local cpu irq virtio

	virtio=$(virtio_of virtio_console)
	console_open
	irq=$(irq_of "$virtio-input")
	[ -e "$IRQS/$irq" ] || fail "debugfs has no irq $irq"
	expect "vector of irq $irq" 1 "$(shown "$irq" vector)"
	expect "masked, pending, latched" "0 0 1" "$(state "$irq")"
	for cpu in 0 1 2 3; do
		set_affinity "$irq" $cpu
		await 2 effective_is "$irq" $cpu || fail "cannot move to CPU $cpu"
		entry_is_for $cpu "$(shown "$irq" entry)"
		expect "message" "$(shown "$irq" entry)" "$(shown "$irq" message)"
	done

	chip mask "$irq"
	expect "masked, pending, latched" "1 0 0" "$(state "$irq")"
	host console-send x >/dev/null
	await 5 shown_is "$irq" pending 1 || fail "masked: $(state "$irq")"
	chip unmask "$irq"
	expect "masked, pending, latched" "0 0 1" "$(state "$irq")"
	expect "vectors of the domain" "3 of $(vectors_of_device "$virtio")" "$(sed -n \
		's/^ *vectors: *//p' "/sys/kernel/debug/irq/domains/VIS-$(platform_of "$virtio")")"
}

vectors_of_device()
{
	echo $(($(reg "$(base_of "$1")" "$VIS_NUM_VECTORS") & 0xffff))
}

tests="
observe.debugfs	observe_debugfs
"
run_with_module
