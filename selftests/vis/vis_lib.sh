# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Helpers for the VIS guest tests: KTAP, the host's services, interrupts. A test is a function
# that vis_run calls in a subshell; it fails by calling fail.

SKIPPED=4
# The serial line to the virtual machine monitor. Without it, only tests that do not need it run.
VIS_HOST=${VIS_HOST-}
[ -z "$VIS_HOST" ] || exec 3<>"$VIS_HOST"

note()
{
	echo "# $*"
}

fail()
{
	note "$*"
	exit 1
}

# skip_never WHY: skips a test that is impossible by nature
skip_never()
{
	echo "never: $*" >/tmp/skip
	exit $SKIPPED
}

# machine_lacks: prints what the machine lacks for the tests; one with a host lacks nothing
machine_lacks()
{
	local driver

	[ -z "$VIS_HOST" ] || return
	for driver in virtio_blk virtio_net virtio_rng virtio_console; do
		[ -n "$(virtio_of $driver)" ] || echo "a device of $driver"
	done
	[ "$(entries /sys/block/vda/mq | wc -l)" = 4 ] || echo "a disk of 4 queues"
	grep -qs 'VIS-' /sys/kernel/irq/*/chip_name || echo "a device on Virtio Interrupt Storage"
}

# run_test FUNCTION [host | ARGUMENT...]: "host" says that the test needs the host
run_test()
{
	if [ "${2-}" = host ] && [ -z "$VIS_HOST" ]; then
		echo "VIS_HOST names no serial line to the virtual machine monitor" >/tmp/skip
		return "$SKIPPED"
	fi
	[ "${2-}" != host ] || set -- "$1"
	("$@") </dev/null
}

# vis_run: runs the tests of $tests, or only $VIS_ONLY. A line is "name function", and then "host"
# or arguments of the function.
vis_run()
{
	local failed=0 function lacking name needs number=0

	echo "TAP version 13"
	lacking=$(machine_lacks | tr '\n' ',')
	if [ -n "$lacking" ]; then
		echo "1..0 # SKIP the machine lacks ${lacking%,}"
		return "$SKIPPED"
	fi
	tests=$(echo "$tests" | awk -v only="$VIS_ONLY" \
		'NF && (only == "" || $1 == only || index($1, only ".") == 1)')
	echo "1..$(echo "$tests" | awk 'NF' | wc -l)"
	while read -r name function needs; do
		[ -n "$name" ] || continue
		number=$((number + 1))
		# shellcheck disable=SC2086 # words
		run_test "$function" $needs
		case $? in
		0) echo "ok $number $name" ;;
		"$SKIPPED") echo "ok $number $name # SKIP $(cat /tmp/skip)" ;;
		*)
			echo "not ok $number $name"
			failed=1
			;;
		esac
	done <<-END
		$tests
	END
	return $failed
}

# host VERB ARGUMENT...: prints the host's answer.
host()
{
	local reply status

	if [ -z "$VIS_HOST" ]; then
		echo "# $*: the table of tests does not say \"host\"" >&2
		return 1
	fi
	echo "@host $*" >&3
	read -r status reply <&3
	[ -z "$reply" ] || echo "$reply"
	[ "$status" = @ok ]
}

expect()
{
	[ "$2" = "$3" ] || fail "$1: expected $2, got $3"
}

now_ms()
{
	awk '{ printf "%d", $1 * 1000 }' /proc/uptime
}

# kernel_parameter WORD: its value on the kernel's command line
kernel_parameter()
{
	sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" /proc/cmdline
}

# Seconds to wait for an event that takes one at most; an instrumented kernel takes longer
SLOW=$(kernel_parameter vis.slow)
SLOW=${SLOW:-1}

# await SECONDS COMMAND...: polls until the command succeeds.
await()
{
	local deadline

	deadline=$(($(now_ms) + $1 * 1000 * SLOW))
	shift
	until "$@"; do
		[ "$(now_ms)" -lt "$deadline" ] || return 1
	done
}

# vis_shell: a shell on the host's terminal, until the user leaves it
vis_shell()
{
	echo "@shell" >&3
	stty -F "$VIS_HOST" sane
	# shellcheck disable=SC2094 # a terminal
	setsid -c sh -i <"$VIS_HOST" >"$VIS_HOST" 2>&1
	# The end of the session has hung up the line.
	exec 3<>"$VIS_HOST"
	exec <&3 >&3 2>&3
	stty raw -echo
	printf '\004'
}

# entries DIRECTORY [PREFIX]: the names in it, a line each
entries()
{
	local path

	for path in "$1/${2-}"*; do
		[ ! -e "$path" ] || echo "${path##*/}"
	done
}

