# SPDX-License-Identifier: GPL-2.0-or-later
# Turns names of QEMU 11.1, as in the sources of qemu/, into those of QEMU 10.0

s#^\#include "system/\(address-spaces\|memory\)\.h"#\#include "exec/\1.h"#
s#^\#include "hw/core/\(irq\|qdev-properties\|sysbus\)\.h"#\#include "hw/\1.h"#
\#^\#include "system/accel-irq\.h"# d
s/_class_init(ObjectClass \*class, const void \*data)/_class_init(ObjectClass *class, void *data)/
s/AccelRouteChange/KVMRouteChange/
s/accel_irqchip_begin_route_changes()/kvm_irqchip_begin_route_changes(kvm_state)/
s/accel_irqchip_commit_route_changes/kvm_irqchip_commit_route_changes/
s/^\( *VMSTATE_U\?INT[0-9]*_EQUAL(.*\)),$/\1,\n                             NULL),/
s/_vm_change, NULL,$/_vm_change,/
