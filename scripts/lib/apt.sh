# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A private apt, which downloads from suites that the system does not use, into the cache. It has
# its own sources, lists and state, and takes only the mirror from the system's.

APT_DIR=$VIS_CACHE/apt
APT_ARCH=amd64
APT_SUITES='bookworm bookworm-backports trixie trixie-backports'
APT_SOURCES=trixie
APT_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# system_mirror: the URI from which the system gets Debian's packages
system_mirror()
{
	# shellcheck disable=SC2016 # for apt-get to expand
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '
		$2 ~ /^(bookworm|trixie|stable|oldstable)$/ && $1 !~ /^cdrom:|security/ &&
		!found++ {
			print $1
		}'
}

write_apt_config()
{
	local dir=$1 mirror=$2 suite

	mkdir -p "$dir/lists/partial" "$dir/archives/partial" "$dir/empty"
	: >"$dir/status"
	for suite in $APT_SUITES; do
		echo "deb [signed-by=$APT_KEYRING] $mirror $suite main"
	done >"$dir/sources.list"
	echo "deb-src [signed-by=$APT_KEYRING] $mirror $APT_SOURCES main" >>"$dir/sources.list"
	# The hooks that distributions hang on "update" would touch the system.
	cat >"$dir/apt.conf" <<-END
		#clear APT::Update;
		#clear Acquire::IndexTargets::deb::DEP-11;
		#clear DPkg::Post-Invoke;
		APT::Architecture "$APT_ARCH";
		APT::Architectures { "$APT_ARCH"; };
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Retries "3";
		Dir::Etc::SourceList "$dir/sources.list";
		Dir::Etc::SourceParts "$dir/empty";
		Dir::Etc::Preferences "$dir/empty/none";
		Dir::Etc::PreferencesParts "$dir/empty";
		Dir::State "$dir";
		Dir::State::Status "$dir/status";
		Dir::Cache "$dir";
	END
}

# private_apt apt-get|apt-cache ARG...
private_apt()
{
	local command=$1

	shift
	"$command" -qq -c "$APT_DIR/apt.conf" "$@"
}

# apt_update: reads the archive's lists, unless that was just done.
apt_update()
(
	dir=$APT_DIR
	cache_lock apt
	[ -z "$(find "$dir/updated" -mmin -10 2>/dev/null)" ] || exit 0
	mirror=$(system_mirror)
	[ -n "$mirror" ] || die "no Debian mirror in the system's apt sources"
	need_packages debian-archive-keyring
	write_apt_config "$dir" "$mirror"
	progress 20 "reading the archive's lists: $APT_SUITES"
	private_apt apt-get update >"$dir/update.log" 2>&1 || true
	if grep -q '^W: Failed to fetch' "$dir/update.log"; then
		die "cannot read the lists of $mirror: $(apt_said <"$dir/update.log")"
	fi
	touch "$dir/updated"
)

# need_suite SUITE WHAT: a suite that cannot be read does not stop downloads from the others
need_suite()
{
	compgen -G "$APT_DIR/lists/*_dists_$1_*" >/dev/null ||
		die "no lists of $1, which $2 comes from: $(apt_said <"$APT_DIR/update.log")"
}

# apt_all SUITE REGEX PREFIX: "package version" of each match in that suite, the newest last
apt_all()
{
	need_suite "$1" "$3"
	private_apt apt-cache pkgnames "$3" | grep -xE "$2" |
		xargs -r "$(command -v apt-cache)" -qq -c "$APT_DIR/apt.conf" madison |
		awk -v suite="$1/main" '$6 == suite { print $1, $3 }' | sort -V
}

# apt_version SUITE PACKAGE [Packages|Sources]
apt_version()
{
	local version

	need_suite "$1" "$2"
	version=$(private_apt apt-cache madison "$2" |
		awk -v suite="$1/main" -v kind="${3:-Packages}" \
			'$6 == suite && $NF == kind && !found++ { print $3 }')
	[ -n "$version" ] || die "$1 has no $2 (any more)"
	echo "$version"
}

# download DIRECTORY ARG...: the ARGs are those of apt-get
download()
(
	cd "$1" || exit
	shift
	output=$(private_apt apt-get "$@" 2>&1) || die "cannot download: $(apt_said <<<"$output")"
)

# unpack DIRECTORY ARG...: downloads by apt-get with these arguments, and installs nothing
unpack()
(
	dir=$1
	shift
	mkdir -p "$dir.debs/partial"
	download "$dir.debs" "$@"
	for deb in "$dir.debs"/*.deb; do
		dpkg-deb -x "$deb" "$dir" || die "cannot unpack ${deb##*/}: is the disk full?"
	done
	rm -r "$dir.debs"
)

# unpack_debs DIRECTORY PACKAGE=VERSION...: only these, without their dependencies
unpack_debs()
{
	say "downloading ${*:2}"
	unpack "$1" download "${@:2}"
}

# unpack_root DIRECTORY PACKAGE...: these with their dependencies, but without documentation
unpack_root()
{
	say "downloading ${*:2}, and what they depend on"
	unpack "$1" install --no-install-recommends --download-only -y \
		-o "Dir::Cache::Archives=$1.debs" "${@:2}"
	rm -rf "$1"/usr/share/{doc,info,locale,man,zoneinfo}
}
