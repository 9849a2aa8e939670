# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Debian's stress-ng and the tests of util-linux, on a system whose devices are all on one
# transport. Each stressor also uses a disk and the network a little, and every device that it uses
# must interrupt.

. ./lib.sh

MAX_SECONDS=300
SECONDS_EACH=$((60 * $(kernel_parameter vis.stress)))
[ $SECONDS_EACH -le $MAX_SECONDS ] || SECONDS_EACH=$MAX_SECONDS
SCRATCH=$(virtio_of_disk "$(disk scratch)")
SCRATCH_FILE=/dev/$(disk scratch)
ROOT_FILE=/dev/$(disk root)
NET=$(virtio_of virtio_net)
# The tests of util-linux that use block devices, except those of the kernel's module scsi_debug
COMPONENTS="blkdiscard fdisk fincore fsck libfdisk losetup lsblk mkswap mount swapon wipefs"

# read_on CPU FILE: a read that reaches the device
read_on()
{
	taskset -c "$1" dd if="$2" of=/dev/null bs=4k count=1 iflag=direct status=none 2>/dev/null
}

# A CPU may be offline.
use_disk()
{
	local cpu

	while :; do
		for cpu in 0 1 2 3; do
			read_on $cpu "$SCRATCH_FILE"
		done
		sleep 0.5
	done
}

use_net()
{
	ping -q -i 0.5 "$HOST_ADDRESS" >/dev/null
}

# queues_work: each queue of the root disk interrupts its own CPU
queues_work()
{
	local cpu irq queue root

	expect "CPUs online" "0 1 2 3" "$(online_cpus | xargs)"
	root=$(root_virtio)
	for queue in 0 1 2 3; do
		irq=$(irq_of "$root-req.$queue")
		cpu=$(cat "/proc/irq/$irq/smp_affinity_list")
		comes_on "$irq" "$cpu" read_on "$cpu" "$ROOT_FILE"
	done
}

# stress STRESSOR DIRECTORY: runs two workers, which have their files there. cpu-online runs only
# with --pathological.
stress()
{
	local name=$1 ops rate status=0

	stress-ng --pathological "--$name" 2 --timeout "${SECONDS_EACH}s" --metrics-brief --verify \
		--temp-path "$2" >stress.out 2>&1 || status=$?
	[ $status = 0 ] || fail "stress-ng --$name ended with $status: $(cat stress.out)"
	ops=$(awk -v name="$name" '$2 == "metrc:" && $4 == name { print $5 }' stress.out)
	rate=$(awk -v name="$name" '$2 == "metrc:" && $4 == name { print $9 }' stress.out)
	[ "${ops:-0}" -gt 0 ] || fail "stress-ng --$name has done nothing: $(cat stress.out)"
	note "$name: $ops operations in $SECONDS_EACH s, $rate/s"
	keep_metrics "stress_ng_$(echo "$name" | tr - _)" "$ops $rate $SECONDS_EACH"
}

# keep_metrics TEST FIGURES: for the table of the host
keep_metrics()
{
	host keep "metrics.$1" "$(echo "$2" | base64 -w 0)"
}

# under_stress LOAD STRESSOR DIRECTORY: also uses the network, and the disk if LOAD is use_disk
under_stress()
{
	local before jobs reports

	reports=$(host reports)
	before=$(counts "$NET" input.0
		[ "$1" != use_disk ] || counts "$SCRATCH" req.0 req.1)
	use_net &
	jobs=$!
	"$1" &
	jobs="$jobs $!"
	# shellcheck disable=SC2064 # these
	trap "kill $jobs 2>/dev/null" EXIT
	stress "$2" "$3"
	# shellcheck disable=SC2086 # several
	kill $jobs 2>/dev/null
	all_rose "$before"
	queues_work
	net_ping || fail "no answer on the network"
	expect "faults that the kernel has reported" "$reports" "$(host reports)"
}

stress_ng_cpu_online()
{
	check_transport
	under_stress use_disk cpu-online /run/vis
}

stress_ng_sock()
{
	check_transport
	under_stress use_disk sock /run/vis
}

scratch_count()
{
	counts "$SCRATCH" req.0 req.1 | awk '{ n += $2 } END { print n }'
}

# Its files are on a disk that nothing else uses.
stress_ng_io_uring()
{
	local before came

	check_transport
	mkdir -p scratch
	mke2fs -q -F "$SCRATCH_FILE" || fail "cannot make a file system"
	mount "$SCRATCH_FILE" scratch || fail "cannot mount it"
	before=$(scratch_count)
	under_stress true io-uring scratch
	came=$(($(scratch_count) - before))
	umount scratch
	note "io-uring: $came interrupts of the disk"
	[ $came -ge $SECONDS_EACH ] || fail "the disk interrupted $came times in $SECONDS_EACH s"
}

# The tests of util-linux, on the programs of the system. Tests that need a program of its build
# skip themselves. The images that they make and mount are on the root disk.
util_linux()
{
	local before passed reports root

	check_transport
	reports=$(host reports)
	root=$(root_virtio)
	before=$(counts "$root" req.0 req.1 req.2 req.3)
	# shellcheck disable=SC2086 # several
	/srv/util-linux/tests/run.sh --use-system-commands --parsable --parallel=4 \
		$COMPONENTS >util-linux.out 2>&1 ||
		fail "tests of util-linux: $(grep FAILED util-linux.out)"
	passed=$(grep -c '\.\.\. OK' util-linux.out)
	note "$passed tests of util-linux passed, $(grep -c SKIPPED util-linux.out) were skipped"
	[ "$passed" -gt 0 ] || fail "no test ran: $(cat util-linux.out)"
	keep_metrics util_linux "$passed -"
	all_rose "$before"
	queues_work
	expect "faults that the kernel has reported" "$reports" "$(host reports)"
}