# virtio_of DRIVER [N]: the Nth virtio device bound to a driver.
virtio_of()
{
	entries "/sys/bus/virtio/drivers/$1" virtio | sed -n "${2:-1}p"
}

# virtio_of_disk NAME
virtio_of_disk()
{
	basename "$(readlink -f "/sys/block/$1/device")"
}

platform_of()
{
	basename "$(dirname "$(readlink -f "/sys/bus/virtio/devices/$1")")"
}

# base_of VIRTIO: the address of the registers that its transport has claimed, as traces print it.
# Only these lines have two names: the device's and the firmware's name of the resource.
base_of()
{
	printf '0x%x\n' "0x$(awk -v name="$(platform_of "$1")" \
		'$3 == name && NF == 4 { sub("-.*", "", $1); print $1 }' /proc/iomem)"
}

# irq_of ACTION: the number of the interrupt with that handler name.
irq_of()
{
	awk -v name="$1" '$NF == name { sub(":", "", $1); print $1 }' /proc/interrupts
}

action_of()
{
	awk -v irq="$1:" '$1 == irq { print $NF }' /proc/interrupts
}

irqs_of()
{
	awk -v name="$1-" 'index($NF, name) == 1 { sub(":", "", $1); print $1 }' /proc/interrupts
}

# irq_count IRQ [CPU]: number of its interrupts, in all or on one CPU.
irq_count()
{
	local IFS=, count counts cpu=0 sum=0

	read -r counts <"/sys/kernel/irq/$1/per_cpu_count"
	for count in $counts; do
		[ "${2:-$cpu}" != $cpu ] || sum=$((sum + count))
		cpu=$((cpu + 1))
	done
	echo $sum
}

# irq_elsewhere IRQ CPU: number of its interrupts on the other CPUs. It takes one reading, because
# the difference of two is wrong if an interrupt comes in between.
irq_elsewhere()
{
	tr , '\n' <"/sys/kernel/irq/$1/per_cpu_count" |
		awk -v cpu="$2" 'NR != cpu + 1 { n += $1 } END { print n + 0 }'
}

irq_rose()
{
	[ "$(irq_count "$1" "${3:-}")" -gt "$2" ]
}

# counts VIRTIO SUFFIX...: "IRQ COUNT" of each interrupt
counts()
{
	local irq suffix virtio=$1

	shift
	for suffix; do
		irq=$(irq_of "$virtio-$suffix")
		echo "$irq $(irq_count "$irq")"
	done
}

# all_rose COUNTS: every interrupt has come again since
all_rose()
{
	echo "$1" | while read -r irq count; do
		await 5 irq_rose "$irq" "$count" || fail "irq $irq did not rise above $count"
	done || exit 1
}

# is_vector IRQ [PLATFORM]: it is a vector of that device. Some controllers prefix the chip's name.
is_vector()
{
	grep -qsE "^([A-Za-z0-9]+-)?VIS-${2:-.*}\$" "/sys/kernel/irq/$1/chip_name"
}

# check_vectors DRIVER SUFFIX...: the device has exactly these interrupts, on its own chip.
check_vectors()
{
	local driver=$1 irq platform suffix virtio

	virtio=$(virtio_of "$driver")
	platform=$(platform_of "$virtio")
	shift
	for suffix; do
		irq=$(irq_of "$virtio-$suffix")
		[ -n "$irq" ] || fail "$virtio ($platform) has no interrupt $virtio-$suffix"
		is_vector "$irq" "$platform" || fail "$virtio-$suffix is no vector of $platform"
		expect "type of $virtio-$suffix" edge "$(cat "/sys/kernel/irq/$irq/type")"
	done
	expect "interrupts of $virtio" $# "$(irqs_of "$virtio" | wc -l)"
}

all_have_vectors()
{
	check_vectors virtio_blk config req.0 req.1 req.2 req.3
	check_vectors virtio_net config input.0 output.0
	check_vectors virtio_rng config input
	check_vectors virtio_console config input output
}

# check_line DRIVER PLATFORM_DRIVER: the device has one interrupt, its line.
check_line()
{
	check_line_of "$(virtio_of "$1")" "$2"
}

# check_line_of VIRTIO PLATFORM_DRIVER
check_line_of()
{
	local irq platform

	platform=$(platform_of "$1")
	expect "driver of $platform" "$2" \
		"$(basename "$(readlink "/sys/bus/platform/devices/$platform/driver")")"
	irq=$(irq_of "$1")
	[ -n "$irq" ] || fail "$1 has no interrupt $1"
	! is_vector "$irq" || fail "$1 has a vector, not its line"
	expect "vectors of $1" "" "$(irqs_of "$1")"
}

online_cpus()
{
	awk '/^processor/ { print $3 }' /proc/cpuinfo
}

