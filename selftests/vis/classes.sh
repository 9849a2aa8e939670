#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Each class of device that QEMU has for virtio-mmio, at work on its vectors.

. ./vis_lib.sh
. ./parity_lib.sh

MOUNT=/tmp/share
FILE_BYTES=$((4 << 20))
CPUS="0 1 2 3"

# irqs_named ACTION...: "IRQ COUNT" of each interrupt with one of these names
irqs_named()
{
	local action irq

	for action; do
		for irq in $(irq_of "$action"); do
			echo "$irq $(irq_count "$irq")"
		done
	done
}

# read_on_each_cpu DEVICE
read_on_each_cpu()
{
	local cpu

	for cpu in $CPUS; do
		taskset -c "$cpu" dd if="$1" of=/dev/null bs=4k count=16 iflag=direct status=none ||
			fail "cannot read $1 on CPU $cpu"
	done
}

# disk_works DEVICE FILE: the guest's reads and writes agree with the host's file
disk_works()
{
	drop_caches
	expect "hash of $1" "$(host hash "$2")" "$(hash_of "$1")"
	head -c $FILE_BYTES /dev/urandom >/tmp/written
	dd if=/tmp/written of="$1" bs=1M conv=fsync status=none || fail "cannot write $1"
	expect "hash of the data written" "$(hash_of /tmp/written)" \
		"$(host hash "$2" 0 $FILE_BYTES)"
	rm /tmp/written
}

# blk_works VIRTIO DISK IMAGE
blk_works()
{
	local before

	vectors_of "$1" config req.0 req.1 req.2 req.3
	before=$(counts "$1" req.0 req.1 req.2 req.3)
	disk_works "$2" "$3"
	read_on_each_cpu "$2"
	all_rose "$before"
}

class_blk()
{
	blk_works "$(virtio_of virtio_blk)" /dev/vda disk0
}

class_vhost_user_blk()
{
	expect "serial of the second disk" vhost_user_blk "$(cat /sys/block/vdb/serial)"
	blk_works "$(virtio_of virtio_blk 2)" /dev/vdb disk1
}

class_scsi()
{
	local before virtio

	modprobe -a virtio_scsi sd_mod
	virtio=$(virtio_of virtio_scsi)
	vectors_of "$virtio" config control event request request request request
	await 10 test -b /dev/sda || fail "no disk"
	before=$(irqs_named "$virtio-request")
	disk_works /dev/sda disk2
	read_on_each_cpu /dev/sda
	all_rose "$before"
}

class_net()
{
	local before cpu virtio

	virtio=$(virtio_of virtio_net)
	vectors_of "$virtio" config input.0 output.0 input.1 output.1 input.2 output.2 \
		input.3 output.3
	net_up
	before=$(irqs_named "$virtio-input.0" "$virtio-input.1" "$virtio-input.2" "$virtio-input.3")
	for cpu in $CPUS; do
		taskset -c "$cpu" ping -q -A -c 64 -W 5 "$HOST_ADDRESS" >/dev/null ||
			fail "no answer to CPU $cpu"
	done
	net_exchange $FILE_BYTES
	all_rose "$before"
}

class_rng()
{
	local before virtio

	virtio=$(virtio_of virtio_rng)
	vectors_of "$virtio" config input
	before=$(counts "$virtio" input)
	rng_matches_host 16
	all_rose "$before"
}

# memory_is MEBIBYTES: the balloon has left this much memory to the guest
memory_is()
{
	[ "$(host memory)" = "$1" ]
}

class_balloon()
{
	local before free virtio

	modprobe virtio_balloon
	virtio=$(virtio_of virtio_balloon)
	vectors_of "$virtio" config inflate deflate stats
	before=$(counts "$virtio" config inflate deflate)
	free=$(awk '/MemFree/ { print $2 }' /proc/meminfo)
	host balloon 448 >/dev/null
	await 20 memory_is 448 || fail "the balloon left $(host memory) MiB"
	[ "$(awk '/MemFree/ { print $2 }' /proc/meminfo)" -lt $((free - 32768)) ] ||
		fail "the guest has as much memory as before"
	host balloon 512 >/dev/null
	await 20 memory_is 512 || fail "the balloon left $(host memory) MiB"
	all_rose "$before"
}

class_console()
{
	local before virtio

	virtio=$(virtio_of virtio_console)
	vectors_of "$virtio" config input output
	before=$(counts "$virtio" input output)
	console_open
	console_exchange console
	all_rose "$before"
}

class_serialport()
{
	local before virtio

	virtio=$(virtio_of virtio_console 2)
	vectors_of "$virtio" config input output control-i input output
	expect "name of the port" port \
		"$(cat "/sys/bus/virtio/devices/$virtio/virtio-ports/"*/name)"
	before=$(irqs_named "$virtio-input" | tail -n 1; irqs_named "$virtio-output" | tail -n 1)
	exec 4<>"/dev/$(basename "/sys/bus/virtio/devices/$virtio/virtio-ports/"*)"
	console_exchange port
	all_rose "$before"
}

# share_works TYPE OPTIONS: the guest reads a file of the host, and the host gets one of the guest
share_works()
{
	mkdir -p $MOUNT
	mount -t "$1" -o "$2" share $MOUNT || fail "cannot mount"
	expect "hash of the host's file" "$(host hash share/known)" \
		"$(hash_of $MOUNT/known)"
	head -c $FILE_BYTES /dev/urandom >/tmp/written
	cp /tmp/written "$MOUNT/from-$1"
	sync
	expect "hash of the guest's file" "$(hash_of /tmp/written)" \
		"$(host hash "share/from-$1")"
	umount $MOUNT || fail "cannot unmount"
	rm /tmp/written
}

