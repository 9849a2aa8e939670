# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian packages that a step needs on the host, from the system's own sources.

missing_packages()
{
	local package

	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = \
			installed ] || echo "$package"
	done
}

# apt_said: the first error in apt's output on stdin, or the first warning, as one line
apt_said()
{
	awk '/^E: / && !error { error = $0 }
		/^W: / && !warning { warning = $0 }
		NF { last = $0 }
		END {
			said = error ? error : warning ? warning : last
			print "apt says: " (said ? said : "nothing")
		}'
}

apt_install()
{
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 \
		-o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" </dev/null >&2
}

# need_packages PACKAGE...: installs those that are missing.
need_packages()
{
	local missing output

	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	# shellcheck source=/dev/null
	[[ $(. /etc/os-release && echo "${ID-} ${VERSION_ID-}") =~ ^debian\ 1[23]$ ]] ||
		die "needs Debian 12 or 13 to install: ${missing[*]}"
	need_root "to install: ${missing[*]}"
	say "installing Debian packages: ${missing[*]}"
	apt_install "${missing[@]}" 2>/dev/null && return
	output=$(apt-get -qq -o DPkg::Lock::Timeout=600 update 2>&1) ||
		die "cannot read the lists for ${missing[*]}: $(apt_said <<<"$output")"
	output=$(apt_install "${missing[@]}" 2>&1) ||
		die "cannot install ${missing[*]}: $(apt_said <<<"$output")"
}
