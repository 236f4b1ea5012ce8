# packages - what remindfs is built and tested with, and how to get it; sourced by demo and check.
# install_packages NAME...: lists of this file. Installs what is missing, as root or with sudo.

apt_build="build-essential meson ninja-build pkg-config fuse3 libfuse3-dev libcurl4-openssl-dev libcjson-dev
  libsqlite3-dev libssl-dev libutf8proc-dev libmicrohttpd-dev ca-certificates"
apt_test="libcmocka-dev zlib1g-dev clang python3 sqlite3 attr curl vim nano ed emacs-nox rsync psmisc chromium
  neovim micro joe mg gawk moreutils patch unison zip unzip cpio git libglib2.0-bin inotify-tools tzdata"
apt_node="nodejs npm"
# tests/world alone
apt_figures="libcmocka-dev zlib1g-dev"
# tests/bench/run compares with these
apt_bench="bindfs unionfs-fuse fuse-overlayfs mergerfs sshfs openssh-server rclone ripgrep tree python3 libcxxopts-dev"
dnf_build="gcc meson ninja-build pkgconf-pkg-config fuse3 fuse3-devel libcurl-devel cjson-devel sqlite-devel
  openssl-devel utf8proc-devel libmicrohttpd-devel"
pacman_build="base-devel meson ninja fuse3 curl cjson sqlite openssl libutf8proc libmicrohttpd"

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
  if ! command -v apt-get >/dev/null; then
    if pkg-config --exists fuse3 libcurl libcjson sqlite3 libcrypto libutf8proc libmicrohttpd 2>/dev/null; then
      return 0
    fi
    echo "No apt here. Install these and run the command again:" >&2
    echo "  dnf install" $dnf_build >&2
    echo "  pacman -S" $pacman_build >&2
    return 69
  fi
  local missing=() p list
  for list in "$@"; do
    for p in ${!list}; do
      dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
    done
  done
  [ ${#missing[@]} = 0 ] && return 0
  echo "Installing: ${missing[*]}" >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}
