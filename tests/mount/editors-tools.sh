#!/usr/bin/env bash
# Programs that are no editors but save all the same, and editors replayed: see editors.sh for what is asked of each.
. "$(dirname "$0")/saving.sh"

py() { python3 -c "import os, sys, tempfile
T = '$T'
new = sys.stdin.buffer.read()
$1" <<<"$new"; }
js() { need node && node -e "const fs = require('fs'), T = '$T', text = process.argv[1] + '\n'; $1" "$new"; }
# another: the new text as a file of this name, elsewhere
another() { mkdir -p "$work/t/open" && echo "$new" >"$work/t/$T"; }

ex_saves() { fresh && need ex && printf '$a\nsend PDF\n.\nwq\n' | ex -s -u NONE "$T" && updated "$more"; }
gawk_inplace() { fresh && need gawk && gawk -i inplace '{ print } /^He asked/ { print "send PDF" }' "$T" && updated "$more"; }
# It makes its backup a hard link, or gives up.
gawk_inplace_with_backup_is_refused() {
  fresh && need gawk && fails_with "Operation not permitted" gawk -i inplace -v inplace::suffix=.bak '{ print "x" }' "$T" && untouched
}
sponge_over() { fresh && need sponge && { cat "$T" && echo "send PDF"; } | sponge "$T" && updated "$more"; }
sponge_append() { fresh && need sponge && echo "send PDF" | sponge -a "$T" && updated "$more"; }
sed_i_over_every_file_of_a_directory() {
  fresh && sed -i 's/^He asked\.$/He asked.\nsend PDF/' open/*.txt && updated "$more"
}
perl_i_in_a_view() {
  fresh && need perl && mv "$T" tomorrow/ && eventually test -L "tomorrow/Call Bob.txt" && ! perl -i -pe 's/He/She/' "tomorrow/Call Bob.txt" 2>/dev/null
  grep -q '^tomorrow/.*edit them there' .remindfs/errors && [ -L "tomorrow/Call Bob.txt" ] && is inode "$(ino "$T")" "$was" && is tasks "$(sql 'select count(*) from task')" "$n" && is ls "$(ls -A tomorrow open)" $'open:\nBystander.txt\nCall Bob.txt\n\ntomorrow:\nCall Bob.txt'
}
dd_notrunc() { fresh && printf 'S' | dd of="$T" bs=1 seek="$(($(stat -c %s "$T") - 10))" conv=notrunc status=none && updated "Se asked."; }
dd_notrunc_fsync() { fresh && printf 'S' | dd of="$T" bs=1 seek="$(($(stat -c %s "$T") - 10))" conv=notrunc,fsync status=none && updated "Se asked."; }
truncate_shorter() { fresh && truncate -s -8 "$T" && is details "$(sql "select details from body where task = $((was >> 6))")" He && saves 1; }
truncate_longer_is_no_text() { fresh && truncate -s +8 "$T"; saves 0 && is details "$(sql "select details from body where task = $((was >> 6))")" "He asked."; }
patch_with_backup() { fresh && need patch && another && diff -u "$T" "$work/t/$T" | patch -s -b "$T" && updated "$more" "Call Bob.txt.orig"; }
patch_that_does_not_apply() {
  fresh && need patch && another && diff -u "$T" "$work/t/$T" | sed 's/^ He asked/ She asked/' | patch -s "$T" >/dev/null
  saves 0 && is ls "$(ls -A open | tr '\n' '|')" "Bystander.txt|Call Bob.txt|Call Bob.txt.orig|Call Bob.txt.rej|"
}
cp_a_over() { fresh && another && cp -a "$work/t/$T" "$T" && updated "$more"; }
cp_with_backup() { fresh && another && cp --backup=simple "$work/t/$T" "$T" && updated "$more" "Call Bob.txt~"; }
cp_force_unlinks_nothing() { fresh && another && cp -f "$work/t/$T" "$T" && updated "$more"; }
install_with_backup() { fresh && another && install -b -m 644 "$work/t/$T" "$T" && updated "$more" "Call Bob.txt~"; }
mv_with_backup_from_elsewhere() { fresh && another && mv --backup=simple "$work/t/$T" "$T" && updated "$more" "Call Bob.txt~"; }
mv_of_scratch_in_the_mount() { fresh && echo "$new" >open/edited && mv -f open/edited "$T" && updated "$more"; }
rsync_with_temporaries_elsewhere() { fresh && need rsync && another && rsync -a --temp-dir="$work" "$work/t/$T" open/ && updated "$more"; }
rsync_with_backup() { fresh && need rsync && another && rsync -a --backup "$work/t/$T" open/ && updated "$more" "Call Bob.txt~"; }
# It wants a directory of its own, and says so; its status is 0 all the same.
rsync_delay_updates_is_refused() {
  fresh && need rsync && another && rsync -a --delay-updates "$work/t/$T" open/ 2>&1 | grep -q "Unable to create partial-dir" && untouched
}
rsync_from_the_mount_is_a_backup() {
  fresh && need rsync && rm -rf "$work/copy" && rsync -a open completed today "$work/copy/" && untouched && cmp "$T" "$work/copy/$T" &&
    is again "$(rsync -ai open "$work/copy/")" ""
}
tar_x_unlink_first() { fresh && another && tar -C "$work/t" -cf - "$T" | tar --unlink-first -xf - && updated "$more"; }
tar_x_overwrite() { fresh && another && tar -C "$work/t" -cf - "$T" | tar --overwrite -xf - && updated "$more"; }
tar_round_trip_changes_nothing() { fresh && tar -cf "$work/all.tar" open && tar --no-overwrite-dir -xf "$work/all.tar" && untouched; }
cpio_copies_in() { fresh && need cpio && another && (cd "$work/t" && find open -name '*.txt' | cpio -o --quiet) | cpio -iu --quiet && updated "$more"; }
unzip_over() { fresh && need zip && need unzip && another && (cd "$work/t" && rm -f ../t.zip && zip -q ../t.zip "$T") && unzip -qo "$work/t.zip" && updated "$more"; }
python_zipfile() { fresh && another && (cd "$work/t" && python3 -m zipfile -c ../p.zip "$T") && python3 -m zipfile -e "$work/p.zip" open && updated "$more"; }
unison_both_ways() {
  fresh && need unison && rm -rf "$work/uni" && mkdir "$work/uni" && export UNISON="$work/.unison" && rm -rf "$UNISON"
  unison -batch -auto -ui text -ignore 'Name .unison*' "$PWD/open" "$work/uni" >"$work/screen" 2>&1 && untouched || return
  echo "send PDF" >>"$work/uni/Call Bob.txt" && unison -batch -auto -ui text "$PWD/open" "$work/uni" >"$work/screen" 2>&1 && updated "$more"
}

gitwork() { git --git-dir="$work/git" --work-tree="$PWD" -c user.name=Bob -c user.email=bob@example.test -c core.fsync=none -c advice.detachedHead=false "$@" >>"$work/screen" 2>&1; }
git_checkout_brings_back() {
  fresh && need git && rm -rf "$work/git" && gitwork init -q && gitwork add open && gitwork commit -qm one && untouched &&
    echo "send PDF" >>"$T" && gitwork commit -qam two && gitwork checkout -q HEAD~1 && is details "$(sql "select details from body where task = $((was >> 6))")" "He asked." &&
    gitwork checkout -q - && saves 3 && is text "$(cat "$T")" "$new" && is status "$(git --git-dir="$work/git" --work-tree="$PWD" status --porcelain open)" ""
}
git_stash_and_pop() {
  fresh && need git && rm -rf "$work/git" && gitwork init -q && gitwork add open && gitwork commit -qm one && echo "send PDF" >>"$T" &&
    gitwork stash && is stashed "$(tail -1 "$T")" "He asked." && gitwork stash pop && saves 3 && is text "$(cat "$T")" "$new"
}
git_checkout_of_one_file() {
  fresh && need git && rm -rf "$work/git" && echo "$new" >"$T" && gitwork init -q && gitwork add open && gitwork commit -qm one && echo "He asked." >"$T" &&
    gitwork checkout -- open && saves 3 && is text "$(cat "$T")" "$new"
}

gio_save() { fresh && need gio && gio save "$T" <<<"$new" && updated "$more"; }
gio_save_with_backup() { fresh && need gio && gio save --backup "$T" <<<"$new" && updated "$more" "Call Bob.txt~"; }
gio_copy_over() { fresh && need gio && another && gio copy "$work/t/$T" "$T" && updated "$more"; }
qt_save_file() {
  fresh && py "
fd = os.open(T + '.kQzXwP', os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
os.write(fd, new); os.fchmod(fd, 0o644); os.fsync(fd); os.close(fd); os.rename(T + '.kQzXwP', T)" && updated "$more"
}
vscode_in_place() {
  fresh && py "
fd = os.open(T, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
os.write(fd, new); os.fdatasync(fd); os.close(fd)" && updated "$more"
}
vscode_by_truncate_and_rewrite() {
  fresh && py "
fd = os.open(T, os.O_RDWR); os.ftruncate(fd, 0); os.close(fd)
fd = os.open(T, os.O_RDWR); os.write(fd, new); os.fdatasync(fd); os.close(fd)" && updated "$more"
}
vscode_atomic() {
  fresh && py "
fd = os.open(T + '.vsctmp', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
os.write(fd, new); os.fdatasync(fd); os.close(fd); os.rename(T + '.vsctmp', T)" && updated "$more"
}
libreoffice_style_in_pieces() {
  fresh && py "
fd = os.open(T, os.O_RDWR); os.ftruncate(fd, 0)
for i in range(0, len(new), 7): os.pwrite(fd, new[i:i + 7], i)
os.fsync(fd); os.close(fd)" && updated "$more"
}
word_processor_style_by_two_renames() {
  fresh && py "
open('open/~wrd0001.tmp', 'wb').write(new)
os.rename(T, 'open/~wrl0001.tmp'); os.rename('open/~wrd0001.tmp', T); os.unlink('open/~wrl0001.tmp')" && updated "$more"
}
python_text_write() { fresh && py "open(T, 'w').write(new.decode())" && updated "$more"; }
python_r_plus() { fresh && py "f = open(T, 'r+b'); f.write(new); f.truncate(); f.close()" && updated "$more"; }
python_backwards() { fresh && py "
fd = os.open(T, os.O_WRONLY)
for i in reversed(range(len(new))): os.pwrite(fd, new[i:i + 1], i)
os.close(fd)" && updated "$more"; }
node_write_file() { fresh && js "fs.writeFileSync(T, text)" && updated "$more"; }
node_append_file() { fresh && js "fs.appendFileSync(T, 'send PDF\n')" && updated "$more"; }
node_atomic() { fresh && js "fs.writeFileSync(T + '.' + process.pid, text); fs.renameSync(T + '.' + process.pid, T)" && updated "$more"; }
node_stream() { fresh && js "const s = fs.createWriteStream(T); for (const l of text.match(/.*\n/g)) s.write(l); s.end()" && updated "$more"; }

two_appenders_lose_no_line() {
  fresh && python3 -c "
import os, sys
T = '$T'
kids = []
for who in 'ab':
    pid = os.fork()
    if not pid:
        fd = os.open(T, os.O_WRONLY | os.O_APPEND)
        for i in range(100): os.write(fd, b'%s%d\n' % (who.encode(), i))
        os.close(fd); os._exit(0)
    kids.append(pid)
assert all(os.waitpid(p, 0)[1] == 0 for p in kids)
lines = open(T).read().split('\n')
assert all('%s%d' % (w, i) in lines for w in 'ab' for i in range(100)), lines" && is inode "$(ino "$T")" "$was" && is tasks "$(sql 'select count(*) from task')" "$n"
}
two_savers_by_rename_leave_one_whole_text() {
  fresh && python3 -c "
import os
T = '$T'
kids = []
for who in 'ab':
    pid = os.fork()
    if not pid:
        for i in range(30):
            t = 'open/tmp' + who
            with open(t, 'w') as f: f.write('Title: Call Bob\nPriority: Normal\nDue: 2026-09-03\n\n%s%d\n' % (who, i) + who * 3000 + '\n')
            os.rename(t, T)
        os._exit(0)
    kids.append(pid)
assert all(os.waitpid(p, 0)[1] == 0 for p in kids)
last = open(T).read().split('\n')[4:6]
assert last[0][1:] == '29' and last[1] == last[0][0] * 3000, last" && is inode "$(ino "$T")" "$was" && is tasks "$(sql 'select count(*) from task')" "$n" && is ls "$(ls -A open)" $'Bystander.txt\nCall Bob.txt'
}
two_savers_in_place_leave_one_task() {
  fresh && for i in 1 2 3 4 5 6; do (echo "$new" >"$T") & done
  wait $(jobs -p | grep -v "^$daemon$")
  is text "$(cat "$T")" "$new" && is details "$(sql "select details from body where task = $((was >> 6))")" "$more" && is inode "$(ino "$T")" "$was" &&
    is tasks "$(sql 'select count(*) from task')" "$n" && is ls "$(ls -A open)" $'Bystander.txt\nCall Bob.txt' && is errors "$(grep -v '^tomorrow/' .remindfs/errors)" ""
}

run_stories "$0"
