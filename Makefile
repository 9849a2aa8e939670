# SPDX-License-Identifier: GPL-2.0-only
# The front end for people; Kbuild has what kbuild reads.

KDIR ?= /lib/modules/$(shell uname -r)/build
INSTALL_ROOT = $(or $(DESTDIR),$(INSTALL_MOD_PATH))

modules:
	@scripts/build-modules $(KDIR) $(foreach v,C CF V W,$(if $($(v)),$(v)='$($(v))'))

# kbuild installs to a path with a space in pieces.
install: modules
	$(if $(word 2,$(INSTALL_ROOT)),$(error cannot install below '$(INSTALL_ROOT)': it has a space, \
		give another DESTDIR))
	$(MAKE) -C $(KDIR) M=$(CURDIR)/build/modules/$(shell cat $(KDIR)/include/config/kernel.release)/src \
		$(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	@DESTDIR=$(INSTALL_ROOT) scripts/install support index
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