class_9p()
{
	local before virtio

	modprobe -a 9p 9pnet_virtio
	virtio=$(virtio_of 9pnet_virtio)
	vectors_of "$virtio" config requests
	before=$(counts "$virtio" requests)
	share_works 9p trans=virtio,version=9p2000.L
	all_rose "$before"
}

class_fs()
{
	local before virtio

	virtio=$(virtio_of virtiofs)
	vectors_of "$virtio" config hiprio requests.0
	before=$(counts "$virtio" requests.0)
	share_works virtiofs rw
	all_rose "$before"
}

# An event of the kernel: times, type 1 (key), code 30 (a), value 1 (pressed)
class_input()
{
	local before event virtio

	modprobe -a evdev virtio_input
	virtio=$(virtio_of virtio_input)
	vectors_of "$virtio" config events status
	before=$(counts "$virtio" events)
	exec 4<"/dev/input/$(basename "/sys/bus/virtio/devices/$virtio/input/"input*/event*)"
	host key a >/dev/null
	event=$(timeout 10 dd bs=24 count=1 status=none <&4 | xxd -p | cut -c 33-)
	expect "type, code and value" 01001e0001000000 "$event"
	all_rose "$before"
}

pixel_is()
{
	[ "$(host pixel gpu "$1" "$2")" = "$3" ]
}

# The screen shows a line of the frame buffer; a pixel is blue, green, red and an unused byte.
class_gpu()
{
	local before bytes stride virtio y=600

	modprobe virtio_gpu
	virtio=$(virtio_of virtio_gpu)
	vectors_of "$virtio" config control cursor
	await 10 test -c /dev/fb0 || fail "no frame buffer"
	before=$(counts "$virtio" control)
	stride=$(cat /sys/class/graphics/fb0/stride)
	bytes=$(new_nonce | cut -c 1-6)
	yes "${bytes}00" | head -n $((stride / 4)) | xxd -r -p |
		dd of=/dev/fb0 bs="$stride" seek=$y conv=notrunc status=none || fail "cannot draw"
	await 10 pixel_is 100 $y "$(echo "$bytes" | sed 's/\(..\)\(..\)\(..\)/\3\2\1/')" ||
		fail "drew $bytes, the screen shows $(host pixel gpu 100 $y)"
	all_rose "$before"
}

# encrypt CIPHER FILE
encrypt()
{
	kcapi-enc --cipher "$1" --encrypt --infile "$2" --outfile "$2.$1" --nounpad \
		--iv 000102030405060708090a0b0c0d0e0f --keyfd 5 5</tmp/key ||
		fail "$1: cannot encrypt"
	hash_of "$2.$1"
}

# Compares the device's AES with the kernel's own
class_crypto()
{
	local before virtio

	modprobe virtio_crypto
	modprobe -a crypto_user algif_skcipher
	virtio=$(virtio_of virtio_crypto)
	vectors_of "$virtio" config dataq.0 controlq
	head -c 16 /dev/urandom >/tmp/key
	head -c $FILE_BYTES /dev/urandom >/tmp/plain
	before=$(counts "$virtio" dataq.0 controlq)
	expect "hash of the cipher text" "$(encrypt 'cbc(aes-generic)' /tmp/plain)" \
		"$(encrypt virtio_crypto_aes_cbc /tmp/plain)"
	all_rose "$before"
}

loud_above()
{
	[ "$(host loud)" -gt "$1" ]
}

# A square wave of 8 bits, with 8000 samples a second, for a second; the host plays each sample
class_sound()
{
	local before virtio

	modprobe -a snd_pcm_oss virtio_snd
	virtio=$(virtio_of virtio_snd)
	vectors_of "$virtio" config virtsnd-ctl virtsnd-event virtsnd-tx virtsnd-rx
	before=$(counts "$virtio" virtsnd-ctl virtsnd-tx)
	await 10 test -c /dev/dsp || fail "no /dev/dsp"
	yes ffffffffffffffff0000000000000000 | head -n 500 | xxd -r -p >/dev/dsp ||
		fail "cannot play"
	await 10 loud_above 8000 || fail "$(host loud) loud samples were played"
	all_rose "$before"
}

class_pmem()
{
	skip_never "virtio-pmem is memory that a machine must map, and microvm maps none"
}

class_mem()
{
	skip_never "virtio-mem is memory that a machine must hotplug; microvm has no place for it"
}

class_iommu()
{
	skip_never "virtio-iommu translates for PCI devices, and QEMU refuses it on virtio-mmio"
}

tests="
parity.classes.blk	class_blk
parity.classes.scsi	class_scsi
parity.classes.net	class_net
parity.classes.rng	class_rng
parity.classes.balloon	class_balloon
parity.classes.console	class_console
parity.classes.serialport	class_serialport
parity.classes.9p	class_9p
parity.classes.fs	class_fs
parity.classes.input	class_input
parity.classes.gpu	class_gpu
parity.classes.crypto	class_crypto
parity.classes.sound	class_sound
parity.classes.vhost_user_blk	class_vhost_user_blk
parity.classes.pmem	class_pmem
parity.classes.mem	class_mem
parity.classes.iommu	class_iommu
"
vis_run
