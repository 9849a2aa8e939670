# SPDX-License-Identifier: GPL-2.0-only
# The front end for people; Kbuild has what kbuild reads.

KDIR ?= /lib/modules/$(shell uname -r)/build

modules:
	@scripts/build-modules $(KDIR) $(foreach v,C CF V W,$(if $($(v)),$(v)='$($(v))'))

install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR)/build/modules/$(shell cat $(KDIR)/include/config/kernel.release)/src \
		$(if $(DESTDIR),INSTALL_MOD_PATH='$(DESTDIR)') modules_install
	@DESTDIR='$(or $(DESTDIR),$(INSTALL_MOD_PATH))' scripts/install support index
	@echo 'Now make the initramfs anew: update-initramfs -u, or dracut --force'

dkms-install:
	@scripts/install dkms

uninstall:
	@scripts/install remove

deb:
	@scripts/build-deb

clean:
	@scripts/clean

check demo bench conformance htmldocs:
	@scripts/$@

style:
	@scripts/check static.checkpatch

.PHONY: modules install dkms-install uninstall deb clean check demo bench conformance htmldocs style
