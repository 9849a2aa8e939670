# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The parts of scripts/demo that its small guest and a whole system share

step()
{
	echo
	echo "== $*"
	host mark >/dev/null
}

trapped()
{
	echo "   trapped: $(host trapped)"
}

indented()
{
	"$@" | sed 's/^/   /'
}

show_pci()
{
	[ ! -e /sys/bus/pci/devices ] ||
		echo "   PCI devices: $(entries /sys/bus/pci/devices | wc -l)"
}

show_interrupts()
{
	step "/proc/interrupts"
	sed -n '1p; /VIS-/s/^/   /p' /proc/interrupts
}

# show_move ACTION CPU: moves the vector, and prints the accesses that this trapped
show_move()
{
	local irq

	irq=$(irq_of "$1")
	step "$1 (irq $irq) from CPU $(effective_cpu "$irq") to CPU $2"
	set_affinity "$irq" "$2" || fail "$1 refused CPU $2"
	trapped
	await 5 effective_is "$irq" "$2" || fail "$1 is on CPU $(effective_cpu "$irq")"
}