# cpu_online CPU 0|1
cpu_online()
{
	echo "$2" >"/sys/devices/system/cpu/cpu$1/online"
}

effective_cpu()
{
	local cpu

	read -r cpu <"/proc/irq/$1/effective_affinity_list"
	echo "$cpu"
}

effective_is()
{
	[ "$(effective_cpu "$1")" = "$2" ]
}

set_affinity()
{
	echo "$2" 2>/dev/null >"/proc/irq/$1/smp_affinity_list"
}

# comes_on IRQ CPU COMMAND...: the command makes the interrupt come there, and on no other CPU
comes_on()
{
	local before cpu=$2 elsewhere irq=$1

	shift 2
	before=$(irq_count "$irq" "$cpu")
	elsewhere=$(irq_elsewhere "$irq" "$cpu")
	"$@" >/dev/null
	await 5 irq_rose "$irq" "$before" "$cpu" ||
		fail "irq $irq ($(action_of "$irq")) does not come on CPU $cpu"
	expect "interrupts of irq $irq elsewhere" "$elsewhere" "$(irq_elsewhere "$irq" "$cpu")"
}

# move_irq IRQ CPU: moves it, and waits until the move is in effect
move_irq()
{
	set_affinity "$1" "$2" || fail "irq $1 ($(action_of "$1")) refused CPU $2"
	await 5 effective_is "$1" "$2" ||
		fail "irq $1 ($(action_of "$1")) is on CPU $(effective_cpu "$1"), not $2"
}

# The file of a hart for supervisor mode, on QEMU's board of riscv64
IMSIC_BASE=0x28000000
IMSIC_FILE_SIZE=0x1000

# message_address CPU: a pattern for the address of messages to that CPU. It is empty where the
# interrupt controller routes messages itself, so that the message of a vector never changes.
message_address()
{
	local hart

	case $(uname -m) in
	x86_64) printf '0xfee0%x0[048c]' "$1" ;;
	riscv64)
		hart=$(awk -v cpu="$1" '/^processor/ { found = $3 == cpu }
			found && /^hart\t/ { print $3 }' /proc/cpuinfo)
		printf '0x%x' $((IMSIC_BASE + hart * IMSIC_FILE_SIZE))
		;;
	esac
}

# Events of QEMU's trace: a write for masks or messages, a new message, and a message sent
# shellcheck disable=SC2034 # for the scripts that include this file
VECTOR_WRITE="virtio_mmio_(vis_mask|msi)_write" \
	MESSAGE_TAKEN="virtio_mmio_(vis_latch|msi_update)" \
	MESSAGE_SENT="virtio_mmio_(vis|msi)_send"

# latched_pattern VIRTIO VECTOR CPU: the trace of a latch of a message for that CPU
latched_pattern()
{
	echo "mmio $(base_of "$1") vector $2 address $(message_address "$3")"
}

# moves_message: a vector gets another message when it moves
moves_message()
{
	[ -n "$(message_address 0)" ]
}

# move_cost: number of accesses that trap when a vector moves. A device of this vendor has MSI
# registers, and no tables.
move_cost()
{
	if ! moves_message; then
		echo 0
	elif grep -q '^0xdbfcdb' /sys/bus/virtio/devices/*/vendor; then
		echo 4
	else
		echo 1
	fi
}

# vis_driver: the platform driver that supports VIS, ours or the kernel's own
vis_driver()
{
	if [ -d /sys/bus/platform/drivers/virtio-mmio-vis ]; then
		echo virtio-mmio-vis
	else
		echo virtio-mmio
	fi
}

driver_of()
{
	readlink -f "/sys/bus/platform/devices/$1/driver"
}

# without_driver DEVICE COMMAND...: runs it while a platform or virtio device has no driver; its
# status is that of the command
without_driver()
{
	local device=$1 driver status=0

	driver=$(readlink -f /sys/bus/*/devices/"$device"/driver)
	shift
	echo "$device" >"$driver/unbind"
	"$@" || status=$?
	echo "$device" >"$driver/bind" || fail "$device is not bound again"
	return $status
}

# count_binding DEVICE: binds it again, and the host counts from then on
count_binding()
{
	without_driver "$1" host mark
}

# expect_first WHAT WORD EVENT PATTERN: the first such event since the mark has that word
expect_first()
{
	local first

	first=$(host first "$3" "$4")
	case $first in
	*"$2"*) ;;
	*) fail "$1 comes after '$first'" ;;
	esac
}

# Using the devices

GUEST_ADDRESS=10.0.2.15
HOST_ADDRESS=10.0.2.2

# How much a disk grows in a test, in bytes
# shellcheck disable=SC2034 # for the scripts that include this file
GROWTH=1048576

