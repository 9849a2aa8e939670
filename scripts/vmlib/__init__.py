# SPDX-License-Identifier: GPL-2.0-only
"""The VM runner's parts: initramfs, machine, host services, scenarios, verdict."""
