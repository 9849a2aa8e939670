# SPDX-License-Identifier: GPL-2.0-only
# The front end for people; Kbuild has what kbuild reads.

KDIR ?= /lib/modules/$(shell uname -r)/build

modules:
	@scripts/build-modules $(KDIR) $(foreach v,C CF V W,$(if $($(v)),$(v)='$($(v))'))

install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR)/build/modules/$(shell cat $(KDIR)/include/config/kernel.release)/src modules_install

clean:
	@scripts/clean

check demo bench:
	@scripts/$@

style:
	@VIS_ONLY=static.checkpatch scripts/suites/static

.PHONY: modules install clean check demo bench style