disk_size()
{
	blockdev --getsize64 /dev/vda
}

size_is()
{
	[ "$(disk_size)" = "$1" ]
}

hash_of()
{
	sha256sum <"$1" | cut -d ' ' -f 1
}

drop_caches()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
}

# busybox aligns only buffers of at least a page. Other reads go through the page cache.
PAGE=$(awk '/^KernelPageSize:/ { print $2 "k"; exit }' /proc/self/smaps)

# read_disk_on CPU [PAGES]: reads of a page that reach the device, from the disk's start
read_disk_on()
{
	taskset -c "$1" dd if=/dev/vda of=/dev/null bs="$PAGE" iflag=direct status=none \
		${2:+count="$2"}
}

disk_matches_host()
{
	drop_caches
	expect "hash of the disk" "$(host hash disk0)" "$(hash_of /dev/vda)"
}

net_up()
{
	ip link set lo up
	ip link set eth0 up
	ip addr replace "$GUEST_ADDRESS/24" dev eth0
}

# A packet each way
net_ping()
{
	ping -q -c 1 -W $((5 * SLOW)) "$HOST_ADDRESS" >/dev/null
}

# net_exchange BYTES: sends that many to the host and receives as many, and compares the hashes
net_exchange()
{
	local port

	head -c "$1" /dev/urandom >/tmp/sent
	port=$(host net-port)
	{ echo PUT && cat /tmp/sent; } | nc "$HOST_ADDRESS" "$port" || fail "cannot send"
	expect "hash of the data sent" "$(hash_of /tmp/sent)" \
		"$(host net-digest)"

	port=$(host net-port)
	echo "GET $1" | nc "$HOST_ADDRESS" "$port" >/tmp/received || fail "cannot receive"
	expect "length of the data received" "$1" "$(wc -c </tmp/received)"
	expect "hash of the data received" "$(host net-digest)" \
		"$(hash_of /tmp/received)"
	rm /tmp/sent /tmp/received
}

# rng_matches_host RECORDS: reads records of 64 bytes, which are those that the host fed, in order.
# The kernel reads the device, too, and may take some in between.
rng_matches_host()
{
	local bytes

	bytes=$(dd if=/dev/hwrng bs=64 count="$1" iflag=fullblock status=none | xxd -p | tr -d '\n')
	expect "records that the host fed" "$1" "$(host rng "$bytes")"
}

# The device had filled its queue; the driver requests anew the data that is taken here.
rng_read()
{
	dd if=/dev/hwrng of=/dev/null bs=64 count=1 status=none
}

console_open()
{
	exec 4<>/dev/hvc0
	stty raw -echo <&4
}

new_nonce()
{
	head -c 16 /dev/urandom | xxd -p
}

# console_exchange LINE: a line each way, over descriptor 4
console_exchange()
{
	local nonce reply

	nonce=$(new_nonce)
	host console-send "$nonce" "$1" >/dev/null
	# shellcheck disable=SC3045 # busybox has it
	read -r -t $((10 * SLOW)) reply <&4 || fail "nothing came from the host on the console"
	expect "nonce from the host" "$nonce" "$reply"
	nonce=$(new_nonce)
	echo "$nonce" >&4
	expect "nonce from the guest" "$nonce" "$(host console-read "$1")"
}

# of_device EVENT DRIVER: number of such events in the trace of the device
of_device()
{
	host count "virtio_mmio_vis_$1" "mmio $(base_of "$(virtio_of "$2")") "
}

# only_pending_sent DRIVER...: while KVM sends the messages, the monitor sends only those that were
# pending when a mask was cleared. Several events of a masked vector make one message.
only_pending_sent()
{
	local driver pended sent

	for driver; do
		sent=$(of_device send "$driver")
		pended=$(of_device pend "$driver")
		note "$driver: $pended events pended, the monitor sent $sent messages"
		[ "$sent" -le "$pended" ] || fail "the monitor sent messages that were not pending"
	done
}

# all_devices_work: the minimum that each device must do, with any kind of interrupt
all_devices_work()
{
	local cpu

	disk_matches_host
	for cpu in $(online_cpus); do
		read_disk_on "$cpu" 4 || fail "cannot read on CPU $cpu"
	done
	net_up
	net_ping || fail "no answer on the network"
	rng_read || fail "no entropy"
	console_open
	console_exchange console
}

# policy_line: every device runs on its line, and has logged the reason once
policy_line()
{
	local driver why="trying the interrupt line|no MSI controller|MSI_CSR is"

	for driver in virtio_blk virtio_net virtio_rng virtio_console; do
		check_line $driver "$(vis_driver)"
	done
	all_devices_work
	expect "devices that log why" 4 "$(dmesg | grep -cE "VIS.*: ($why)")"
}
