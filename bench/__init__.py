# SPDX-License-Identifier: GPL-2.0-only
"""The side-by-side measurements of scripts/bench: guests, traces, sizes and tables."""
